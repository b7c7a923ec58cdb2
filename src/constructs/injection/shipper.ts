/** The containers and volumes that injection adds to a pod: the shipper, and the library or its installer. */
import { LIBRARY_MOUNT_PATH, MOUNT_PATH, PROBE_NAME, RINGS_BYTES, SECRETS_PATH } from '../../contract.js';
import { diskVolumeMiB, installerAmounts, leastStorageMiB } from '../props/pod-adjustments.js';
import type { ResolvedProps } from '../props/resolve.js';
import { POD_PATH, POD_VOLUME, podMetadataItems } from '../sidecar/pod-metadata.js';
import { filesOf, shipperSettings } from '../sidecar/shipper-settings.js';
import { projected } from '../sidecar/sink-files.js';
import { RING_PATH, SOCKET_PATH } from './env.js';
import { defaultImage } from './image.js';
import type { Container, EnvVar, PodSpec } from './workload.js';

/** Name of the shipper, of its port and of the shared memory volume. */
export const SHIPPER = 'logtap';
export const INSTALLER = 'logtap-install';
export const MEMORY_VOLUME = 'logtap';
export const LIBRARY_VOLUME = 'logtap-lib';
const SECRETS_VOLUME = 'logtap-secrets';
export const DISK_VOLUME = 'logtap-disk';

export const OWN_VOLUMES: readonly string[] = [MEMORY_VOLUME, LIBRARY_VOLUME, SECRETS_VOLUME, POD_VOLUME, DISK_VOLUME];
/** Whether injection adds a volume of that name. */
export const isOwnVolume = (name: string) => OWN_VOLUMES.includes(name);

const DISK_PATH = '/var/lib/logtap';
/** User of the image: the customary `nonroot`. */
const USER = 65532;
const MIB = 1024 * 1024;
/** Holds the rings, and the small rings that processes make when no ring is free. Only written pages use memory. */
const MEMORY_BYTES = `${RINGS_BYTES / MIB + 32}Mi`;
/** Holds the library and the program of the probes, and two copies during a replacement. */
const LIBRARY_BYTES = '2Mi';
/** Holds the log of the installer, which writes nothing else to the disk. */
const INSTALLER_STORAGE = '32Mi';

/**
 * Runs in the shipper when the termination of the pod begins. A native sidecar gets its signal only after the application
 * has ended, and is killed at the end of the pod's grace period. A classic sidecar gets its signal at once and needs no
 * hook. The path equals the one in the Dockerfile, because the image has no shell and a hook does not use the entry point.
 */
const TERMINATE = ['/nodejs/bin/node', '/opt/logtap/dist/cli/logtap.js', 'terminate'];

/** The files of the library volume in the image, for its platform. The path equals the one in the Dockerfile, too. */
const IMAGE_PATH = 'opt/logtap/volume';

/** For the shipper to listen. */
const START_SECONDS = 60;

/**
 * The command that waits until the shipper answers. The kubelet runs it in the shipper's container: a service mesh redirects the
 * connections of a pod, and rewrites the probes that need one, to a proxy that may not run yet.
 */
const asks = ({ shipper: { statusPort } }: ResolvedProps, path: string, seconds: number) => ({
  exec: { command: [`${LIBRARY_MOUNT_PATH}/${PROBE_NAME}`, String(statusPort), path, String(seconds)] },
});

/** A hung shipper is restarted after a minute. Each probe is a process on the node, so there are few. */
const livenessProbe = (props: ResolvedProps) => ({
  ...asks(props, '/livez', 10),
  periodSeconds: 20,
  failureThreshold: 3,
  timeoutSeconds: 15,
});

const readinessProbe = (props: ResolvedProps) => ({
  ...asks(props, '/readyz', 4),
  periodSeconds: 10,
  failureThreshold: 3,
  timeoutSeconds: 5,
});

/**
 * The application starts after the shipper listens: the kubelet starts no other container before the hook has ended. A startup
 * probe would be asked once a second, and its first answer is a Warning.
 */
function lifecycle(props: ResolvedProps): { lifecycle?: object } {
  const hooks = {
    ...(props.isGate && { postStart: asks(props, '/livez', START_SECONDS) }),
    ...(props.isNative && { preStop: { exec: { command: [...TERMINATE] } } }),
  };
  return Object.keys(hooks).length > 0 ? { lifecycle: hooks } : {};
}

/** The pod security standard "restricted", and a read-only root file system. */
const securityContext = ({ shipper: { fixedUser, runAsUser, runAsGroup } }: ResolvedProps) => ({
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
  ...(fixedUser !== false && { runAsGroup: runAsGroup ?? USER }),
  runAsNonRoot: true,
  ...(fixedUser !== false && { runAsUser: runAsUser ?? USER }),
  seccompProfile: { type: 'RuntimeDefault' },
});

/** The mount of the shared memory volume, the same in every container. */
const memoryMount = () => ({ name: MEMORY_VOLUME, mountPath: MOUNT_PATH });
const libraryMount = { name: LIBRARY_VOLUME, mountPath: LIBRARY_MOUNT_PATH };

/** The mount of the code that every tapped program loads. No user of the pod may replace it. */
const loadedLibrary = ({ isImageVolume }: ResolvedProps) => ({
  ...libraryMount,
  readOnly: true,
  ...(isImageVolume && { subPath: IMAGE_PATH }),
});

/** The mounts of a tapped container. */
export const tapMounts = (props: ResolvedProps) => [memoryMount(), loadedLibrary(props)];

/** How a pod runs its shipper. */
export interface ShipperRun {
  /** Whether the pod runs until it is deleted, unlike the pod of a Job. */
  readonly isEndless: boolean;
  /** The pod's own grace period. */
  readonly graceSeconds: number;
  /** Whether the kubelet evicts the pod if it uses more disk than the sum of its containers' limits. */
  readonly hasStorageLimit: boolean;
}

/** Time between the end of the application and the signal to the shipper, and between the end of the shipper and the kill. */
const STOP_MARGIN_SECONDS = 5;
/** Longer than the pauses between programs of a script, and short enough for a Job. */
const EXIT_WITHOUT_WRITERS_SECONDS = 30;

/** Time from the shipper's signal to its exit. */
function drainSeconds(
  { shipper: { drainSeconds: drain }, isNative }: ResolvedProps,
  { graceSeconds }: ShipperRun,
): number {
  // A native sidecar gets its signal after the application has ended. A classic sidecar gets it together with the
  // application and leaves half of its time to processes that still write.
  return isNative ? drain : Math.max(graceSeconds + drain, 2 * graceSeconds);
}

/** Grace period of the pod. The application keeps its full grace period. */
export function podGraceSeconds(props: ResolvedProps, run: ShipperRun): number {
  const drain = drainSeconds(props, run);
  return (props.isNative ? run.graceSeconds + drain : drain) + STOP_MARGIN_SECONDS;
}

const reference = ({ shipper }: ResolvedProps) => shipper.image ?? defaultImage();

function image(props: ResolvedProps) {
  const { imagePullPolicy } = props.shipper;
  return { image: reference(props), ...(imagePullPolicy !== undefined && { imagePullPolicy }) };
}

/** The init container that installs the library for the node's architecture into its volume. Only this container may write there. */
export function installer(props: ResolvedProps, run: ShipperRun): Container {
  const amounts = installerAmounts(props.shipper, props.shipper);
  return {
    name: INSTALLER,
    ...image(props),
    // Also makes the directory of rings: the shipper owns it, however the application and the shipper start.
    args: ['install', LIBRARY_MOUNT_PATH, RING_PATH],
    resources: {
      limits: {
        ...cpu(amounts.cpuLimitMillis),
        memory: `${amounts.memoryLimitMiB}Mi`,
        // A quota on such limits applies to every container.
        ...(run.hasStorageLimit && { 'ephemeral-storage': INSTALLER_STORAGE }),
      },
      requests: { ...cpu(amounts.cpuRequestMillis), memory: `${amounts.memoryRequestMiB}Mi` },
    },
    securityContext: securityContext(props),
    volumeMounts: [memoryMount(), { ...libraryMount }],
  };
}

/** The shipper: a native sidecar, which starts before the application and ends after it, or a classic one. */
export function shipper(props: ResolvedProps, run: ShipperRun): Container {
  const { volumeMounts = [] } = props.sink;
  const { secrets, configMaps } = filesOf(props);
  const hasFiles = secrets.length + configMaps.length > 0;
  const options = props.shipper;
  return {
    name: SHIPPER,
    ...image(props),
    args: ['ship'],
    ...(props.isNative && { restartPolicy: 'Always' }),
    ...lifecycle(props),
    env: shipperEnv(props, run),
    ports: [{ name: SHIPPER, containerPort: options.statusPort }],
    livenessProbe: livenessProbe(props),
    // On request only, because a busy shipper must not remove the application from its Services.
    ...(options.readinessProbe && { readinessProbe: readinessProbe(props) }),
    // No CPU limit unless requested, because throttling the shipper only fills its buffers.
    resources: {
      limits: {
        ...cpu(options.cpuLimitMillis),
        memory: `${options.memoryLimitMiB}Mi`,
        // In addition to the application's limit. If the application has no limit, this one would also apply to it.
        ...(run.hasStorageLimit && storage(options.ephemeralStorageMiB ?? leastStorageMiB(options))),
      },
      requests: {
        cpu: `${options.cpuRequestMillis}m`,
        memory: `${options.memoryRequestMiB}Mi`,
        ...storage(options.ephemeralStorageMiB),
      },
    },
    securityContext: securityContext(props),
    volumeMounts: [
      memoryMount(),
      // For the program of the probes. It also proves that the volume has the files: a node without image volumes mounts nothing.
      loadedLibrary(props),
      ...(hasFiles ? [{ name: SECRETS_VOLUME, mountPath: SECRETS_PATH, readOnly: true }] : []),
      ...(podMetadataItems(props).length > 0 ? [{ name: POD_VOLUME, mountPath: POD_PATH, readOnly: true }] : []),
      ...(diskVolumeMiB(options) > 0 ? [{ name: DISK_VOLUME, mountPath: DISK_PATH }] : []),
      ...volumeMounts.map(({ volume, mountPath }) => ({ name: volume, mountPath })),
    ],
  };
}

const cpu = (millis: number | undefined) => (millis === undefined ? {} : { cpu: `${millis}m` });
const storage = (mib: number | undefined) => (mib === undefined ? {} : { 'ephemeral-storage': `${mib}Mi` });

function shipperEnv(props: ResolvedProps, run: ShipperRun): EnvVar[] {
  const { memoryBufferMiB, diskBufferMiB, deadLettersMiB } = props.shipper;
  const bytes = (mib: number) => String(mib * MIB);
  const values: Record<string, string> = {
    LOGTAP_GRACE_SECONDS: String(drainSeconds(props, run)),
    LOGTAP_RING_DIR: RING_PATH,
    LOGTAP_SOCKET: SOCKET_PATH,
    ...(props.isNative && { LOGTAP_TERMINATION_GRACE_SECONDS: String(podGraceSeconds(props, run)) }),
    ...(!props.isNative &&
      !run.isEndless && { LOGTAP_EXIT_WITHOUT_WRITERS_SECONDS: String(EXIT_WITHOUT_WRITERS_SECONDS) }),
    ...(props.shipper.isStatusPortGiven && { LOGTAP_STATUS_PORT: String(props.shipper.statusPort) }),
    ...(memoryBufferMiB !== undefined && { LOGTAP_MEMORY_MAX_BYTES: bytes(memoryBufferMiB) }),
    ...(diskBufferMiB !== undefined && {
      LOGTAP_SPOOL_DIR: `${DISK_PATH}/spool`,
      LOGTAP_SPOOL_MAX_BYTES: bytes(diskBufferMiB),
    }),
    ...(deadLettersMiB !== undefined && {
      LOGTAP_DEAD_LETTER_FILE: `${DISK_PATH}/dead-letters`,
      LOGTAP_DEAD_LETTER_MAX_BYTES: bytes(deadLettersMiB),
    }),
    ...shipperSettings(props),
  };
  const fields: Record<string, string> = {
    NODE_NAME: 'spec.nodeName',
    POD_NAME: 'metadata.name',
    POD_NAMESPACE: 'metadata.namespace',
    POD_UID: 'metadata.uid',
  };
  // The fields come first, because Kubernetes expands $(POD_NAME) in a setting only if the variable precedes it.
  return [
    ...Object.keys(fields).map((name) => ({ name, valueFrom: { fieldRef: { fieldPath: fields[name]! } } })),
    ...Object.keys(values)
      .sort()
      .map((name) => ({ name, value: values[name]! })),
    ...Object.entries(props.shipper.env ?? {}).map(([name, value]) => ({ name, value })),
  ];
}

/** The shared memory volume, the library volume, the files of the shipper, the metadata of the pod, and the disk volume. */
export function volumes(props: ResolvedProps): NonNullable<PodSpec['volumes']> {
  const sources = projected(filesOf(props));
  const items = podMetadataItems(props);
  const disk = diskVolumeMiB(props.shipper);
  return [
    { name: MEMORY_VOLUME, emptyDir: { medium: 'Memory', sizeLimit: MEMORY_BYTES } },
    { name: LIBRARY_VOLUME, ...librarySource(props) },
    ...(sources.length > 0 ? [{ name: SECRETS_VOLUME, projected: { sources } }] : []),
    ...(items.length > 0 ? [{ name: POD_VOLUME, downwardAPI: { items } }] : []),
    // The kubelet evicts a pod that exceeds a volume limit, and the file system itself needs some space.
    ...(disk > 0 ? [{ name: DISK_VOLUME, emptyDir: { sizeLimit: `${disk}Mi` } }] : []),
  ];
}

function librarySource(props: ResolvedProps) {
  if (!props.isImageVolume) return { emptyDir: { medium: 'Memory', sizeLimit: LIBRARY_BYTES } };
  const { imagePullPolicy: pullPolicy } = props.shipper;
  return { image: { reference: reference(props), ...(pullPolicy !== undefined && { pullPolicy }) } };
}
