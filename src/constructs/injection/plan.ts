/** The plan of an injection: the original workload, the containers to tap, and the mode of the shipper. */

import { isNative, type LogTapProps } from '../props/log-tap-props.js';
import type { TapOptions } from '../props/tap-options.js';
import { containerOptions, type PodAnnotations, readAnnotations, withAnnotations } from './annotations.js';
import { uninject } from './uninject.js';
import { type Container, type KubernetesObject, metadataOf, type PodTemplate, podTemplate } from './workload.js';

/** A container to tap. */
export interface ContainerTap {
  readonly container: Container;
  readonly options: TapOptions;
}

/** The plan of an injection. */
export interface InjectionPlan {
  /** A copy of the workload without an earlier injection. */
  readonly workload: KubernetesObject;
  /** Its pod template, not a copy. */
  readonly template: PodTemplate;
  /** The properties, overridden by the annotations. */
  readonly props: LogTapProps;
  readonly annotations: PodAnnotations;
  /** The containers of `template` to tap. */
  readonly taps: readonly ContainerTap[];
  readonly isNative: boolean;
  /** Whether the pod runs until it is deleted, unlike the pod of a Job. */
  readonly isEndless: boolean;
}

/**
 * The plan for a workload. The input is not changed.
 *
 * @throws if the workload does not have the shape that Kubernetes requires
 */
export function planInjection(manifest: KubernetesObject, given: LogTapProps): InjectionPlan {
  const workload = uninject(manifest);
  const template = podTemplate(workload);
  const annotations = readAnnotations(metadataOf(workload));
  const props = withAnnotations(given, annotations);
  const { spec } = template;
  const candidates = props.containers === undefined ? spec.containers : allContainers(template);
  const taps = candidates
    .filter(({ name }) => props.containers?.includes(name) ?? true)
    .filter(({ name }) => !props.excludeContainers?.includes(name))
    .map((container) => ({ container, options: containerOptions(props, annotations, container.name) }));
  return {
    workload,
    template,
    props,
    annotations,
    taps,
    isNative: isNative(props),
    isEndless: (spec.restartPolicy ?? 'Always') === 'Always',
  };
}

/** Containers and init containers of a pod. */
export function allContainers({ spec }: PodTemplate): Container[] {
  return [...spec.containers, ...(spec.initContainers ?? [])];
}
