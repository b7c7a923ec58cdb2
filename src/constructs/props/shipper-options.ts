/** The shipper's own options: image, resources, buffers, and their rules. */
import { NAMES, readSettings, unknownName } from '../../catalog/read-settings.js';
import { S3_SETTINGS } from '../../catalog/sinks/s3.js';
import { RINGS_BYTES, STATUS_PORT } from '../../contract.js';
import type { RecordConfig } from '../records/record-options.js';
import { secretFilePath } from '../sidecar/sink-files.js';
import type { Sink } from '../sinks/sink.js';
import type { SinkConfig } from '../sinks/sink-config.js';
import { must } from './must.js';
import { checkAdjustments, type PodAdjustments } from './pod-adjustments.js';
import { hasToken } from './token.js';

/** When a node pulls the image. */
export enum ImagePullPolicy {
  /** At every start. */
  ALWAYS = 'Always',
  /** If the node does not have the image. */
  IF_NOT_PRESENT = 'IfNotPresent',
  /** Never. The node must already have the image. */
  NEVER = 'Never',
}

/** Options of the sidecar. */
export interface ShipperOptions extends PodAdjustments {
  /**
   * Image of the injected containers, in a registry that the nodes can reach.
   *
   * @default - `cdk8s-logtap` with the version of this package as its tag, which is in no registry: finding LT029
   */
  readonly image?: string;

  /**
   * When nodes pull the image.
   *
   * @default - the Kubernetes default: always for the tag `latest`, otherwise if the image is not present
   */
  readonly imagePullPolicy?: ImagePullPolicy;

  /**
   * Names of Secrets for pulling the image. They are added to those of the pod.
   *
   * @default - none
   */
  readonly imagePullSecrets?: string[];

  /**
   * Memory that the shipper requests, in MiB.
   *
   * @default 64
   */
  readonly memoryRequestMiB?: number;

  /**
   * Limit on the shipper's memory, in MiB. It covers the rings (32), the records in memory, and 150 for the rest.
   *
   * @default - 256, or more if `memoryBufferMiB` or `objectBytes` of a sink of S3 needs it
   */
  readonly memoryLimitMiB?: number;

  /**
   * CPU that the shipper requests, in thousandths of a core.
   *
   * @default 10
   */
  readonly cpuRequestMillis?: number;

  /**
   * Seconds that the shipper has to deliver its buffered records after the application has ended. The pod's grace period
   * grows by this time plus 5 seconds for the containers to stop, so that the application keeps its full grace period.
   *
   * @default 25
   */
  readonly drainSeconds?: number;

  /**
   * Limit on buffered records in memory, in MiB.
   *
   * @default - the rest of the memory limit
   */
  readonly memoryBufferMiB?: number;

  /**
   * Limit on buffered records on disk, in MiB, in an emptyDir. They survive a restart of the shipper, but not the pod.
   *
   * @default - records are buffered in memory
   */
  readonly diskBufferMiB?: number;

  /**
   * Limit on the file of permanently rejected records, in MiB, in an emptyDir.
   *
   * @default - the records are counted and dropped
   */
  readonly deadLettersMiB?: number;

  /**
   * Port of the shipper's probes and metrics. Pods with `hostNetwork` on the same node need different ports.
   *
   * @default 9598
   */
  readonly statusPort?: number;

  /**
   * Whether the pod is ready only while the shipper is: adds a readiness probe of `/readyz`. While a sink fails or the buffer is
   * nearly full, Services then send the pod no requests.
   *
   * @default false
   */
  readonly readinessProbe?: boolean;

  /**
   * Other settings of the shipper by name, as listed in `docs/reference/settings.md`. Unknown names and invalid values are rejected
   * here, because the shipper would not start with them.
   *
   * @default - none
   */
  readonly settings?: { readonly [name: string]: string };
}

const MIB = 1024 * 1024;
const RINGS_MIB = RINGS_BYTES / MIB;
/** Node, the bundle, and requests under construction: we measured 150 MB at full load. */
const OTHER_MIB = 150;
/** Minimum buffer of the shipper. */
const LEAST_BUFFER_MIB = 8;
const DEFAULT_LIMIT_MIB = 256;
const DEFAULT_REQUEST_MIB = 64;
const DEFAULT_CPU_MILLIS = 10;

/** Default of `drainSeconds`. */
export const DEFAULT_DRAIN_SECONDS = 25;

/** Options that always have a value once they are resolved. */
type Always =
  | 'cpuRequestMillis'
  | 'drainSeconds'
  | 'imagePullSecrets'
  | 'memoryLimitMiB'
  | 'memoryRequestMiB'
  | 'settings'
  | 'statusPort';

/** Options with their defaults. The others keep absent values, whose absence has a meaning of its own. */
export interface ResolvedShipper
  extends Omit<ShipperOptions, Always | 'image'>,
    Required<Pick<ShipperOptions, Always>> {
  /** `undefined` for the image of this package. */
  readonly image: string | undefined;
  /** Whether the port is the user's choice. */
  readonly isStatusPortGiven: boolean;
}

/** @param extraMiB memory that sinks need beyond that of their defaults */
export function resolveShipper(options: ShipperOptions, extraMiB = 0): ResolvedShipper {
  return {
    ...options,
    image: options.image,
    imagePullSecrets: options.imagePullSecrets ?? [],
    cpuRequestMillis: options.cpuRequestMillis ?? DEFAULT_CPU_MILLIS,
    drainSeconds: options.drainSeconds ?? DEFAULT_DRAIN_SECONDS,
    memoryLimitMiB:
      options.memoryLimitMiB ??
      Math.max(DEFAULT_LIMIT_MIB, RINGS_MIB + (options.memoryBufferMiB ?? 0) + OTHER_MIB) + extraMiB,
    memoryRequestMiB: options.memoryRequestMiB ?? DEFAULT_REQUEST_MIB,
    statusPort: options.statusPort ?? STATUS_PORT,
    isStatusPortGiven: options.statusPort !== undefined,
    settings: options.settings ?? {},
  };
}

/** Settings that injection sets itself, each with the remedy. */
const OWN_SETTINGS: Readonly<Record<string, string>> = {
  LOGTAP_DEAD_LETTER_FILE: "set 'shipper.deadLettersMiB'",
  LOGTAP_DEAD_LETTER_MAX_BYTES: "set 'shipper.deadLettersMiB'",
  LOGTAP_GRACE_SECONDS: "set 'shipper.drainSeconds'",
  LOGTAP_MEMORY_MAX_BYTES: "set 'shipper.memoryBufferMiB'",
  LOGTAP_POD_ANNOTATIONS_FILE: 'leave it out',
  LOGTAP_POD_LABELS_FILE: 'leave it out',
  LOGTAP_RING_DIR: 'leave it out',
  LOGTAP_RING_TOTAL_BYTES: 'leave it out, because the size of the volume depends on it',
  LOGTAP_SINK: "set 'sink'",
  LOGTAP_SOCKET: 'leave it out',
  LOGTAP_SPOOL_DIR: "set 'shipper.diskBufferMiB'",
  LOGTAP_SPOOL_MAX_BYTES: "set 'shipper.diskBufferMiB'",
  LOGTAP_STATUS_HOST: 'leave it out, because the probes need it',
  LOGTAP_STATUS_PORT: "set 'shipper.statusPort'",
  NODE_NAME: 'leave it out, because Kubernetes provides it',
  POD_NAME: 'leave it out, because Kubernetes provides it',
  POD_NAMESPACE: 'leave it out, because Kubernetes provides it',
  POD_UID: 'leave it out, because Kubernetes provides it',
  LOGTAP_TERMINATION_GRACE_SECONDS: "set 'terminationGracePeriodSeconds' of the pod, and 'shipper.drainSeconds'",
};

/** Throws unless the options are valid, each by itself and together. */
export function checkShipperOptions(options: ShipperOptions, sink: Sink | undefined, records: RecordConfig): void {
  const { image } = options;
  const { imagePullSecrets, statusPort: port, settings } = resolveShipper(options);
  must(
    image === undefined || /^\S+$/.test(image),
    'shipper.image',
    image,
    'be an image reference without spaces: write it as registry/name:tag',
  );
  for (const name of imagePullSecrets) {
    must(/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.test(name), 'shipper.imagePullSecrets', name, 'be the name of a Secret');
  }
  for (const [name, unit] of AMOUNTS) {
    const value = options[name];
    must(
      value === undefined || (Number.isInteger(value) && value >= 1),
      `shipper.${name}`,
      value,
      `be a whole number of ${unit}, 1 or more`,
    );
  }
  must(
    Number.isInteger(port) && port >= 1024 && port <= 65_535,
    'shipper.statusPort',
    port,
    'be a whole number from 1024 to 65535, because lower ports need root',
  );
  checkMemory(options);
  checkAdjustments(options, resolveShipper(options));
  checkSettings(settings, sink, records);
}

/** Throws if one of the sinks, of the pod or of a container, needs a disk buffer and there is none. */
export function checkDiskBuffer({ diskBufferMiB }: ShipperOptions, sinks: readonly Sink[]): void {
  must(
    diskBufferMiB !== undefined || !sinks.some((sink) => sink.bind().name.split(',').includes('s3')),
    'shipper.diskBufferMiB',
    diskBufferMiB,
    'be set for a sink of S3, whose records wait on disk until an object is full: set it, for example to 256',
  );
}

/** Of an object: its records, their lines, and these compressed. */
const OBJECT_COPIES = 3;

/** Memory for objects that are larger than those of the default, which the default limit covers. One of each sink is made at a time. */
export function objectsMiB(sinks: readonly Sink[]): number {
  const { name, default: usual } = S3_SETTINGS.s3ObjectBytes;
  const extra = sinks.map((sink) => Math.max(0, Number(sink.bind().settings[name] ?? usual) - Number(usual)));
  return Math.ceil((OBJECT_COPIES * extra.reduce((sum, bytes) => sum + bytes, 0)) / MIB);
}

const AMOUNTS = [
  ['drainSeconds', 'seconds'],
  ['memoryRequestMiB', 'MiB'],
  ['memoryLimitMiB', 'MiB'],
  ['cpuRequestMillis', 'thousandths of a core'],
  ['memoryBufferMiB', 'MiB'],
  ['diskBufferMiB', 'MiB'],
  ['deadLettersMiB', 'MiB'],
] as const;

/** The limit holds all that the shipper may keep in memory, and the request. */
function checkMemory(options: ShipperOptions): void {
  const { memoryLimitMiB: limit, memoryRequestMiB } = resolveShipper(options);
  const bufferMiB = options.memoryBufferMiB ?? LEAST_BUFFER_MIB;
  const needed = RINGS_MIB + bufferMiB + OTHER_MIB;
  must(
    limit >= needed,
    'shipper.memoryLimitMiB',
    limit,
    `be ${needed} or more: ${RINGS_MIB} for the rings, ${bufferMiB} for records, ${OTHER_MIB} for the rest`,
  );
  must(
    memoryRequestMiB <= limit,
    'shipper.memoryRequestMiB',
    memoryRequestMiB,
    `be at most the limit of ${limit}: lower it, or raise 'shipper.memoryLimitMiB'`,
  );
}

/** The rules of a sink that is not known yet are applied later. */
const NO_SINK: Pick<SinkConfig, 'name' | 'settings' | 'secretFiles'> = {
  name: 'stdout',
  settings: {},
  secretFiles: [],
};

function checkSettings(
  settings: { readonly [name: string]: string },
  sink: Sink | undefined,
  records: RecordConfig,
): void {
  if (Object.keys({ ...settings, ...records.settings }).length === 0) return;
  const { name: sinks, settings: bySink, secretFiles } = sink?.bind() ?? NO_SINK;
  for (const [name, value] of Object.entries(settings)) {
    const where = `shipper.settings.${name}`;
    // The message does not repeat the value, which may be secret.
    const isSecret = /PASSWORD|SECRET|TOKEN|CREDENTIAL/.test(name) && !name.endsWith('_FILE');
    must(!isSecret, where, '***', 'not be in a manifest: give the sink the name and key of a Secret');
    if (!NAMES.has(name)) throw new Error(`'shipper.settings': ${unknownName(name)}`);
    must(typeof value === 'string', where, value, 'be a string: put it in quotes');
    must(OWN_SETTINGS[name] === undefined, where, value, `be left to injection: ${OWN_SETTINGS[name]}`);
    must(bySink[name] === undefined, where, value, 'be left to the sink: set it there');
    const isByRecords = records.settings[name] !== undefined;
    must(!isByRecords, where, value, 'be left to the property that sets it: remove one of them');
    must(
      !/:\/\/[^/]*@/.test(value),
      where,
      '***',
      'not contain credentials, which would appear in the manifest: remove them',
    );
  }
  // Together with the settings of the sink, because rules relate settings to each other. Of a file, only the path is checked.
  const files = Object.fromEntries(
    [...secretFiles, ...records.secretFiles].map((file) => [file.setting, secretFilePath(file)]),
  );
  const { problems } = readSettings(
    { LOGTAP_SINK: sinks, ...bySink, ...records.settings, ...files, ...settings },
    hasToken,
  );
  const concerns = (of: Readonly<Record<string, string>>) =>
    problems.find(({ names }) => names.some((name) => name in of));
  const problem = concerns(settings);
  if (problem !== undefined) throw new Error(`'shipper.settings': ${problem.text}`);
  // Each property is valid by itself, so this is a rule between a sink and the records.
  const other = concerns(records.settings);
  if (other !== undefined) throw new Error(other.text);
}
