/**
 * Every setting of the shipper: one table, from which parsing, the check for misspelt names and docs/settings.md come.
 * The environment is read nowhere else.
 */
import { closest, distance } from 'fastest-levenshtein';
import { MOUNT_PATH, RINGS_BYTES, RUN_DIR, SOCKET_NAME, STATUS_PORT } from '../contract.js';
import { AWS_REGION, LOG_GROUP, LOG_STREAM } from '../service-names.js';
import { ConfigError } from './errors.js';
import { OPENSEARCH_SETTINGS, opensearchContradictions } from './opensearch-settings.js';
import { FORWARD_SETTINGS, peerContradictions, TCP_SETTINGS } from './peer-settings.js';
import { PROXY_SETTINGS } from './proxy-settings.js';
import { type Setting, setting } from './setting.js';
import * as parse from './setting-parsers.js';
import { ON_FULL } from './spool/on-full.js';
import { SPOOL_SYNC } from './spool/sync.js';

/** By group, in the order of the documentation. */
export const SETTINGS = {
  'Where records come from': {
    socket: setting({
      name: 'LOGTAP_SOCKET',
      aliases: ['SINK_SOCKET_PATH', 'SOCKET_PATH'],
      default: `${MOUNT_PATH}/${RUN_DIR}/${SOCKET_NAME}`,
      help: 'Unix socket to listen on, mode 0666. Its directory is made when it is missing. Takes frames of the library, and raw lines from anything else.',
      parse: parse.socketPath,
    }),
    ringDir: setting({
      name: 'LOGTAP_RING_DIR',
      defaultMeaning: 'no rings',
      help: 'Directory of rings, on a memory volume that applications share. It is made when it is missing, with mode 0777: a process of any user takes its ring by renaming it.',
      parse: parse.absolutePath,
    }),
    ringBytes: setting({
      name: 'LOGTAP_RING_BYTES',
      default: '1048576',
      help: 'Bytes of one ring: what a process can write while its records wait to be delivered.',
      parse: parse.integer(65_536, 1024 ** 3),
    }),
    ringPool: setting({
      name: 'LOGTAP_RING_POOL',
      default: '4',
      help: 'Free rings that are kept ready for processes that start.',
      parse: parse.integer(0, 1000),
    }),
    ringTotalBytes: setting({
      name: 'LOGTAP_RING_TOTAL_BYTES',
      default: String(RINGS_BYTES),
      help: 'No free ring is made when all rings together would have more bytes; a process then makes a small one of its own.',
      parse: parse.integer(0, 1024 ** 4),
    }),
    lineMaxBytes: setting({
      name: 'LOGTAP_LINE_MAX_BYTES',
      default: '1000000',
      help: 'Longest record. A longer line is cut into parts, where possible between characters.',
      parse: parse.integer(1000, 16_000_000),
    }),
    lineIdleMs: setting({
      name: 'LOGTAP_LINE_IDLE_MS',
      default: '1000',
      help: 'A line without its end that did not grow for so long becomes a record.',
      parse: parse.integer(10, 3_600_000),
    }),
    lineAgeSeconds: setting({
      name: 'LOGTAP_LINE_AGE_SECONDS',
      default: '5',
      help: 'A line without its end, such as a progress bar, that still grows so long after its first byte becomes a record; what is written later is another one. At least `LOGTAP_LINE_IDLE_MS`.',
      parse: parse.integer(1, 3600),
    }),
    batchLingerMs: setting({
      name: 'LOGTAP_BATCH_LINGER_MS',
      default: '500',
      help: 'Longest wait of a record for others to travel with; a batch of 1 MiB or 10,000 records does not wait.',
      parse: parse.integer(0, 60_000),
    }),
  },
  'Where records go': {
    sinks: setting({
      name: 'LOGTAP_SINK',
      default: 'stdout',
      help: '`stdout`, `file`, `opensearch`, `cloudwatch`, `tcp`, `forward`, or `module:PATH` for a module of your own; several separated by commas: each gets every record, and none waits for another.',
      parse: parse.sinks,
    }),
    filePath: setting({
      name: 'LOGTAP_FILE_PATH',
      help: 'Sink `file`: file to append to, one JSON object a line.',
      parse: parse.absolutePath,
    }),
  },
  'NDJSON over TCP': TCP_SETTINGS,
  'Fluent Forward': FORWARD_SETTINGS,
  OpenSearch: OPENSEARCH_SETTINGS,
  'CloudWatch Logs': {
    cloudwatchLogGroup: setting({
      name: 'LOGTAP_CLOUDWATCH_LOG_GROUP',
      help: 'Log group.',
      parse: parse.named(LOG_GROUP),
    }),
    cloudwatchLogStream: setting({
      name: 'LOGTAP_CLOUDWATCH_LOG_STREAM',
      defaultMeaning: '`{namespace}/{pod}`, or else the name of the host',
      help: 'Log stream; made when it is missing. `{namespace}`, `{pod}`, `{uid}` and `{node}` stand for what is known of the pod, `{container}` and `{stream}` (`stdout`, `stderr`, `file`) for where a record comes from: then there are as many streams.',
      parse: parse.named(LOG_STREAM),
    }),
    cloudwatchCreateGroup: setting({
      name: 'LOGTAP_CLOUDWATCH_CREATE_GROUP',
      default: 'true',
      help: 'Whether a missing log group is made, which needs the right `logs:CreateLogGroup`.',
      parse: parse.boolean,
    }),
    awsRegion: setting({
      name: 'AWS_REGION',
      aliases: ['AWS_DEFAULT_REGION'],
      help: 'Region of the log group. Credentials come from where the AWS SDK for JavaScript finds them.',
      parse: parse.named(AWS_REGION),
    }),
    cloudwatchRetentionDays: setting({
      name: 'LOGTAP_CLOUDWATCH_RETENTION_DAYS',
      defaultMeaning: 'for ever',
      help: 'Days that a log group keeps its logs, where the shipper makes it; needs the right `logs:PutRetentionPolicy`. An existing group keeps what it has.',
      parse: parse.retentionDays,
    }),
    cloudwatchGroupClass: setting({
      name: 'LOGTAP_CLOUDWATCH_GROUP_CLASS',
      defaultMeaning: '`STANDARD`',
      help: 'Class of a log group that the shipper makes: `STANDARD`, `INFREQUENT_ACCESS`, `DELIVERY` or `ESSENTIALS`. A group that is of another class is worth a warning, which needs the right `logs:DescribeLogGroups`.',
      parse: parse.oneOf(['STANDARD', 'INFREQUENT_ACCESS', 'DELIVERY', 'ESSENTIALS']),
    }),
    cloudwatchKmsKeyArn: setting({
      name: 'LOGTAP_CLOUDWATCH_KMS_KEY_ARN',
      help: 'Key that encrypts a log group that the shipper makes.',
      parse: parse.text,
    }),
    cloudwatchTags: setting({
      name: 'LOGTAP_CLOUDWATCH_TAGS',
      help: 'Tags of a log group that the shipper makes, as `key=value`, separated by commas; needs the right `logs:TagResource`.',
      parse: parse.tags,
    }),
    cloudwatchService: setting({
      name: 'LOGTAP_CLOUDWATCH_SERVICE',
      help: 'Name of the service that writes the logs, for "Explore related" in CloudWatch.',
      parse: parse.entityName,
    }),
    cloudwatchEnvironment: setting({
      name: 'LOGTAP_CLOUDWATCH_ENVIRONMENT',
      help: 'Environment of that service, such as `eks:my-cluster/my-namespace`.',
      parse: parse.entityName,
    }),
    cloudwatchGzip: setting({
      name: 'LOGTAP_CLOUDWATCH_GZIP',
      default: 'false',
      help: 'Whether requests are compressed: less traffic through NAT gateways and VPC endpoints, more CPU. Switched off when the endpoint does not take it.',
      parse: parse.boolean,
    }),
    cloudwatchEndpoint: setting({
      name: 'AWS_ENDPOINT_URL_CLOUDWATCH_LOGS',
      aliases: ['AWS_ENDPOINT_URL'],
      defaultMeaning: 'the endpoint of the region',
      help: 'Endpoint to use instead: a VPC endpoint, an emulator.',
      parse: parse.url,
    }),
  },
  'The way to services': PROXY_SETTINGS,
  'Holding and stopping': {
    memoryMaxBytes: setting({
      name: 'LOGTAP_MEMORY_MAX_BYTES',
      defaultMeaning:
        "half of the container's memory limit, less where that leaves under 160 MiB for the rest, rings aside, but at least 8 MiB; 64 MiB without a limit",
      help: 'Bound on the memory of records held until every sink has taken them. `LOGTAP_ON_FULL` says what happens when it is reached.',
      parse: parse.integer(1024 * 1024, 1024 ** 4),
    }),
    spoolDir: setting({
      name: 'LOGTAP_SPOOL_DIR',
      defaultMeaning: 'none: records are held in memory',
      help: 'Directory to hold records in, so that they outlive the shipper. Made when it is missing; for one shipper only.',
      parse: parse.absolutePath,
    }),
    spoolMaxBytes: setting({
      name: 'LOGTAP_SPOOL_MAX_BYTES',
      default: String(1024 ** 3),
      help: 'Bound on the files in `LOGTAP_SPOOL_DIR`.',
      parse: parse.integer(1024 * 1024, 1024 ** 5),
    }),
    spoolSync: setting({
      name: 'LOGTAP_SPOOL_SYNC',
      default: 'interval',
      help: 'When the files in `LOGTAP_SPOOL_DIR` are synced, so that they survive a crash of the node: `interval` once a second, so that the last second may be lost; `always` before a batch counts as held; `off` never. A kill of the shipper loses nothing of them in any case.',
      parse: parse.oneOf(SPOOL_SYNC),
    }),
    onFull: setting({
      name: 'LOGTAP_ON_FULL',
      default: 'block',
      help: 'When the room for held records is used up: `block` stops reading, `drop-oldest` drops what has waited longest, `drop-newest` drops what comes. What is dropped is counted for each sink.',
      parse: parse.oneOf(ON_FULL),
    }),
    deadLetterFile: setting({
      name: 'LOGTAP_DEAD_LETTER_FILE',
      defaultMeaning: 'none: they are counted and dropped',
      help: 'File for records that a sink refuses for good, one JSON object a line. `logtap replay` sends them again.',
      parse: parse.absolutePath,
    }),
    deadLetterMaxBytes: setting({
      name: 'LOGTAP_DEAD_LETTER_MAX_BYTES',
      default: String(64 * 1024 ** 2),
      help: 'Bound on the file of dead letters. At half of it the file gets the suffix `.1`, in the place of an earlier one.',
      parse: parse.integer(4096, 1024 ** 4),
    }),
    exitWithoutWritersSeconds: setting({
      name: 'LOGTAP_EXIT_WITHOUT_WRITERS_SECONDS',
      defaultMeaning: 'never: it runs until SIGTERM',
      help: 'For the Job of a cluster without native sidecars: the shipper ends by itself, with code 0, when there were records, all of them are delivered, and no process had a ring or a connection for so long.',
      parse: parse.integer(0, 86_400),
    }),
    graceSeconds: setting({
      name: 'LOGTAP_GRACE_SECONDS',
      default: '25',
      help: "Time from SIGTERM to exit: half of it for peers that still write, all of it to deliver. Keep it below the pod's `terminationGracePeriodSeconds`.",
      parse: parse.integer(0, 86_400),
    }),
    terminationGraceSeconds: setting({
      name: 'LOGTAP_TERMINATION_GRACE_SECONDS',
      default: '30',
      help: "The pod's `terminationGracePeriodSeconds`. After SIGUSR2, which a preStop hook sends when the pod's termination begins, the shipper ends within what is left of it when SIGTERM comes, at the most within `LOGTAP_GRACE_SECONDS`.",
      parse: parse.integer(0, 86_400),
    }),
  },
  'Status server': {
    statusPort: setting({
      name: 'LOGTAP_STATUS_PORT',
      default: String(STATUS_PORT),
      help: 'Port of `/livez`, `/readyz`, `/metrics` and `/ledger`; `off` for none.',
      parse: parse.port,
    }),
    statusHost: setting({
      name: 'LOGTAP_STATUS_HOST',
      defaultMeaning: 'all addresses',
      help: 'Address that the status server listens on.',
      parse: parse.text,
    }),
  },
  'What is put on records': {
    podName: setting({ name: 'POD_NAME', help: 'Name of the pod.', parse: parse.text }),
    podNamespace: setting({
      name: 'POD_NAMESPACE',
      aliases: ['NAMESPACE'],
      help: 'Namespace of the pod.',
      parse: parse.text,
    }),
    podUid: setting({ name: 'POD_UID', help: 'UID of the pod.', parse: parse.text }),
    nodeName: setting({ name: 'NODE_NAME', help: 'Name of the node.', parse: parse.text }),
    containerName: setting({
      name: 'CONTAINER_NAME',
      help: 'Name of the container, for records of processes that do not say theirs.',
      parse: parse.text,
    }),
  },
} as const;

type Rows = { [G in keyof typeof SETTINGS]: (typeof SETTINGS)[G] }[keyof typeof SETTINGS];
type KeyOf<R> = R extends R ? keyof R : never;
type RowOf<R, K extends PropertyKey> = R extends { readonly [P in K]: infer S } ? S : never;
type ValueOf<S> = S extends { readonly parse: (text: string) => infer T } ? T : never;

type Parsed = { readonly [K in KeyOf<Rows>]: ValueOf<RowOf<Rows, K>> | undefined };
type WithDefault =
  | 'socket'
  | 'ringBytes'
  | 'ringPool'
  | 'ringTotalBytes'
  | 'lineMaxBytes'
  | 'lineIdleMs'
  | 'lineAgeSeconds'
  | 'batchLingerMs'
  | 'sinks'
  | 'forwardTag'
  | 'forwardAck'
  | 'opensearchIndex'
  | 'opensearchSchema'
  | 'opensearchSetup'
  | 'opensearchGzip'
  | 'cloudwatchCreateGroup'
  | 'cloudwatchGzip'
  | 'awsUseFips'
  | 'awsUseDualstack'
  | 'spoolMaxBytes'
  | 'spoolSync'
  | 'onFull'
  | 'deadLetterMaxBytes'
  | 'graceSeconds'
  | 'terminationGraceSeconds'
  | 'statusPort';

/** All settings, parsed; `undefined` where there is no default. */
export type Settings = Omit<Parsed, WithDefault> & { readonly [K in WithDefault]: NonNullable<Parsed[K]> };

export type Environment = Readonly<Record<string, string | undefined>>;

const ROWS = Object.values(SETTINGS).flatMap((group) => Object.entries<Setting<unknown>>(group));
const NAMES: ReadonlySet<string> = new Set(ROWS.flatMap(([, { name, aliases = [] }]) => [name, ...aliases]));

/**
 * Reads the environment. `notice` is told of the predecessor's names. Throws a ConfigError with every problem.
 */
export function parseSettings(env: Environment, notice: (message: string) => void): Settings {
  const problems: string[] = unknownNames(env);
  const values: Record<string, unknown> = {};
  const invalid: string[] = [];
  for (const [key, row] of ROWS) {
    const given = [row.name, ...(row.aliases ?? [])].find((name) => (env[name] ?? '') !== '');
    const text = given === undefined ? row.default : env[given]!;
    if (given !== undefined && given !== row.name && row.name.startsWith('LOGTAP_')) {
      notice(`${given} is read as ${row.name}, which is its name now`);
    }
    try {
      values[key] = text === undefined ? undefined : row.parse(text);
    } catch (error) {
      problems.push(`${given ?? row.name}='${withoutCredentials(text!)}': ${(error as Error).message}`);
      invalid.push(row.name);
    }
  }
  predecessorSinks(env, values, problems, notice);
  unread(env, notice);
  // What is invalid is not missing, too.
  const isNew = (problem: string) => !invalid.some((name) => problem.includes(name));
  problems.push(...missing(values as unknown as Settings).filter(isNew));
  if (problems.length > 0) throw new ConfigError(problems);
  return values as unknown as Settings;
}

/** What other programs read, and nothing here does. */
function unread(env: Environment, notice: (message: string) => void): void {
  for (const name of ['ALL_PROXY', 'all_proxy']) {
    if (env[name]) notice(`${name} has no effect: set HTTPS_PROXY and HTTP_PROXY`);
  }
  if (/--use-openssl-ca/.test(env.NODE_OPTIONS ?? '')) return;
  for (const name of ['SSL_CERT_FILE', 'SSL_CERT_DIR']) {
    if (!env[name]) continue;
    notice(
      `${name} has no effect: Node reads NODE_EXTRA_CA_CERTS. LOGTAP_OPENSEARCH_CA_FILE, LOGTAP_TCP_CA_FILE, LOGTAP_FORWARD_CA_FILE and AWS_CA_BUNDLE name the authorities of one service each.`,
    );
  }
}

/** A password in a URL is a mistake, and must not be printed on top of it. */
function withoutCredentials(text: string): string {
  return text.replace(/:\/\/[^/]*@/g, '://***@').replace(/^[^/@:]*:[^/@]*@/, '***@');
}

/** SINK_STDOUT and SINK_FLUENT of the predecessor's sidecar. */
function predecessorSinks(
  env: Environment,
  values: Record<string, unknown>,
  problems: string[],
  notice: (message: string) => void,
): void {
  if (env.LOGTAP_SINK) return;
  const chosen: parse.SinkName[] = [];
  if (env.SINK_FLUENT) {
    notice('SINK_FLUENT is read as LOGTAP_SINK=tcp and LOGTAP_TCP_ADDRESS, which are its names now');
    chosen.push('tcp');
    try {
      values.tcpAddress = parse.peer(env.SINK_FLUENT);
    } catch (error) {
      problems.push(`SINK_FLUENT='${env.SINK_FLUENT}': ${(error as Error).message}`);
    }
  }
  if (env.SINK_STDOUT === 'true') {
    notice('SINK_STDOUT=true is read as LOGTAP_SINK=stdout, which is its name now');
    chosen.push('stdout');
  }
  if (chosen.length > 0) values.sinks = chosen;
}

/** Settings that the chosen sinks cannot do without. */
function missing(settings: Settings): string[] {
  const problems: string[] = [];
  const need = (sink: string, key: keyof Settings, example: string) => {
    const [, row] = ROWS.find(([name]) => name === key)!;
    if (settings[key] === undefined) {
      problems.push(`${row.name} is not set, and the sink '${sink}' needs it. Set it, for example to ${example}.`);
    }
  };
  const sinks = settings.sinks ?? [];
  if (sinks.includes('file')) need('file', 'filePath', '/var/log/app.ndjson');
  if (sinks.includes('tcp')) need('tcp', 'tcpAddress', 'collector.example:5170');
  if (sinks.includes('forward')) need('forward', 'forwardAddress', 'collector.example:24224');
  if (sinks.includes('opensearch')) need('opensearch', 'opensearchUrls', 'https://opensearch.example:9200');
  if (sinks.includes('cloudwatch')) {
    need('cloudwatch', 'cloudwatchLogGroup', '/my/app');
    need('cloudwatch', 'awsRegion', 'eu-central-1');
  }
  if (settings.opensearchSigv4 !== undefined) need('opensearch', 'awsRegion', 'eu-central-1');
  if (sinks.includes('cloudwatch') && settings.cloudwatchEndpoint !== undefined) {
    for (const key of ['awsUseFips', 'awsUseDualstack'] as const) {
      if (settings[key] !== true) continue;
      problems.push(
        `${PROXY_SETTINGS[key].name}=true and AWS_ENDPOINT_URL_CLOUDWATCH_LOGS exclude each other: it would not change the endpoint. Remove one of them.`,
      );
    }
  }
  problems.push(...opensearchContradictions(settings), ...peerContradictions(settings));
  return problems;
}

/** Kubernetes adds such variables for every Service, and one may be called logtap. */
const SERVICE_LINK = /_SERVICE_HOST$|_SERVICE_PORT(_|$)|_PORT$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/;
/** A name further away than this is no misspelling. */
const NEAR = 6;

function unknownNames(env: Environment): string[] {
  const known = [...NAMES].filter((name) => name.startsWith('LOGTAP_'));
  return Object.keys(env)
    .filter((name) => name.startsWith('LOGTAP_') && !NAMES.has(name) && !SERVICE_LINK.test(name))
    .map((name) => {
      const nearest = closest(name, known);
      const remedy = distance(name, nearest) <= NEAR ? `Did you mean ${nearest}?` : 'Remove it.';
      return `${name} is no setting of the shipper. ${remedy}`;
    });
}
