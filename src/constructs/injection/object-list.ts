/**
 * Lists of objects: `List`, as in files, lists of one kind such as `DeploymentList`, as in answers of the API server, and
 * `ResourceList`, the input and output of KRM functions, which kustomize runs.
 */
import { KNOWN_TEMPLATES, whyUnworkable } from './embedded/kinds.js';
import { isWorkload, type KubernetesObject } from './workload.js';

const hasPods = (apiVersion: string, kind: string) =>
  isWorkload(apiVersion, kind) ||
  Object.hasOwn(KNOWN_TEMPLATES, `${apiVersion}/${kind}`) ||
  whyUnworkable(apiVersion, kind) !== undefined;

/** Kind of the items, derived from the kind of the list. The API server omits it in each item. */
function itemType(apiVersion: unknown, kind: unknown): { apiVersion: string; kind: string } | undefined {
  const [, itemKind] = /^(.+)List$/.exec(String(kind)) ?? [];
  // Custom kinds may also end in `List`, with items of any meaning.
  if (itemKind === undefined || !hasPods(String(apiVersion), itemKind)) return undefined;
  return { apiVersion: String(apiVersion), kind: itemKind };
}

const FUNCTION_GROUP = 'config.kubernetes.io/';

/** Whether an object of this kind is the input or the output of a KRM function. */
export function isResourceList(apiVersion: unknown, kind: unknown): boolean {
  return kind === 'ResourceList' && String(apiVersion).startsWith(FUNCTION_GROUP);
}

/** Whether an object of this kind is a list that may contain workloads. */
export function isList(apiVersion: unknown, kind: unknown): boolean {
  return kind === 'List' || isResourceList(apiVersion, kind) || itemType(apiVersion, kind) !== undefined;
}

const isObject = (item: unknown) => item !== null && typeof item === 'object' && !Array.isArray(item);

/**
 * The items of a list, each with its kind; `undefined` if the object is not a list. Programs in Go write `null` for no items.
 *
 * @throws if the list has no `items`
 */
export function listItems(manifest: any): KubernetesObject[] | undefined {
  const { apiVersion, kind, items } = manifest ?? {};
  if (!isList(apiVersion, kind)) return undefined;
  if (items === null) return [];
  if (!Array.isArray(items)) throw new Error(`a ${kind} must have 'items': add them`);
  const type = itemType(apiVersion, kind);
  return items.map((item) => (isObject(item) ? { ...type, ...item } : item));
}

/** A copy of the list with other items. An item has the fields `apiVersion` and `kind` only if it had them before. */
export function withItems(list: any, change: (item: KubernetesObject) => any): any {
  if (list.items === null) return { ...list };
  const items = listItems(list)!.map((item, index) => {
    if (!isObject(item)) return item;
    const { apiVersion, kind, ...rest } = change(item);
    const before = list.items[index];
    return { ...('apiVersion' in before && { apiVersion }), ...('kind' in before && { kind }), ...rest };
  });
  return { ...list, items };
}
