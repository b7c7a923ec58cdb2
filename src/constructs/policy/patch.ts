/** The changes of a pod, in their order: what is added, and where. */

import type { AddedParts } from '../injection/added-parts.js';
import { CONFIG_HASH_ANNOTATION, ORIGINAL_ANNOTATION } from '../injection/annotations.js';
import { PROXIES } from '../injection/mesh.js';
import { SKIP_CONTAINERS_ANNOTATION } from '../injection/uninject.js';
import type { ResolvedProps } from '../props/resolve.js';
import { joined, literal, type Variable } from './cel.js';

type Texts = Readonly<Record<string, string>>;

/** One key of a JSON Pointer. */
const escaped = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1');

/** An addition. Both are expressions. */
const add = (path: string, value: string) => `{"path": dyn(${path}), "value": dyn(${value})}`;

/** An empty list or map in a place that has none. */
const ensure = (field: string, empty: '[]' | '{}') =>
  `(has(object.${field}) ? [] : [${add(literal(`/${field.replaceAll('.', '/')}`), empty)}])`;

/** What the pod does not have yet. */
export const missingVariables = ({ shipper, isWithoutAwsCredentials }: ResolvedProps): Variable[] => [
  {
    name: 'addedLabels',
    expression: `${literal(Object.keys(shipper.labels ?? {}))}.filter(name, !(name in object.metadata.?labels.orValue({})))`,
  },
  {
    name: 'addedAnnotations',
    expression: `${literal(Object.keys(shipper.annotations ?? {}))}.filter(name, !(name in variables.annotations))`,
  },
  {
    name: 'addedPullSecrets',
    expression: `${literal([...new Set(shipper.imagePullSecrets)])}.filter(name, !object.spec.?imagePullSecrets.orValue([]).exists(s, s.name == name))`,
  },
  ...(isWithoutAwsCredentials
    ? [{ name: 'skipped', expression: `variables.annotations[?${literal(SKIP_CONTAINERS_ANNOTATION)}]` }]
    : []),
  // The shipper is behind the proxy of a mesh, unless a container before it is tapped.
  {
    name: 'proxies',
    expression: `lists.range(variables.initContainers.size()).filter(i, variables.initContainers[i].?restartPolicy.orValue("") == "Always" && variables.initContainers[i].name in ${literal(PROXIES)})`,
  },
  { name: 'proxy', expression: 'variables.proxies.size() > 0 ? variables.proxies[0] : -1' },
  {
    name: 'start',
    expression:
      'variables.tappedInit.size() == 0 || variables.proxy < variables.tappedInit[0] ? variables.proxy + 1 : 0',
  },
];

function maps(field: 'labels' | 'annotations', added: Texts, names: string): string {
  if (Object.keys(added).length === 0) return '[]';
  const paths = Object.fromEntries(Object.keys(added).map((key) => [key, `/metadata/${field}/${escaped(key)}`]));
  return `${names}.map(name, ${add(`${literal(paths)}[name]`, `${literal(added)}[name]`)})`;
}

const annotation = (name: string, value: string) =>
  `[${add(literal(`/metadata/annotations/${escaped(name)}`), value)}]`;

const SKIPPED = `[variables.skipped.orValue("").split(",").map(name, name.trim()).filter(name, name != "")]
  .map(before, (before + variables.names).distinct().join(","))[0]`;

/** Environment and mounts of the tapped containers of a list. `from` is the place of the first among all tapped ones. */
const containers = (list: string, indexes: string, from: string) =>
  `lists.range(${indexes}.size()).map(n, [
    ${add(`"/spec/${list}/" + string(${indexes}[n]) + "/env"`, `variables.environment[n + ${from}]`)},
    ${add(`"/spec/${list}/" + string(${indexes}[n]) + "/volumeMounts"`, `variables.mounts[n + ${from}]`)}
  ]).flatten()`;

export function patchVariable(
  props: ResolvedProps,
  added: Readonly<Record<keyof AddedParts, unknown>>,
  hash: string,
): Variable {
  const { shipper, isWithoutAwsCredentials } = props;
  const labels = shipper.labels ?? {};
  const start = (after: number) => `"/spec/initContainers/" + string(variables.start + ${after})`;
  const lists = [
    ...(Object.keys(labels).length === 0 ? [] : [ensure('metadata.labels', '{}')]),
    maps('labels', labels, 'variables.addedLabels'),
    ensure('metadata.annotations', '{}'),
    maps('annotations', shipper.annotations ?? {}, 'variables.addedAnnotations'),
    ...(isWithoutAwsCredentials ? [annotation(SKIP_CONTAINERS_ANNOTATION, SKIPPED)] : []),
    annotation(CONFIG_HASH_ANNOTATION, literal(hash)),
    annotation(ORIGINAL_ANNOTATION, 'variables.original'),
    containers('containers', 'variables.tapped', '0'),
    containers('initContainers', 'variables.tappedInit', 'variables.tapped.size()'),
    ...(shipper.imagePullSecrets.length === 0 ? [] : [ensure('spec.imagePullSecrets', '[]')]),
    `variables.addedPullSecrets.map(name, ${add('"/spec/imagePullSecrets/-"', '{"name": name}')})`,
    `variables.raised.map(each, ${add('each.path', 'each.value')})`,
    ensure('spec.initContainers', '[]'),
    ...[added.installer, added.shipper]
      .filter((container) => container !== undefined)
      .map((container, index) => `[${add(start(index), literal(container))}]`),
    ensure('spec.volumes', '[]'),
    ...(added.volumes as unknown[]).map((volume) => `[${add('"/spec/volumes/-"', literal(volume))}]`),
    `[${add('"/spec/terminationGracePeriodSeconds"', 'variables.graceSeconds')}]`,
  ].filter((list) => list !== '[]');
  return { name: 'patch', expression: joined(lists) };
}
