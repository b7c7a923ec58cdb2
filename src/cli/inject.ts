/** `logtap inject`: what the constructs do, for manifests that exist as YAML. */
import { parseArgs } from 'node:util';
import { inject } from '../constructs/inject.js';
import { checkProps, type LogTapProps } from '../constructs/log-tap-props.js';
import type { ShipperOptions } from '../constructs/shipper-options.js';
import { Sink } from '../constructs/sink.js';
import type { CloudWatchSinkProps } from '../constructs/sinks/cloudwatch.js';
import type { OpenSearchSinkProps, SecretKey } from '../constructs/sinks/opensearch.js';
import { TapStreams } from '../constructs/tap-options.js';
import type { KubernetesObject } from '../constructs/workload.js';
import { type CommandStreams, onePath, rewriteManifests, write } from './rewrite-manifests.js';
import { EXIT, UsageError } from './usage.js';

const USAGE = `Usage: logtap inject FILE|DIR|- --sink cloudwatch|opensearch|stdout [options]

Adds the tap and the shipper to the workloads of Kubernetes manifests. Standard output carries the manifests, standard
error one line for each object. Injecting again replaces the earlier injection.

  --sink cloudwatch      --log-group NAME --region REGION [--log-stream NAME] [--no-create-log-group] [--endpoint URL]
  --sink opensearch      --url URL [--index NAME] [--username NAME --password-secret SECRET/KEY]
  --sink stdout

  --streams LIST         stdout, stderr, both separated by a comma, or none   (default: stdout,stderr)
  --tap-file PATH        a log file to tap, or a pattern such as '/var/log/**/*.log'; may be given several times
  --suppress             keep what was handed over out of the container's own log
  --suppress-file        keep what was handed over out of the tapped file
  --containers LIST      names of the containers to tap   (default: all)
  --image IMAGE          image of the injected containers
  --drain-seconds N      time to deliver what is held when the pod ends   (default: 25)
  -o, --output FORMAT    yaml or json   (default: yaml)
  -h, --help

Exit codes: 0 done, 64 wrong use, 65 malformed manifest, 66 no input. On any error nothing is written.
`;

const OPTIONS = {
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
  output: { type: 'string', short: 'o' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Flag = keyof typeof OPTIONS;
type Flags = ReturnType<typeof parse>['values'];

/** The flags that belong to one sink alone. */
const SINK_FLAGS: Readonly<Record<string, readonly Flag[]>> = {
  cloudwatch: ['log-group', 'log-stream', 'region', 'no-create-log-group', 'endpoint'],
  opensearch: ['url', 'index', 'username', 'password-secret'],
  stdout: [],
};

/**
 * Runs the command and resolves to its exit code.
 *
 * @throws UsageError, or CommandError for input that cannot be used; nothing was written to `io.stdout` then
 */
export async function injectCommand(argv: string[], io: CommandStreams): Promise<number> {
  const { values, positionals } = parse(argv);
  if (values.help) {
    await write(io.stdout, USAGE);
    return EXIT.OK;
  }
  const path = onePath('inject', positionals, USAGE);
  const props = asUsage(() => {
    const result = tapProps(values);
    checkProps(result);
    return result;
  });

  const change = (object: KubernetesObject) => inject(object, props);
  await rewriteManifests({ path, format: values.output, change, done: '+ injected' }, io);
  return EXIT.OK;
}

function parse(argv: string[]) {
  try {
    return parseArgs({ args: argv, options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

/** Errors of the properties are wrong use of the flags. */
function asUsage<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError((error as Error).message);
  }
}

/** Leaves out what was not given. */
function given<T extends object>(values: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

const list = (value: string) =>
  value
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);

function tapProps(flags: Flags): LogTapProps {
  return given<LogTapProps>({
    sink: sink(flags),
    streams: flags.streams === undefined ? undefined : streams(list(flags.streams)),
    file: flags['tap-file']?.join(':'),
    suppressStreams: flags.suppress,
    suppressFile: flags['suppress-file'],
    containers: flags.containers === undefined ? undefined : list(flags.containers),
    shipper: given<ShipperOptions>({
      image: flags.image,
      drainSeconds: flags['drain-seconds'] === undefined ? undefined : Number(flags['drain-seconds']),
    }),
  });
}

function sink(flags: Flags): Sink {
  const type = flags.sink;
  const names = Object.keys(SINK_FLAGS);
  if (type === undefined || !names.includes(type)) {
    throw new UsageError(`--sink (${type ?? 'not given'}) must be one of ${names.join(', ')}`);
  }
  for (const [owner, owned] of Object.entries(SINK_FLAGS)) {
    const stray = owner === type ? undefined : owned.find((flag) => flags[flag] !== undefined);
    if (stray !== undefined)
      throw new UsageError(`--${stray} belongs to --sink ${owner}: leave it out with --sink ${type}`);
  }
  const needed = (flag: Flag): string => {
    const value = flags[flag];
    if (typeof value !== 'string') throw new UsageError(`--sink ${type} needs --${flag}`);
    return value;
  };
  if (type === 'cloudwatch') {
    return Sink.cloudWatch(
      given<CloudWatchSinkProps>({
        logGroup: needed('log-group'),
        region: needed('region'),
        logStream: flags['log-stream'],
        createLogGroup: flags['no-create-log-group'] === true ? false : undefined,
        endpoint: flags.endpoint,
      }),
    );
  }
  if (type === 'opensearch') {
    return Sink.openSearch(
      given<OpenSearchSinkProps>({
        url: needed('url'),
        index: flags.index,
        username: flags.username,
        passwordSecret: flags['password-secret'] === undefined ? undefined : secretKey(flags['password-secret']),
      }),
    );
  }
  return Sink.stdout();
}

function secretKey(value: string): SecretKey {
  const [name, key, ...rest] = value.split('/');
  if (!name || !key || rest.length > 0) {
    throw new UsageError(`--password-secret (${value}) must be SECRET/KEY, such as opensearch/password`);
  }
  return { name, key };
}

function streams(names: readonly string[]): TapStreams {
  const unknown = names.find((name) => !['stdout', 'stderr', 'none'].includes(name));
  const isNone = names.includes('none');
  if (unknown !== undefined || names.length === 0 || (isNone && names.length > 1)) {
    throw new UsageError(`--streams (${names.join(',')}) must be stdout, stderr, both separated by a comma, or none`);
  }
  if (isNone) return TapStreams.NONE;
  if (names.includes('stdout') && names.includes('stderr')) return TapStreams.BOTH;
  return names.includes('stdout') ? TapStreams.STDOUT : TapStreams.STDERR;
}
