/** Parts that the webhooks of meshes have in common. */
import type { Container, PodSpec, PodTemplate } from '../../../src/constructs/injection/workload.js';

/** Changes a pod as a webhook does. The input stays as it is. */
export type Injector = (template: PodTemplate) => PodTemplate;

/** A copy with annotations. */
export function annotated(template: PodTemplate, annotations: Record<string, string>): PodTemplate {
  const copy: PodTemplate = JSON.parse(JSON.stringify(template));
  if (Object.keys(annotations).length === 0) return copy;
  copy.metadata = { ...copy.metadata, annotations: { ...copy.metadata?.annotations, ...annotations } };
  return copy;
}

type Lists = 'containers' | 'initContainers' | 'volumes';
/** Appends to a list, which may be absent. */
export function added(spec: PodSpec, list: Lists, ...items: { name: string; [field: string]: unknown }[]): void {
  (spec as unknown as Record<Lists, object[]>)[list] = [...(spec[list] ?? []), ...items];
}

/** The list with the container of that name at its beginning or end. */
export function moved(list: readonly Container[], name: string, where: 'first' | 'last'): Container[] {
  const others = list.filter((container) => container.name !== name);
  const it = list.filter((container) => container.name === name);
  return where === 'first' ? [...it, ...others] : [...others, ...it];
}
