/** Objects of an app that restrict the pods of its workloads. */
import { ApiObject } from 'cdk8s';
import type { IConstruct } from 'constructs';

const KINDS = ['NetworkPolicy', 'LimitRange', 'ResourceQuota'];

/** Rendered, and cached until the next validation. */
const rendered = new WeakMap<IConstruct, readonly any[]>();
const watched = new WeakSet<IConstruct>();

/** Rendered once per validation, not once per workload, because an app may have as many policies as workloads. */
export function neighboursIn(root: IConstruct): readonly any[] {
  let objects = rendered.get(root);
  if (objects === undefined) {
    objects = root.node
      .findAll()
      .filter((construct) => ApiObject.isApiObject(construct) && KINDS.includes(construct.kind))
      .map((construct) => (construct as ApiObject).toJson());
    rendered.set(root, objects);
  }
  return objects;
}

/** Call this before an app is validated. Validation begins with the root of the app and then clears the cache. */
export function watchNeighbours({ node: { root } }: IConstruct): void {
  if (watched.has(root)) return;
  watched.add(root);
  const forget = () => {
    rendered.delete(root);
    return [];
  };
  root.node.addValidation({ validate: forget });
}
