/** What to tap and where to send it: the one set of properties that constructs, injection and command line share. */
import { ACCEPTABLE_CODES } from './finding.js';
import { mustHaveProperties } from './known-properties.js';
import { must } from './must.js';
import { checkShipperOptions, type ShipperOptions } from './shipper-options.js';
import type { Sink } from './sink.js';
import { checkTapOptions, mustBeOneOf, type TapOptions } from './tap-options.js';

/** Whether the application waits for the shipper. */
export enum FailurePolicy {
  /** The application starts when the shipper listens. A shipper that cannot start keeps the application from starting. */
  FAIL_CLOSED = 'fail-closed',
  /**
   * The application starts beside the shipper. What it writes before the shipper listens waits in shared memory, and
   * what has no room there goes where it went without the tap, and is counted.
   */
  FAIL_OPEN = 'fail-open',
}

/** What to tap and where to send it. */
export interface LogTapProps extends TapOptions {
  /**
   * Where the shipper sends the records.
   *
   * @default - the sink of the nearest `LogTapDefaults`; without one it has to be given
   */
  readonly sink?: Sink;

  /**
   * Names of the containers to tap. Init containers may be named, too: the shipper starts before them.
   *
   * @default - every container, and no init container
   */
  readonly containers?: string[];

  /**
   * Names of containers that are not tapped.
   *
   * @default - none
   */
  readonly excludeContainers?: string[];

  /**
   * What is different for single containers, by their names.
   *
   * @default - nothing
   */
  readonly perContainer?: { readonly [container: string]: TapOptions };

  /**
   * The sidecar that ships: image, resources, buffers.
   *
   * @default - see `ShipperOptions`
   */
  readonly shipper?: ShipperOptions;

  /**
   * Whether the application waits for the shipper.
   *
   * @default FailurePolicy.FAIL_CLOSED
   */
  readonly failurePolicy?: FailurePolicy;

  /**
   * Whether the shipper is a native sidecar: an init container that goes on (`restartPolicy: Always`), starts before
   * the application and ends after it. A classic sidecar is an ordinary container beside the application.
   *
   * @default - true, unless `kubernetesVersion` is below 1.29
   */
  readonly nativeSidecar?: boolean;

  /**
   * Version of the cluster, such as `1.28`. Below 1.29 the shipper becomes a classic sidecar.
   *
   * @default - 1.29 or newer
   */
  readonly kubernetesVersion?: string;

  /**
   * Whether the application's containers keep the AWS credentials of the pod's service account. With `false`, and a sink
   * at AWS, the pod template gets the annotation `eks.amazonaws.com/skip-containers`, so that the right to write logs is
   * the shipper's alone, and the application has no rights at AWS at all: finding LT030.
   *
   * @default true
   */
  readonly keepAwsCredentials?: boolean;

  /**
   * Codes of findings that are known and accepted, such as `LT009`. They are not reported.
   *
   * @default - none
   */
  readonly accept?: string[];
}

/** Throws unless each property makes sense by itself. What depends on the workload or on defaults is a finding. */
export function checkProps(props: LogTapProps): void {
  mustHaveProperties('LogTapProps', props);
  const { containers, perContainer = {}, accept = [], kubernetesVersion, sink } = props;
  checkTapOptions(props);
  for (const [name, options] of Object.entries(perContainer)) {
    mustHaveProperties('TapOptions', options, `perContainer.${name}`);
    checkTapOptions(options, `perContainer.${name}.`);
  }
  // Not by its class: a package may be installed twice.
  must(
    sink === undefined || typeof sink.bind === 'function',
    'sink',
    sink,
    'be a Sink: write Sink.cloudWatch({ ... }), or another of its factories',
  );
  must(
    containers === undefined || containers.length > 0,
    'containers',
    containers,
    'name a container: leave it out to tap every container',
  );
  mustBeOneOf(FailurePolicy, 'failurePolicy', props.failurePolicy);
  must(
    kubernetesVersion === undefined || minorVersion(kubernetesVersion) !== undefined,
    'kubernetesVersion',
    kubernetesVersion,
    "be a version of Kubernetes: write it as '1.29', in quotes",
  );
  for (const code of accept) {
    must(
      ACCEPTABLE_CODES.includes(code),
      'accept',
      code,
      `be one of ${ACCEPTABLE_CODES.join(', ')}: with other findings no pod would work, so correct what they name`,
    );
  }
  checkShipperOptions(props.shipper ?? {}, props.sink);
}

/** The sink of complete properties. */
export function sinkOf(props: LogTapProps): Sink {
  must(props.sink !== undefined, 'sink', props.sink, 'be given: as a property, or by LogTapDefaults.set() on a scope');
  return props.sink;
}

/** Whether the application gets no AWS credentials, because the right to write logs shall be the shipper's alone. */
export function isWithoutAwsCredentials(props: LogTapProps): boolean {
  return props.keepAwsCredentials === false && sinkOf(props).iam.length > 0;
}

/** The 29 of `1.29`, `v1.29.3` or `1.29.3-eks-1a2b`. */
function minorVersion(version: string): number | undefined {
  const [, minor] = /^v?1\.(\d{1,3})([.+-].*)?$/.exec(version) ?? [];
  return minor === undefined ? undefined : Number(minor);
}

/** First version whose API servers know native sidecars without a feature gate. */
export const NATIVE_SIDECAR_MINOR = 29;

/** Whether the cluster is known to be too old for native sidecars. */
export function isTooOldForNative({ kubernetesVersion }: LogTapProps): boolean {
  return kubernetesVersion !== undefined && (minorVersion(kubernetesVersion) ?? 0) < NATIVE_SIDECAR_MINOR;
}

/** Whether the shipper is a native sidecar. */
export function isNative(props: LogTapProps): boolean {
  return props.nativeSidecar ?? !isTooOldForNative(props);
}
