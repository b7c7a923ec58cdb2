/** A Job that proves in the cluster, with the user's own settings, that no line is missing. */
import { ApiObject, type ApiObjectMetadata, Lazy } from 'cdk8s';
import { Construct } from 'constructs';
import { MOUNT_PATH } from '../contract.js';
import { INJECT, INJECT_DISABLED } from './injection/annotations.js';
import { DISK_VOLUME, LIBRARY_VOLUME, shipper, volumes } from './injection/shipper.js';
import { resolveAt } from './props/defaults.js';
import { checkProps, type LogTapProps } from './props/log-tap-props.js';
import { must } from './props/must.js';
import type { ResolvedProps } from './props/resolve.js';
import type { SinkConfig } from './sinks/sink-config.js';

/** Properties of a `ProofJob`. */
export interface ProofJobProps {
  /**
   * The tap that is proven: its sink, its shipper and the options of its records. Give the properties of the tapped workload.
   * The sink has to be OpenSearch or CloudWatch Logs, the latter with `readBack: true`.
   *
   * @default - the properties of the nearest `LogTapDefaults`
   */
  readonly tap?: LogTapProps;

  /**
   * Lines to write at least.
   *
   * @default 20000
   */
  readonly lines?: number;

  /**
   * Service account whose AWS role the sink needs. The Job itself needs no rights in the cluster.
   *
   * @default - the default service account of the namespace
   */
  readonly serviceAccountName?: string;

  /**
   * Labels of the pod, such as those that a NetworkPolicy selects, and those that the settings refer to.
   *
   * @default - none
   */
  readonly podLabels?: { readonly [name: string]: string };

  /**
   * Metadata of the Job. The Secrets and ConfigMaps of the tap have to be in its namespace.
   *
   * @default - a name derived from the construct's path, in the namespace of the chart
   */
  readonly metadata?: ApiObjectMetadata;
}

/**
 * A Job that runs `logtap prove`: known lines through a shipper with the settings of the tap, faults meanwhile, and a comparison with
 * what the service has. It fails if a line is neither stored nor counted. The log of its pod has the certificate as text and, in
 * its last line, as JSON. It uses neither the API of Kubernetes nor any privilege.
 */
export class ProofJob extends Construct {
  private readonly tap: LogTapProps;

  /** @throws if a property is invalid */
  public constructor(scope: Construct, id: string, props: ProofJobProps = {}) {
    super(scope, id);
    const { tap = {}, lines, metadata } = props;
    checkProps(tap);
    must(
      lines === undefined || (Number.isInteger(lines) && lines >= 1 && lines < 1e9),
      'lines',
      lines,
      'be a whole number from 1 to 999999999',
    );
    this.tap = { ...tap };
    // Defaults may be set later.
    const spec = () => jobSpec(resolveAt(this, this.tap), props);
    new ApiObject(this, 'Default', {
      ...{ apiVersion: 'batch/v1', kind: 'Job', ...(metadata !== undefined && { metadata }) },
      spec: Lazy.any({ produce: spec }),
    });
    this.node.addValidation({ validate: () => problemsOf(spec) });
  }
}

function problemsOf(act: () => unknown): string[] {
  try {
    act();
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

/** Of the command and its writers, in addition to the shipper. */
const OTHER_MIB = 512;
/** A proof on a node without a free core lasts long, and a fault without an effect ends it. */
const CPU_REQUEST_MILLIS = 250;
/** A proof takes a minute or two. One that lasts so long has no end. */
const DEADLINE_SECONDS = 3600;
/** Services that a proof can read. */
const PROVABLE = ['opensearch', 'cloudwatch'];

function jobSpec(props: ResolvedProps, { lines, podLabels, serviceAccountName }: ProofJobProps): object {
  checkSink(props.sink);
  const { imagePullSecrets } = props.shipper;
  return {
    // A proof that fails is a result, which another attempt must not hide.
    backoffLimit: 0,
    activeDeadlineSeconds: DEADLINE_SECONDS,
    template: {
      metadata: {
        annotations: { [INJECT]: INJECT_DISABLED },
        ...(podLabels !== undefined && { labels: podLabels }),
      },
      spec: {
        automountServiceAccountToken: false,
        containers: [container(props, lines)],
        ...(imagePullSecrets.length > 0 && { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
        restartPolicy: 'Never',
        ...(serviceAccountName !== undefined && { serviceAccountName }),
        volumes: volumesOf(props),
      },
    },
  };
}

function checkSink({ name, iam }: SinkConfig): void {
  const kinds = name.split(',').filter((kind) => PROVABLE.includes(kind));
  must(kinds.length === 1, 'tap.sink', name, 'have one service that a proof can read: OpenSearch or CloudWatch Logs');
  const canRead = iam.some(({ actions }) => actions.includes('logs:GetLogEvents'));
  must(
    kinds[0] !== 'cloudwatch' || canRead,
    'tap.sink',
    name,
    "have the right to read its log group: set 'readBack: true', and give the permission logs:GetLogEvents to the role",
  );
}

/** The shipper's own container, with another command. What a pod and its probes need of it has no use here. */
function container(props: ResolvedProps, lines: number | undefined): object {
  const run = { isEndless: false, graceSeconds: 0, hasStorageLimit: false };
  const { image, imagePullPolicy, env, securityContext, volumeMounts } = shipper(props, run);
  const { memoryLimitMiB, memoryRequestMiB } = props.shipper;
  const mine = new Set(volumesOf(props).map(({ name }) => name));
  return {
    name: 'prove',
    image,
    ...(imagePullPolicy !== undefined && { imagePullPolicy }),
    args: [
      ...['prove', '--directory', MOUNT_PATH, '--output', 'log'],
      ...(lines === undefined ? [] : ['--lines', String(lines)]),
    ],
    env,
    resources: {
      limits: { memory: `${memoryLimitMiB + OTHER_MIB}Mi` },
      requests: { cpu: `${CPU_REQUEST_MILLIS}m`, memory: `${memoryRequestMiB + OTHER_MIB}Mi` },
    },
    securityContext,
    volumeMounts: (volumeMounts ?? []).filter(({ name }) => mine.has(name)),
  };
}

/** The rings and buffers of a proof are in memory. The library is that of the image. */
const volumesOf = (props: ResolvedProps) =>
  volumes(props).filter(({ name }) => name !== DISK_VOLUME && name !== LIBRARY_VOLUME);
