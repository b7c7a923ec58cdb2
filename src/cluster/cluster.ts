/** The cluster of the user's kubeconfig, with the user's rights. */
import {
  ApiException,
  CoreV1Api,
  KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
  setHeaderOptions,
  type V1Pod,
} from '@kubernetes/client-node';
import type { ClusterErrorName, PodSelection } from '../cli/cluster/cluster-module.js';

/** The answer of a cluster that stops a command. */
export class ClusterError extends Error {
  override readonly name: ClusterErrorName;

  constructor(name: ClusterErrorName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }
}

/** An operation of a JSON patch (RFC 6902). */
export interface PatchOperation {
  readonly op: 'test' | 'replace';
  readonly path: string;
  readonly value: unknown;
}

/** An event. Its id changes when it happens again. */
export interface Warning {
  readonly id: string;
  readonly text: string;
}

/** Any object. */
export interface ClusterObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly ownerReferences?: readonly OwnerReference[];
  };
  // biome-ignore lint/suspicious/noExplicitAny: objects of any kind
  readonly spec?: any;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

/** The context of the client library where it found no kubeconfig: it then takes http://localhost:8080 for the cluster. */
const NO_KUBECONFIG = 'loaded-context';
/** Pods of one answer. */
const PAGE = 500;
const FIELD_MANAGER = 'logtap-upgrade';

export class Cluster {
  readonly config: KubeConfig;
  readonly #pods: CoreV1Api;
  readonly #objects: KubernetesObjectApi;
  readonly #namespace: string;
  readonly #server: string;

  private constructor(config: KubeConfig) {
    this.config = config;
    this.#pods = config.makeApiClient(CoreV1Api);
    this.#objects = KubernetesObjectApi.makeApiClient(config);
    this.#namespace = config.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
    this.#server = config.getCurrentCluster()?.server ?? 'no server';
  }

  /**
   * That of KUBECONFIG, of ~/.kube/config, or of the service account of the pod in which this runs.
   *
   * @throws ClusterError if the kubeconfig cannot be read or names no cluster
   */
  static current(): Cluster {
    const config = new KubeConfig();
    try {
      config.loadFromDefault();
      if (config.currentContext === NO_KUBECONFIG) throw new Error('there is none');
      if (config.getCurrentCluster() === null) throw new Error('its current context names no cluster');
      return new Cluster(config);
    } catch (error) {
      // Below the first line is an excerpt, which may be of a token. An empty file makes the client fail on nothing.
      const [message] = error instanceof TypeError ? ['it is empty'] : (error as Error).message.split('\n');
      throw new ClusterError(
        'ClusterUnreachable',
        `the kubeconfig is of no use: ${message}. Set KUBECONFIG to a file with which kubectl works`,
        { cause: error },
      );
    }
  }

  async pods({ namespace = this.#namespace, allNamespaces, labels, names }: PodSelection): Promise<V1Pod[]> {
    const found: V1Pod[] = [];
    let _continue: string | undefined;
    do {
      const page = {
        limit: PAGE,
        ...(labels !== undefined && { labelSelector: labels }),
        ...(_continue !== undefined && { _continue }),
      };
      const what = `list pods${allNamespaces ? ' of all namespaces' : ` of namespace ${namespace}`}`;
      const list = await this.#answer(what, () =>
        allNamespaces ? this.#pods.listPodForAllNamespaces(page) : this.#pods.listNamespacedPod({ namespace, ...page }),
      );
      found.push(...list.items);
      _continue = list.metadata?._continue || undefined;
    } while (_continue !== undefined);
    if (names.length === 0) return found;
    const missing = names.filter((name) => !found.some((pod) => pod.metadata?.name === name));
    if (missing.length > 0) {
      throw new ClusterError('ClusterRefuses', `no pod is named ${missing.join(', ')} in namespace ${namespace}`);
    }
    return found.filter((pod) => names.includes(pod.metadata?.name ?? ''));
  }

  /** The pod as it is now; `undefined` if it is gone, or another has its name. */
  async refreshed({ metadata: { name = '', namespace = '', uid } = {} }: V1Pod): Promise<V1Pod | undefined> {
    const pod = await this.#found(`get pod ${namespace}/${name}`, () =>
      this.#pods.readNamespacedPod({ name, namespace }),
    );
    return pod?.metadata?.uid === uid ? pod : undefined;
  }

  /** The last lines that a container has printed since its start. */
  logEnd(
    { metadata: { name = '', namespace = '' } = {} }: V1Pod,
    container: string,
    tailLines: number,
  ): Promise<string> {
    return this.#answer(`read the log of pod ${namespace}/${name}`, () =>
      this.#pods.readNamespacedPodLog({ name, namespace, container, tailLines }),
    );
  }

  async patchPod(pod: V1Pod, body: readonly PatchOperation[], isDryRun: boolean): Promise<void> {
    const { name = '', namespace = '' } = pod.metadata ?? {};
    await this.#answer(`patch pod ${namespace}/${name}`, () =>
      this.#pods.patchNamespacedPod(
        { name, namespace, body, fieldManager: FIELD_MANAGER, ...(isDryRun && { dryRun: 'All' }) },
        setHeaderOptions('Content-Type', PatchStrategy.JsonPatch),
      ),
    );
  }

  /** The warnings of the kubelet about a container; none for a user who may not read them. */
  async warnings(pod: V1Pod, fieldPath: string): Promise<Warning[]> {
    const { namespace = '', uid } = pod.metadata ?? {};
    const fieldSelector = `involvedObject.uid=${uid},type=Warning`;
    try {
      const { items } = await this.#answer(`list events of namespace ${namespace}`, () =>
        this.#pods.listNamespacedEvent({ namespace, fieldSelector }),
      );
      return items
        .filter(({ involvedObject }) => involvedObject.fieldPath === fieldPath)
        .map(({ metadata, reason = '', message = '', count = 1 }) => ({
          id: `${metadata.uid} ${count}`,
          text: `${reason}: ${message}`,
        }));
    } catch (error) {
      if (error instanceof ClusterError && error.name === 'ClusterForbids') return [];
      throw error;
    }
  }

  /** An object of any kind; `undefined` if there is none. */
  object(reference: OwnerReference, namespace: string): Promise<ClusterObject | undefined> {
    const { apiVersion, kind, name } = reference;
    return this.#found(`get ${kind} ${namespace}/${name}`, () =>
      this.#objects.read({ apiVersion, kind, metadata: { name, namespace } }),
    ) as Promise<ClusterObject | undefined>;
  }

  async #found<T>(what: string, ask: () => Promise<T>): Promise<T | undefined> {
    return this.#answer(what, async () => {
      try {
        return await ask();
      } catch (error) {
        if (error instanceof ApiException && error.code === 404) return undefined;
        throw error;
      }
    });
  }

  /** Gives the error of a request its name and remedy. */
  async #answer<T>(what: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ApiException)) {
        const { message, cause } = error as Error;
        const why = cause instanceof Error ? `${message}: ${cause.message}` : message;
        throw new ClusterError('ClusterUnreachable', `cannot ${what}: ${this.#server} does not answer: ${why}`, {
          cause: error,
        });
      }
      const isForbidden = error.code === 401 || error.code === 403;
      const remedy = isForbidden ? '. Give the user of the kubeconfig this right' : '';
      throw new ClusterError(
        isForbidden ? 'ClusterForbids' : 'ClusterRefuses',
        `cannot ${what}: ${reasonOf(error)}${remedy}`,
        { cause: error },
      );
    }
  }
}

/** The message of a Status, which is what the API server answers to a refused request. */
function reasonOf({ code, body }: ApiException<unknown>): string {
  try {
    const status = typeof body === 'string' ? JSON.parse(body) : body;
    if (typeof status?.message === 'string') return status.message;
  } catch {
    // A proxy's page.
  }
  return `status ${code}`;
}
