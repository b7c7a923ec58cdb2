/** Lists of objects: `List`, as files have it, and those of one kind, such as `DeploymentList`, as the API server answers. */
import { isWorkload, type KubernetesObject } from './workload.js';

/** Kind of the items, where the kind of the list says it. The API server leaves it out of each. */
function itemType(apiVersion: unknown, kind: unknown): { apiVersion: string; kind: string } | undefined {
  const [, itemKind] = /^(.+)List$/.exec(String(kind)) ?? [];
  // Kinds of others may end with `List`, and have items of any meaning.
  if (itemKind === undefined || !isWorkload(apiVersion, itemKind)) return undefined;
  return { apiVersion: String(apiVersion), kind: itemKind };
}

/** Whether an object of this kind is a list in which workloads may be. */
export function isList(apiVersion: unknown, kind: unknown): boolean {
  return kind === 'List' || itemType(apiVersion, kind) !== undefined;
}

const isObject = (item: unknown) => item !== null && typeof item === 'object' && !Array.isArray(item);

/**
 * The items of a list, each with the kind that it has; nothing for what is no list.
 *
 * @throws if it has none
 */
export function listItems(manifest: any): KubernetesObject[] | undefined {
  const { apiVersion, kind, items } = manifest ?? {};
  if (!isList(apiVersion, kind)) return undefined;
  if (!Array.isArray(items)) throw new Error(`a ${kind} must have 'items': add them`);
  const type = itemType(apiVersion, kind);
  return items.map((item) => (isObject(item) ? { ...type, ...item } : item));
}

/** A copy of the list with other items. They have the fields `apiVersion` and `kind` where they had them before. */
export function withItems(list: any, change: (item: KubernetesObject) => any): any {
  const items = listItems(list)!.map((item, index) => {
    if (!isObject(item)) return item;
    const { apiVersion, kind, ...rest } = change(item);
    const before = list.items[index];
    return { ...('apiVersion' in before && { apiVersion }), ...('kind' in before && { kind }), ...rest };
  });
  return { ...list, items };
}
