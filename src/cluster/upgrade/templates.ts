/** What the next rollout would do: the image of the shipper in the template of the object that owns a pod. */
import type { V1Pod } from '@kubernetes/client-node';
import { type Cluster, ClusterError, type ClusterObject, type OwnerReference } from '../cluster.js';
import { shipperOf } from './shipper-of.js';

/** Owners of owners: a pod of a CronJob has two, a pod of an operator's Deployment three. */
const OWNERS_MAX = 6;

const controllerOf = (references: readonly OwnerReference[] | undefined) =>
  references?.find(({ controller }) => controller === true);

/** Collects a line for each owner of replaced pods whose template has another image. */
export class Templates {
  readonly #cluster: Pick<Cluster, 'object'>;
  readonly #image: string;
  readonly #seen = new Set<string>();

  constructor(cluster: Pick<Cluster, 'object'>, image: string) {
    this.#cluster = cluster;
    this.#image = image;
  }

  /** The warning about the pod's owner; `undefined` if there is none, or it was given before. */
  async warning(pod: V1Pod): Promise<string | undefined> {
    const { namespace = '', name = '', ownerReferences } = pod.metadata ?? {};
    const controller = controllerOf(ownerReferences as OwnerReference[] | undefined);
    if (controller === undefined) return undefined;
    if (this.#seen.has(controller.uid)) return undefined;
    this.#seen.add(controller.uid);
    try {
      const owner = await this.#top(controller, namespace);
      return owner === undefined ? undefined : this.#about(owner, namespace);
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      return `${namespace}/${name}: the template of its owner was not read: ${error.message}`;
    }
  }

  /** The object that the user applies: the last one with a template. */
  async #top(controller: OwnerReference, namespace: string): Promise<ClusterObject | undefined> {
    let top: ClusterObject | undefined;
    let next: OwnerReference | undefined = controller;
    for (let i = 0; next !== undefined && i < OWNERS_MAX; i++) {
      const owner: ClusterObject | undefined = await this.#cluster.object(next, namespace);
      if (owner === undefined) break;
      if (i > 0) {
        if (this.#seen.has(next.uid)) return undefined;
        this.#seen.add(next.uid);
      }
      if (templateOf(owner) !== undefined) top = owner;
      next = controllerOf(owner.metadata.ownerReferences);
    }
    return top;
  }

  #about(owner: ClusterObject, namespace: string): string | undefined {
    const what = `${owner.kind} ${namespace}/${owner.metadata.name}`;
    const image = shipperOf(templateOf(owner)!)?.container.image;
    if (image === this.#image) return undefined;
    const remedy =
      image === undefined
        ? `its template has no shipper, which the cluster injects: give the policy or webhook that injects it the image ${this.#image}`
        : `its template still has ${image}, so its next rollout brings it back: set shipper.image of the construct, or --image of logtap inject, to ${this.#image} before that`;
    return `${what}: ${remedy}`;
  }
}

/** The template of a workload, or that of a CronJob's Jobs. */
function templateOf({ spec }: ClusterObject): Pick<V1Pod, 'spec'> | undefined {
  return spec?.template?.spec !== undefined ? spec.template : spec?.jobTemplate?.spec?.template;
}
