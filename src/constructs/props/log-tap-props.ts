/** The properties of a tap: sources and sink. Constructs, injection and the command line share them. */
import { ACCEPTABLE_CODES } from '../findings/finding.js';
import { isWorkload } from '../injection/workload.js';
import { type ContainerOptions, containerSettings } from '../records/container-options.js';
import { type RecordOptions, resolveRecords } from '../records/record-options.js';
import { podSinks } from '../sinks/by-container.js';
import type { Sink } from '../sinks/sink.js';
import { mustHaveProperties } from './known-properties.js';
import { must } from './must.js';
import { checkShipperOptions, type ShipperOptions } from './shipper-options.js';
import { checkTapOptions, type TapOptions } from './tap-options.js';

/** Whether the application waits for the shipper. */
export enum FailurePolicy {
  /**
   * The application starts after the shipper listens. If the shipper cannot start, the application does not start. Beside a classic
   * sidecar it starts after a minute at the latest.
   */
  FAIL_CLOSED = 'fail-closed',
  /**
   * The application starts at the same time as the shipper. Bytes written before the shipper listens wait in shared
   * memory. Bytes that do not fit are written to the original destination and counted.
   */
  FAIL_OPEN = 'fail-open',
}

/** How the library comes into a pod. */
export enum LibraryVolume {
  /**
   * By an image volume: the node mounts a directory of the shipper's image read-only, and no init container runs. Needs Kubernetes
   * 1.35, and containerd 2.1 or CRI-O 1.33 on the nodes.
   */
  IMAGE = 'image',
  /** By an init container, which copies it into a volume in memory that the other containers mount read-only. */
  INIT_CONTAINER = 'init-container',
}

/** Properties of a tap: its sources, its records and its sink. */
export interface LogTapProps extends TapOptions, RecordOptions {
  /**
   * Where the shipper sends the records.
   *
   * @default - the sink of the nearest `LogTapDefaults`; required without one
   */
  readonly sink?: Sink;

  /**
   * Names of the containers to tap. You may also name init containers, because the shipper starts before them.
   *
   * @default - every container, but no init container
   */
  readonly containers?: string[];

  /**
   * Names of containers to exclude.
   *
   * @default - none
   */
  readonly excludeContainers?: string[];

  /**
   * Options that differ per container, by container name.
   *
   * @default - nothing
   */
  readonly perContainer?: { readonly [container: string]: ContainerOptions };

  /**
   * Pod templates in objects of other kinds, in addition to the known ones: JSON Pointers by `apiVersion/kind`, such as
   * `/spec/template` by `example.com/v1/Fleet`. `*` is every entry of a list or a mapping.
   *
   * @default - only the kinds that docs/reference/constructs.md lists
   */
  readonly podTemplates?: { readonly [kind: string]: string[] };

  /**
   * The sidecar: image, resources, buffers.
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
   * Whether the shipper is a native sidecar: an init container with `restartPolicy: Always`, which starts before the
   * application and ends after it. A classic sidecar is an ordinary container next to the application.
   *
   * @default - true, unless `kubernetesVersion` is below 1.29
   */
  readonly nativeSidecar?: boolean;

  /**
   * How the library comes into the pod: by an image volume, or by an init container. An image volume makes the start of a pod
   * shorter.
   *
   * @default - an image volume if `kubernetesVersion` is 1.35 or newer, otherwise an init container
   */
  readonly library?: LibraryVolume;

  /**
   * Version of the cluster, such as `1.28`. Below 1.29 the shipper becomes a classic sidecar. From 1.35 on the library comes by an
   * image volume.
   *
   * @default - 1.29 or newer
   */
  readonly kubernetesVersion?: string;

  /**
   * Whether the application's containers keep the AWS credentials of the pod's service account. With `false` and an AWS
   * sink, the pod template gets the annotation `eks.amazonaws.com/skip-containers`. Then only the shipper may write logs,
   * and the application has no AWS permissions at all: finding LT030.
   *
   * @default true
   */
  readonly keepAwsCredentials?: boolean;

  /**
   * Codes of findings that you accept, such as `LT009`. They are not reported.
   *
   * @default - none
   */
  readonly accept?: string[];
}

/** Throws unless each property is valid by itself. Problems that depend on the workload or on defaults are findings. */
export function checkProps(props: LogTapProps): void {
  mustHaveProperties('LogTapProps', props);
  const { containers, perContainer = {}, accept = [], kubernetesVersion } = props;
  checkTapOptions(props);
  for (const [name, options] of Object.entries(perContainer)) {
    checkTapOptions(options, `perContainer.${name}.`);
  }
  must(
    containers === undefined || containers.length > 0,
    'containers',
    containers,
    'name a container: leave it out to tap every container',
  );
  checkPodTemplates(props.podTemplates ?? {});
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
      `be one of ${ACCEPTABLE_CODES.join(', ')}: no pod works with other findings, so correct their cause`,
    );
  }
  checkShipperOptions(props.shipper ?? {}, props.sink, resolveRecords(props, settingsPerContainer(props)));
}

function checkPodTemplates(templates: { readonly [kind: string]: string[] }): void {
  for (const [kind, pointers] of Object.entries(templates)) {
    const isKind = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?v[a-z0-9]+\/[A-Z][A-Za-z0-9]*$/.test(kind);
    must(isKind, 'podTemplates', kind, 'be an apiVersion and a kind: write it as example.com/v1/Fleet');
    const [, version, name] = /^(.+)\/([^/]+)$/.exec(kind)!;
    must(
      !isWorkload(version, name),
      'podTemplates',
      kind,
      'be another kind: leave it out, because it is tapped anyway',
    );
    for (const pointer of pointers) {
      must(
        /^(\/([^/~]|~[01])+)+$/.test(pointer),
        `podTemplates.${kind}`,
        pointer,
        'be a JSON Pointer: write it as /spec/template',
      );
    }
  }
}

/** The setting for what differs by container. */
export function settingsPerContainer(props: LogTapProps): Readonly<Record<string, string>> {
  const { sink, perContainer = {} } = props;
  // Without a sink of the pod, the tap that these are defaults of knows what differs.
  const sinks = sink === undefined ? {} : podSinks(sink, perContainer).entries;
  return containerSettings(new Map(Object.entries(perContainer)), props, sinks);
}

/** The sink of complete properties. */
export function sinkOf(props: LogTapProps): Sink {
  must(
    props.sink !== undefined,
    'sink',
    props.sink,
    'be given: set it as a property, or with LogTapDefaults.set() on a scope',
  );
  return props.sink;
}

/** The 29 of `1.29`, `v1.29.3` or `1.29.3-eks-1a2b`. */
export function minorVersion(version: string): number | undefined {
  const [, minor] = /^v?1\.(\d{1,3})([.+-].*)?$/.exec(version) ?? [];
  return minor === undefined ? undefined : Number(minor);
}

/** First version whose API servers support native sidecars without a feature gate. */
export const NATIVE_SIDECAR_MINOR = 29;

/** Whether the cluster is known to be too old for native sidecars. */
export function isTooOldForNative({ kubernetesVersion }: LogTapProps): boolean {
  return kubernetesVersion !== undefined && (minorVersion(kubernetesVersion) ?? 0) < NATIVE_SIDECAR_MINOR;
}

/** Whether the shipper is a native sidecar. */
export function isNative(props: LogTapProps): boolean {
  return props.nativeSidecar ?? !isTooOldForNative(props);
}

/** First version whose API servers and kubelets have image volumes without a feature gate. */
export const IMAGE_VOLUME_MINOR = 35;

/** Whether the library comes by an image volume. */
export function hasImageVolume({ library, kubernetesVersion }: LogTapProps): boolean {
  if (library !== undefined) return library === LibraryVolume.IMAGE;
  return kubernetesVersion !== undefined && (minorVersion(kubernetesVersion) ?? 0) >= IMAGE_VOLUME_MINOR;
}
