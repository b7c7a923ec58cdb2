/** The flags of the commands that inject. Each flag sets a property, `--config` names a file of properties, and `--set` sets any other property. */
import type { LogTapProps } from '../../constructs/props/log-tap-props.js';
import { type Assignment, readProps } from '../config.js';
import schema from '../config-schema.json';
import { UsageError } from '../usage.js';

export const TAP_USAGE = `  --sink cloudwatch      --log-group NAME --region REGION [--log-stream NAME] [--no-create-log-group] [--endpoint URL]
  --sink opensearch      --url URL [--index NAME] [--username NAME --password-secret SECRET/KEY]
  --sink stdout          or file, tcp, forward, module with --set

  --streams LIST         stdout, stderr, both separated by a comma, or none   (default: stdout,stderr)
  --tap-file PATH        a log file to tap, or a pattern such as '/var/log/**/*.log'; may be given several times
  --suppress             keep the captured bytes out of the container's own log
  --suppress-file        keep the captured bytes out of the tapped file
  --containers LIST      names of the containers to tap   (default: all)
  --image IMAGE          image of the injected containers
  --drain-seconds N      time to deliver buffered records when the pod ends   (default: 25)
  --accept CODE          a finding to accept; may be given several times

  --config FILE          a logtap.yaml with any properties of the constructs; flags override it
  --set PATH=VALUE       any property, such as shipper.memoryLimitMiB=512 or sink.cloudWatch.retentionDays=30
`;

export const TAP_OPTIONS = {
  sink: { type: 'string' },
  'log-group': { type: 'string' },
  'log-stream': { type: 'string' },
  region: { type: 'string' },
  'no-create-log-group': { type: 'boolean' },
  endpoint: { type: 'string' },
  url: { type: 'string' },
  index: { type: 'string' },
  username: { type: 'string' },
  'password-secret': { type: 'string' },
  streams: { type: 'string' },
  'tap-file': { type: 'string', multiple: true },
  suppress: { type: 'boolean' },
  'suppress-file': { type: 'boolean' },
  containers: { type: 'string' },
  image: { type: 'string' },
  'drain-seconds': { type: 'string' },
  accept: { type: 'string', multiple: true },
  config: { type: 'string' },
  set: { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h' },
} as const;

type Flag = keyof typeof TAP_OPTIONS;
type Given = string | boolean | readonly string[];
/** What `parseArgs` gives. */
type Flags = { readonly [F in Flag]?: Given | undefined };

/** Names of sinks on the command line, and of their factories. */
const SINKS: ReadonlyMap<string, string> = new Map(
  Object.keys(schema.$defs.Sink.properties)
    .filter((factory) => factory !== 'all')
    .map((factory) => [factory.toLowerCase(), factory]),
);

interface Row {
  /** Below `sink.NAME` where the flag belongs to a sink. */
  readonly path: string;
  readonly sink?: string;
  /** The value, where it is not what was given. */
  readonly value?: (given: Given) => unknown;
}

const PATHS: Readonly<Partial<Record<Flag, Row>>> = {
  'log-group': { sink: 'cloudwatch', path: 'logGroup' },
  region: { sink: 'cloudwatch', path: 'region' },
  'log-stream': { sink: 'cloudwatch', path: 'logStream' },
  'no-create-log-group': { sink: 'cloudwatch', path: 'createLogGroup', value: () => false },
  endpoint: { sink: 'cloudwatch', path: 'endpoint' },
  url: { sink: 'opensearch', path: 'url' },
  index: { sink: 'opensearch', path: 'index' },
  username: { sink: 'opensearch', path: 'username' },
  'password-secret': { sink: 'opensearch', path: 'passwordSecret', value: secretKey },
  streams: { path: 'streams', value: streams },
  'tap-file': { path: 'file', value: (given) => (given as readonly string[]).join(':') },
  suppress: { path: 'suppressStreams' },
  'suppress-file': { path: 'suppressFile' },
  containers: { path: 'containers' },
  image: { path: 'shipper.image' },
  'drain-seconds': { path: 'shipper.drainSeconds' },
  accept: { path: 'accept' },
};

/**
 * The properties from flags and file.
 *
 * @throws UsageError, or CommandError for a file that is unreadable or invalid
 */
export function tapProps(flags: Flags): LogTapProps {
  const assignments = [
    ...sinkOf(flags),
    ...Object.entries(PATHS).flatMap(([flag, row]) => assignmentOf(flag, row, flags)),
  ];
  for (const text of (flags.set ?? []) as readonly string[]) {
    const [, path, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (path === undefined) throw new UsageError(`--set (${text}) must be PATH=VALUE, such as failurePolicy=fail-open`);
    assignments.push({ path, value, by: `--set ${path}` });
  }
  return readProps(flags.config as string | undefined, assignments);
}

function assignmentOf(flag: string, { path, sink, value }: Row, flags: Flags): Assignment[] {
  const given = flags[flag as Flag];
  if (given === undefined) return [];
  const by = `--${flag}`;
  if (sink !== undefined && flags.sink !== undefined && flags.sink !== sink) {
    throw new UsageError(`${by} belongs to --sink ${sink}: leave it out with --sink ${flags.sink}`);
  }
  return [
    {
      path: sink === undefined ? path : `sink.${SINKS.get(sink)}.${path}`,
      value: value === undefined ? given : value(given),
      by,
    },
  ];
}

function sinkOf({ sink }: Flags): Assignment[] {
  if (sink === undefined) return [];
  const name = SINKS.get(String(sink));
  if (name === undefined) {
    throw new UsageError(`--sink (${sink}) must be one of ${[...SINKS.keys()].join(', ')}`);
  }
  // What a file says about this sink stays, and another sink goes.
  const choose = (before: Readonly<Record<string, unknown>> = {}) => ({ [name]: before[name] ?? {} });
  return [{ path: 'sink', value: choose, by: '--sink' }];
}

function secretKey(value: Given): { name: string; key: string } {
  const [name, key, ...rest] = String(value).split('/');
  if (!name || !key || rest.length > 0) {
    throw new UsageError(`--password-secret (${value}) must be SECRET/KEY, such as opensearch/password`);
  }
  return { name, key };
}

function streams(value: Given): string {
  const names = String(value)
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const isKnown = names.length > 0 && names.every((name) => ['stdout', 'stderr', 'none'].includes(name));
  if (!isKnown || (names.includes('none') && names.length > 1)) {
    throw new UsageError(`--streams (${names.join(',')}) must be stdout, stderr, both separated by a comma, or none`);
  }
  return new Set(names).size > 1 ? 'both' : names[0]!;
}
