/** The containers and volumes that injection adds to a pod: the installer of the library, and the shipper. */
import { MOUNT_PATH, RINGS_BYTES, STATUS_PORT } from '../contract.js';
import { LIBRARY_PATH, RING_PATH, SOCKET_PATH } from './env.js';
import { defaultImage } from './image.js';
import { DEFAULT_DRAIN_SECONDS, type LogTapProps } from './tap-options.js';
import type { Container, EnvVar, PodSpec } from './workload.js';

/** Name of the shipper, of its port and of the shared memory volume. */
export const SHIPPER = 'logtap';
export const INSTALLER = 'logtap-install';
export const MEMORY_VOLUME = 'logtap';
export const SECRETS_VOLUME = 'logtap-secrets';

const SECRETS_PATH = '/etc/logtap/secrets';
/** User of the image: the customary `nonroot`. */
const USER = 65532;
const MIB = 1024 * 1024;
/**
 * Holds the rings, the library, twice while it is being replaced, and small rings that processes make when there is no
 * other. Pages count only once they are written.
 */
const MEMORY_BYTES = `${RINGS_BYTES / MIB + 32}Mi`;

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

/** No CPU limit: throttling a shipper only makes what it holds pile up. */
const resources = () => ({ limits: { memory: '256Mi' }, requests: { cpu: '10m', memory: '64Mi' } });

/** The mount of the shared memory volume, the same in every container. */
export const memoryMount = () => ({ name: MEMORY_VOLUME, mountPath: MOUNT_PATH });

export function drainSeconds(props: LogTapProps): number {
  return props.drainSeconds ?? DEFAULT_DRAIN_SECONDS;
}

/** The init container that puts the library for the node's architecture into the shared memory volume. */
export function installer(props: LogTapProps): Container {
  return {
    name: INSTALLER,
    image: props.image ?? defaultImage(),
    args: ['install', LIBRARY_PATH],
    resources: resources(),
    securityContext: securityContext(),
    volumeMounts: [memoryMount()],
  };
}

/** The shipper, a native sidecar: it starts before the application, ends after it, and lets Jobs complete. */
export function shipper(props: LogTapProps): Container {
  const { secretFiles } = props.sink.bind();
  return {
    name: SHIPPER,
    image: props.image ?? defaultImage(),
    args: ['ship'],
    restartPolicy: 'Always',
    env: shipperEnv(props),
    ports: [{ name: SHIPPER, containerPort: STATUS_PORT }],
    // The application starts when the shipper listens.
    startupProbe: probe({ periodSeconds: 1, failureThreshold: 60 }),
    // No readiness probe: a busy shipper must not take the application out of its Services.
    livenessProbe: probe({ periodSeconds: 10, failureThreshold: 6, timeoutSeconds: 5 }),
    resources: resources(),
    securityContext: securityContext(),
    volumeMounts: [
      memoryMount(),
      ...(secretFiles.length > 0 ? [{ name: SECRETS_VOLUME, mountPath: SECRETS_PATH, readOnly: true }] : []),
    ],
  };
}

function probe(timing: Record<string, number>) {
  return { httpGet: { path: '/livez', port: SHIPPER }, ...timing };
}

function shipperEnv(props: LogTapProps): EnvVar[] {
  const { name: sink, settings, secretFiles } = props.sink.bind();
  const values: Record<string, string> = {
    LOGTAP_GRACE_SECONDS: String(drainSeconds(props)),
    LOGTAP_RING_DIR: RING_PATH,
    LOGTAP_SINK: sink,
    LOGTAP_SOCKET: SOCKET_PATH,
    ...settings,
    ...Object.fromEntries(
      secretFiles.map(({ setting, secretName, key }) => [setting, `${SECRETS_PATH}/${secretName}/${key}`]),
    ),
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

/** The shared memory volume, and the Secrets of the sink. */
export function volumes(props: LogTapProps): NonNullable<PodSpec['volumes']> {
  const { secretFiles } = props.sink.bind();
  const sources = secretFiles.map(({ secretName, key }) => ({
    secret: { name: secretName, items: [{ key, path: `${secretName}/${key}` }] },
  }));
  return [
    { name: MEMORY_VOLUME, emptyDir: { medium: 'Memory', sizeLimit: MEMORY_BYTES } },
    ...(sources.length > 0 ? [{ name: SECRETS_VOLUME, projected: { sources } }] : []),
  ];
}
