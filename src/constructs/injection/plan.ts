/** The plan of an injection: the original workload, the containers to tap, and the way the pod runs its shipper. */

import { SINK_CHOICE } from '../../catalog/sinks/index.js';
import { must } from '../props/must.js';
import type { ResolvedProps } from '../props/resolve.js';
import { type ContainerOptions, containerSettings, overridden } from '../records/container-options.js';
import { type RecordOptions, resolveRecords } from '../records/record-options.js';
import { type PodAnnotations, readAnnotations } from './annotations.js';
import { madeElsewhere } from './made-elsewhere.js';
import { requireShape } from './shape.js';
import { uninject } from './uninject.js';
import {
  type Container,
  isWorkload,
  type KubernetesObject,
  metadataOf,
  type PodTemplate,
  podTemplate,
} from './workload.js';

/** A container to tap. */
export interface ContainerTap {
  readonly container: Container;
  readonly options: ContainerOptions;
}

/** The plan of an injection. */
export interface InjectionPlan {
  /** A copy of the workload without an earlier injection. */
  readonly workload: KubernetesObject;
  /** Its pod template, not a copy. */
  readonly template: PodTemplate;
  readonly props: ResolvedProps;
  readonly annotations: PodAnnotations;
  /** The names to tap and to exclude, after the annotations. */
  readonly selection: Pick<ResolvedProps, 'containers' | 'excludeContainers'>;
  /** The containers of `template` to tap. */
  readonly taps: readonly ContainerTap[];
  /** Whether the pod runs until it is deleted, unlike the pod of a Job. */
  readonly isEndless: boolean;
}

/**
 * The plan for an object; `undefined` if it is no workload, or if another object makes its pods. The input is not changed.
 *
 * @throws if the workload does not have the shape that Kubernetes requires
 */
export function planInjection(manifest: any, given: ResolvedProps): InjectionPlan | undefined {
  if (!isWorkload(manifest?.apiVersion, manifest?.kind) || madeElsewhere(manifest) !== undefined) return undefined;
  const workload = uninject(manifest);
  const template = podTemplate(workload);
  requireShape(workload, template);
  const annotated = readAnnotations(metadataOf(workload));
  const ofPod = withRecords(given, annotated.records);
  const selection = {
    containers: annotated.containers ?? ofPod.containers,
    excludeContainers: annotated.excludeContainers ?? ofPod.excludeContainers,
  };
  const { spec } = template;
  const candidates = selection.containers === undefined ? spec.containers : allContainers(template);
  const taps = candidates
    .filter(({ name }) => selection.containers?.includes(name) ?? true)
    .filter(({ name }) => !selection.excludeContainers.includes(name))
    .map((container) => ({ container, options: optionsOf(container.name, ofPod, annotated) }));
  const { props, annotations } = withContainers(ofPod, annotated, taps);
  return {
    workload,
    template,
    props,
    annotations,
    selection,
    taps,
    isEndless: (spec.restartPolicy ?? workload.restartPolicy ?? 'Always') === 'Always',
  };
}

function withRecords(props: ResolvedProps, records: RecordOptions): ResolvedProps {
  if (Object.keys(records).length === 0) return props;
  const { events = {}, redact = {} } = props.recordOptions;
  const { mode: _mode, pattern: _pattern, ...bounds } = events;
  const kinds = [...(redact.kinds ?? []), ...(records.redact?.kinds ?? [])];
  const recordOptions = {
    ...props.recordOptions,
    ...records,
    // The annotation chooses the mode or the pattern, and the bounds stay where they have an effect.
    ...(records.events && { events: { ...(records.events.mode !== 'off' && bounds), ...records.events } }),
    // An annotation hides more, never less.
    ...(records.redact && { redact: { ...redact, kinds } }),
    ...(records.fields && { fields: { ...props.recordOptions.fields, ...records.fields } }),
  };
  return { ...props, recordOptions, records: resolveRecords(recordOptions) };
}

/** The options of one container: those of the pod, overridden by the container's property, then by its annotation. */
function optionsOf(name: string, props: ResolvedProps, annotations: PodAnnotations): ContainerOptions {
  return {
    ...props.options,
    ...annotations.options,
    ...overridden(props.perContainer[name], annotations.perContainer.get(name)),
  };
}

/** What differs by container, of the containers that are tapped. */
function withContainers(
  props: ResolvedProps,
  annotations: PodAnnotations,
  taps: readonly ContainerTap[],
): Pick<InjectionPlan, 'props' | 'annotations'> {
  const { recordOptions, containerSinks } = props;
  const containers = new Map(taps.map(({ container, options }) => [container.name, options]));
  try {
    const sinks = { ...containerSinks, ...annotatedSinks(props, annotations) };
    const records = resolveRecords(recordOptions, containerSettings(containers, recordOptions, sinks));
    return { props: { ...props, records }, annotations };
  } catch (error) {
    // The properties are valid by themselves.
    const message = `the annotations of a container do not fit: ${(error as Error).message}`;
    const problems = [...annotations.problems, { message, remedy: 'correct them' }];
    return { props, annotations: { ...annotations, problems } };
  }
}

/** An annotation chooses among the sinks of the pod, and replaces the property of the container. */
function annotatedSinks({ sink }: ResolvedProps, { sinks }: PodAnnotations): ResolvedProps['containerSinks'] {
  const known = sink.name.split(',');
  const entries = [...sinks].map(([container, names]) => {
    const other = names.find((name) => !known.includes(name));
    must(
      other === undefined,
      `${container}.logtap.dev/sink`,
      other,
      `be a sink of the pod, which has ${known.join(' and ')}: correct it, or add the sink to the property 'sink'`,
    );
    return [container, { [SINK_CHOICE.sinks.name]: names.join(',') }];
  });
  return Object.fromEntries(entries);
}

/** Containers and init containers of a pod. */
export function allContainers({ spec }: PodTemplate): Container[] {
  return [...spec.containers, ...(spec.initContainers ?? [])];
}
