/** Which containers of a pod a policy taps, by the properties and by the annotations of the pod. */
import { CONTAINERS, EXCLUDE_CONTAINERS } from '../injection/annotations.js';
import type { ResolvedProps } from '../props/resolve.js';
import { literal, type Variable } from './cel.js';

/** The names in the annotation, or else those of the property. */
const names = (annotation: string, property: readonly string[]) =>
  `variables.annotations[?${literal(annotation)}].optMap(list, list.split(",").map(name, name.trim()))` +
  `.orValue(${literal(property)})`;

/** The parts of the pod, and the indexes of its tapped containers. */
export const selectionVariables = ({ containers, excludeContainers }: ResolvedProps): Variable[] => [
  { name: 'annotations', expression: 'object.metadata.?annotations.orValue({})' },
  { name: 'containers', expression: 'object.spec.containers' },
  { name: 'initContainers', expression: 'object.spec.?initContainers.orValue([])' },
  { name: 'all', expression: 'variables.containers + variables.initContainers' },
  { name: 'names', expression: 'variables.all.map(c, c.name)' },
  // Without a list, every container is tapped, but no init container.
  {
    name: 'isListed',
    expression: containers === undefined ? `${literal(CONTAINERS)} in variables.annotations` : 'true',
  },
  { name: 'listed', expression: names(CONTAINERS, containers ?? []) },
  { name: 'excluded', expression: names(EXCLUDE_CONTAINERS, excludeContainers) },
  {
    name: 'tapped',
    expression: indexes(
      'variables.containers',
      (name) => `(!variables.isListed || ${name} in variables.listed) && !(${name} in variables.excluded)`,
    ),
  },
  {
    name: 'tappedInit',
    expression: indexes(
      'variables.initContainers',
      (name) => `variables.isListed && ${name} in variables.listed && !(${name} in variables.excluded)`,
    ),
  },
  {
    name: 'taps',
    expression:
      'variables.tapped.map(i, variables.containers[i]) + variables.tappedInit.map(i, variables.initContainers[i])',
  },
];

/** The indexes of the containers of a list whose names meet a condition. */
const indexes = (list: string, condition: (name: string) => string) =>
  `lists.range(${list}.size()).filter(i, ${condition(`${list}[i].name`)})`;
