/** Properties made complete, once: every later step reads values and defaults from here and checks nothing again. */

import type { TemplatePointers } from '../injection/embedded/kinds.js';
import { type ContainerOptions, containerOptions } from '../records/container-options.js';
import { type RecordConfig, type RecordOptions, resolveRecords } from '../records/record-options.js';
import { type PodSinks, podSinks } from '../sinks/by-container.js';
import type { SecretFile, SinkConfig } from '../sinks/sink-config.js';
import {
  checkProps,
  FailurePolicy,
  hasImageVolume,
  isNative,
  isTooOldForNative,
  type LogTapProps,
  minorVersion,
  settingsPerContainer,
  sinkOf,
} from './log-tap-props.js';
import { checkDiskBuffer, objectsMiB, type ResolvedShipper, resolveShipper } from './shipper-options.js';
import { type TapOptions, tapOptions } from './tap-options.js';

/** Valid properties with their defaults. Options of containers keep absent values, because annotations may set them. */
export interface ResolvedProps {
  readonly sink: SinkConfig;
  /** Settings of sinks by container. */
  readonly containerSinks: PodSinks['entries'];
  /** Secrets that only these name. */
  readonly containerSecretFiles: readonly SecretFile[];
  /** Options of every container. */
  readonly options: TapOptions;
  readonly perContainer: { readonly [container: string]: ContainerOptions };
  /** `undefined` for all but init containers. */
  readonly containers: readonly string[] | undefined;
  readonly excludeContainers: readonly string[];
  readonly podTemplates: TemplatePointers;
  readonly shipper: ResolvedShipper;
  readonly records: RecordConfig;
  /** What `records` was resolved from: annotations may override it. */
  readonly recordOptions: RecordOptions;
  /** Whether the application starts only after the shipper listens. */
  readonly isGate: boolean;
  readonly isNative: boolean;
  /** The version of the cluster, if it does not have the native sidecar that the properties ask for. */
  readonly tooOldForNative: string | undefined;
  /** Whether the library comes by an image volume, otherwise by an init container. */
  readonly isImageVolume: boolean;
  /** The minor version of the cluster, if it is known. */
  readonly kubernetesMinor: number | undefined;
  /** Whether the application gets no AWS credentials, because only the shipper may write logs. */
  readonly isWithoutAwsCredentials: boolean;
  readonly accept: ReadonlySet<string>;
}

/** @throws if a property is invalid or missing */
export function resolve(props: LogTapProps): ResolvedProps {
  checkProps(props);
  const { perContainer = {} } = props;
  const sinks = [sinkOf(props), ...Object.values(perContainer).flatMap((options) => options.sink ?? [])];
  // The disk buffer may be a default of another scope, and the sink the tap's own.
  checkDiskBuffer(props.shipper ?? {}, sinks);
  const { sink, entries, secretFiles } = podSinks(sinkOf(props), perContainer);
  const native = isNative(props);
  return {
    sink,
    containerSinks: entries,
    containerSecretFiles: secretFiles,
    options: tapOptions(props),
    perContainer: Object.fromEntries(
      Object.entries(perContainer).map(([name, options]) => [name, containerOptions(options)]),
    ),
    containers: props.containers,
    excludeContainers: props.excludeContainers ?? [],
    podTemplates: props.podTemplates ?? {},
    shipper: resolveShipper(props.shipper ?? {}, objectsMiB(sinks)),
    records: resolveRecords(props, settingsPerContainer(props)),
    recordOptions: props,
    isGate: props.failurePolicy !== FailurePolicy.FAIL_OPEN,
    isNative: native,
    tooOldForNative: native && isTooOldForNative(props) ? props.kubernetesVersion : undefined,
    isImageVolume: hasImageVolume(props),
    kubernetesMinor: props.kubernetesVersion === undefined ? undefined : minorVersion(props.kubernetesVersion),
    isWithoutAwsCredentials: props.keepAwsCredentials === false && sink.iam.length > 0,
    accept: new Set(props.accept),
  };
}
