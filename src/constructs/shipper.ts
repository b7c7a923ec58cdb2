/** The containers and volumes that injection adds to a pod: the installer of the library, and the shipper. */
import { LIBRARY_MOUNT_PATH, MOUNT_PATH, RINGS_BYTES } from '../contract.js';
import { RING_PATH, SOCKET_PATH } from './env.js';
import { defaultImage } from './image.js';
import { FailurePolicy, type LogTapProps, sinkOf } from './log-tap-props.js';
import {
  DEFAULT_DRAIN_SECONDS,
  memoryLimitMiB,
  memoryRequestMiB,
  type ShipperOptions,
  statusPort,
} from './shipper-options.js';
import { projected, SECRETS_PATH, secretFilePath } from './sink-files.js';
import type { Container, EnvVar, PodSpec } from './workload.js';

/** Name of the shipper, of its port and of the shared memory volume. */
export const SHIPPER = 'logtap';
export const INSTALLER = 'logtap-install';
export const MEMORY_VOLUME = 'logtap';
export const LIBRARY_VOLUME = 'logtap-lib';
const SECRETS_VOLUME = 'logtap-secrets';
const DISK_VOLUME = 'logtap-disk';

const OWN_VOLUMES: readonly string[] = [MEMORY_VOLUME, LIBRARY_VOLUME, SECRETS_VOLUME, DISK_VOLUME];
/** Whether injection adds a volume of that name. */
export const isOwnVolume = (name: string) => OWN_VOLUMES.includes(name);

const DISK_PATH = '/var/lib/logtap';
/** User of the image: the customary `nonroot`. */
const USER = 65532;
const MIB = 1024 * 1024;
/** Holds the rings, and small ones that processes make when there is no other. Pages count only once they are written. */
const MEMORY_BYTES = `${RINGS_BYTES / MIB + 32}Mi`;
/** Holds the library, twice while it is being replaced. */
const LIBRARY_BYTES = '2Mi';

/** Room on disk beyond what is bounded. */
const DISK_MARGIN_MIB = 32;
/** What the kubelet keeps of the shipper's own log, twice and a half. */
const LOG_MIB = 128;

/**
 * Run in the shipper when the termination of the pod begins. A native sidecar is not signalled before the application has
 * ended, and is killed at the end of the pod's grace period; a classic one is signalled at once, and needs no hook. As in the
 * Dockerfile: the image has no shell, and a hook does not have its entry point.
 */
const TERMINATE = ['/nodejs/bin/node', '/opt/logtap/dist/cli/logtap.js', 'terminate'];

/** The pod security standard "restricted", and a root file system that cannot be written. */
const securityContext = () => ({
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
  runAsGroup: USER,
  runAsNonRoot: true,
  runAsUser: USER,
  seccompProfile: { type: 'RuntimeDefault' },
});

/** The mount of the shared memory volume, the same in every container. */
const memoryMount = () => ({ name: MEMORY_VOLUME, mountPath: MOUNT_PATH });
/** The code that every tapped program loads: no user of the pod may replace it. */
const libraryMount = { name: LIBRARY_VOLUME, mountPath: LIBRARY_MOUNT_PATH };

/** The mounts of a tapped container. */
export const tapMounts = () => [memoryMount(), { ...libraryMount, readOnly: true }];

/** How a pod runs its shipper. */
export interface ShipperRun {
  readonly isNative: boolean;
  /** Whether the pod runs until somebody ends it, other than that of a Job. */
  readonly isEndless: boolean;
  /** The pod's own grace period. */
  readonly graceSeconds: number;
  /** Whether the pod is evicted for using more disk than the limits of its containers add up to. */
  readonly hasStorageLimit: boolean;
}

/** Between the end of the application and the signal to the shipper, and between its end and the kill. */
const STOP_MARGIN_SECONDS = 5;
/** Long enough for the pauses of a script whose programs write, short enough for a Job. */
const EXIT_WITHOUT_WRITERS_SECONDS = 30;

/** Time that the shipper has from its signal on. */
function drainSeconds({ shipper = {} }: LogTapProps, { isNative, graceSeconds }: ShipperRun): number {
  const drain = shipper.drainSeconds ?? DEFAULT_DRAIN_SECONDS;
  // A native sidecar is told to end when the application has ended. A classic one is told together with it, and gives
  // half of its time to processes that still write.
  return isNative ? drain : Math.max(graceSeconds + drain, 2 * graceSeconds);
}

/** Grace period of the pod, with which the application keeps all of its own. */
export function podGraceSeconds(props: LogTapProps, run: ShipperRun): number {
  const drain = drainSeconds(props, run);
  return (run.isNative ? run.graceSeconds + drain : drain) + STOP_MARGIN_SECONDS;
}

function image({ shipper = {} }: LogTapProps) {
  const { imagePullPolicy } = shipper;
  return { image: shipper.image ?? defaultImage(), ...(imagePullPolicy !== undefined && { imagePullPolicy }) };
}

/** The init container that puts the library for the node's architecture into its volume: it alone may write there. */
export function installer(props: LogTapProps): Container {
  return {
    name: INSTALLER,
    ...image(props),
    // With the directory of rings, so that an application that starts before the shipper can make rings of its own.
    args: ['install', LIBRARY_MOUNT_PATH, RING_PATH],
    resources: { limits: { memory: '256Mi' }, requests: { cpu: '10m', memory: '64Mi' } },
    securityContext: securityContext(),
    volumeMounts: [memoryMount(), { ...libraryMount }],
  };
}

/** The shipper: a native sidecar, which starts before the application and ends after it, or a classic one. */
export function shipper(props: LogTapProps, run: ShipperRun): Container {
  const { secretFiles, configMapFiles = [], volumeMounts = [] } = sinkOf(props).bind();
  const hasFiles = secretFiles.length + configMapFiles.length > 0;
  const isGate = props.failurePolicy !== FailurePolicy.FAIL_OPEN;
  const options = props.shipper ?? {};
  return {
    name: SHIPPER,
    ...image(props),
    args: ['ship'],
    ...(run.isNative && { restartPolicy: 'Always', lifecycle: { preStop: { exec: { command: [...TERMINATE] } } } }),
    env: shipperEnv(props, run),
    ports: [{ name: SHIPPER, containerPort: statusPort(options) }],
    // The application starts when the shipper listens.
    ...(isGate && { startupProbe: probe({ periodSeconds: 1, failureThreshold: 60 }) }),
    // No readiness probe: a busy shipper must not take the application out of its Services.
    livenessProbe: probe({ periodSeconds: 10, failureThreshold: 6, timeoutSeconds: 5 }),
    // No CPU limit: throttling a shipper only makes what it holds pile up.
    resources: {
      limits: {
        memory: `${memoryLimitMiB(options)}Mi`,
        // On top of what the application may use. Without a limit of the application's it would be one for it, too.
        ...(run.hasStorageLimit && { 'ephemeral-storage': `${LOG_MIB + diskVolumeMiB(options)}Mi` }),
      },
      requests: { cpu: `${options.cpuRequestMillis ?? 10}m`, memory: `${memoryRequestMiB(options)}Mi` },
    },
    securityContext: securityContext(),
    volumeMounts: [
      memoryMount(),
      ...(hasFiles ? [{ name: SECRETS_VOLUME, mountPath: SECRETS_PATH, readOnly: true }] : []),
      ...(diskMiB(options) > 0 ? [{ name: DISK_VOLUME, mountPath: DISK_PATH }] : []),
      ...volumeMounts.map(({ volume, mountPath }) => ({ name: volume, mountPath })),
    ],
  };
}

function probe(timing: Record<string, number>) {
  return { httpGet: { path: '/livez', port: SHIPPER }, ...timing };
}

/** What is kept on disk, without the room that a file needs beyond its bound. */
function diskMiB({ diskBufferMiB = 0, deadLettersMiB = 0 }: ShipperOptions): number {
  return diskBufferMiB + deadLettersMiB;
}

/** Size of the volume for it. */
function diskVolumeMiB(options: ShipperOptions): number {
  const disk = diskMiB(options);
  return disk > 0 ? disk + DISK_MARGIN_MIB : 0;
}

function shipperEnv(props: LogTapProps, run: ShipperRun): EnvVar[] {
  const { name: sink, settings, secretFiles } = sinkOf(props).bind();
  const { memoryBufferMiB, diskBufferMiB, deadLettersMiB, statusPort: port, settings: others } = props.shipper ?? {};
  const bytes = (mib: number) => String(mib * MIB);
  const values: Record<string, string> = {
    LOGTAP_GRACE_SECONDS: String(drainSeconds(props, run)),
    LOGTAP_RING_DIR: RING_PATH,
    LOGTAP_SINK: sink,
    LOGTAP_SOCKET: SOCKET_PATH,
    ...(run.isNative && { LOGTAP_TERMINATION_GRACE_SECONDS: String(podGraceSeconds(props, run)) }),
    ...(!run.isNative &&
      !run.isEndless && { LOGTAP_EXIT_WITHOUT_WRITERS_SECONDS: String(EXIT_WITHOUT_WRITERS_SECONDS) }),
    ...(port !== undefined && { LOGTAP_STATUS_PORT: String(port) }),
    ...(memoryBufferMiB !== undefined && { LOGTAP_MEMORY_MAX_BYTES: bytes(memoryBufferMiB) }),
    ...(diskBufferMiB !== undefined && {
      LOGTAP_SPOOL_DIR: `${DISK_PATH}/spool`,
      LOGTAP_SPOOL_MAX_BYTES: bytes(diskBufferMiB),
    }),
    ...(deadLettersMiB !== undefined && {
      LOGTAP_DEAD_LETTER_FILE: `${DISK_PATH}/dead-letters`,
      LOGTAP_DEAD_LETTER_MAX_BYTES: bytes(deadLettersMiB),
    }),
    ...others,
    ...settings,
    ...Object.fromEntries(secretFiles.map((file) => [file.setting, secretFilePath(file)])),
  };
  const fields: Record<string, string> = {
    NODE_NAME: 'spec.nodeName',
    POD_NAME: 'metadata.name',
    POD_NAMESPACE: 'metadata.namespace',
    POD_UID: 'metadata.uid',
  };
  // The fields come first: Kubernetes expands $(POD_NAME) in a setting only when the variable stands before it.
  return [
    ...Object.keys(fields).map((name) => ({ name, valueFrom: { fieldRef: { fieldPath: fields[name]! } } })),
    ...Object.keys(values)
      .sort()
      .map((name) => ({ name, value: values[name]! })),
  ];
}

/** The shared memory volume, that of the library, the files of the sink, and the disk. */
export function volumes(props: LogTapProps): NonNullable<PodSpec['volumes']> {
  const { secretFiles, configMapFiles = [] } = sinkOf(props).bind();
  const sources = projected(secretFiles, configMapFiles);
  const disk = diskVolumeMiB(props.shipper ?? {});
  return [
    { name: MEMORY_VOLUME, emptyDir: { medium: 'Memory', sizeLimit: MEMORY_BYTES } },
    { name: LIBRARY_VOLUME, emptyDir: { medium: 'Memory', sizeLimit: LIBRARY_BYTES } },
    ...(sources.length > 0 ? [{ name: SECRETS_VOLUME, projected: { sources } }] : []),
    // A pod that goes over the limit of a volume is evicted, and the file system takes some for itself.
    ...(disk > 0 ? [{ name: DISK_VOLUME, emptyDir: { sizeLimit: `${disk}Mi` } }] : []),
  ];
}
