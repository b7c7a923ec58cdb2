/**
 * Follows the live records of pods. Each pod has a connection of its own, which is made again when its shipper or the way to it
 * ends. Pods that come later are followed too.
 */
import type { IncomingMessage } from 'node:http';
import type { V1Pod } from '@kubernetes/client-node';
import type { TailRequest, TailResult } from '../../cli/cluster/cluster-module.js';
import { type Cluster, ClusterError } from '../cluster.js';
import { shipperOf } from '../upgrade/shipper-of.js';
import { type PodHttp, PodProblem, textOf } from './pod-http.js';
import { notRunning, unanswered } from './status.js';

export interface TailClock {
  /** Waits; ends early, without an error, when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export type TailedCluster = Pick<Cluster, 'pods' | 'refreshed'>;

/** Between looks for new pods, and between attempts to reach a pod. */
const LOOK_MS = 2000;
/** The shipper sends a line at least every 5 seconds. */
const SILENT_MS = 15_000;
/** The shipper cuts messages to 16 KiB, and has escapes. */
const LINE_MAX_BYTES = 1024 * 1024;

/** @throws ClusterError for an answer that concerns all pods */
export async function tail(
  cluster: TailedCluster,
  http: PodHttp,
  request: TailRequest,
  clock: TailClock,
): Promise<TailResult> {
  return new Tail(cluster, http, request, clock).follow();
}

class Tail {
  readonly #cluster: TailedCluster;
  readonly #http: PodHttp;
  readonly #request: TailRequest;
  readonly #clock: TailClock;
  /** By uid. */
  readonly #followed = new Map<string, Promise<void>>();
  readonly #ended = new Set<string>();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #error: unknown;

  constructor(cluster: TailedCluster, http: PodHttp, request: TailRequest, clock: TailClock) {
    this.#cluster = cluster;
    this.#http = http;
    this.#request = request;
    this.#clock = clock;
    this.#signal = AbortSignal.any([request.signal, this.#stop.signal]);
  }

  async follow(): Promise<TailResult> {
    let isFirst = true;
    let pods = 0;
    try {
      while (!this.#signal.aborted) {
        pods += await this.#look(isFirst);
        if (isFirst && pods === 0) break;
        isFirst = false;
        // Pods that were named do not come back under their name as the same pod.
        if (this.#request.pods.names.length > 0 && this.#followed.size === 0) break;
        await this.#clock.sleep(LOOK_MS, this.#signal);
      }
    } finally {
      this.#stop.abort();
      await Promise.all(this.#followed.values());
    }
    if (this.#error !== undefined) throw this.#error;
    return { pods };
  }

  /** Follows the tapped pods that are not followed so far, and gives their number. */
  async #look(isFirst: boolean): Promise<number> {
    const { pods: selection, onNotice } = this.#request;
    const isNamed = selection.names.length > 0;
    // The named ones are known after the first look, and may be gone.
    if (isNamed && !isFirst) return 0;
    const found = await this.#found(isFirst);
    let added = 0;
    for (const pod of found) {
      const { uid = '' } = pod.metadata ?? {};
      if (this.#followed.has(uid) || this.#ended.has(uid)) continue;
      if (shipperOf(pod) === undefined) {
        if (isNamed) throw new ClusterError('ClusterRefuses', `pod ${nameOf(pod)} is not tapped: ${notRunning(pod)}`);
        continue;
      }
      if (['Succeeded', 'Failed'].includes(pod.status?.phase ?? '')) continue;
      added += 1;
      if (!isFirst) onNotice(`${nameOf(pod)}: is new, and is followed`);
      this.#followed.set(uid, this.#followPod(pod, uid));
    }
    return added;
  }

  async #found(isFirst: boolean): Promise<readonly V1Pod[]> {
    try {
      return await this.#cluster.pods(this.#request.pods);
    } catch (error) {
      // The pods that are followed go on while the API server is away.
      if (isFirst || !(error instanceof ClusterError) || error.name === 'ClusterForbids') throw error;
      return [];
    }
  }

  async #followPod(pod: V1Pod, uid: string): Promise<void> {
    try {
      await this.#untilGone(pod);
    } catch (error) {
      this.#error ??= error;
      this.#stop.abort();
    } finally {
      this.#followed.delete(uid);
      this.#ended.add(uid);
    }
  }

  async #untilGone(pod: V1Pod): Promise<void> {
    const { onNotice } = this.#request;
    let said: string | undefined;
    const say = (text: string) => {
      // Once per reason: an attempt is made every other second.
      if (text !== said) onNotice(`${nameOf(pod)}: ${text}`);
      said = text;
    };
    let now: V1Pod | undefined = pod;
    while (!this.#signal.aborted) {
      if (now === undefined) return say('is gone, and is not followed any more');
      if (['Succeeded', 'Failed'].includes(now.status?.phase ?? '')) return say('has ended');
      try {
        const why = notRunning(now);
        if (why !== undefined) throw new PodProblem(why);
        await this.#stream(now, () => {
          if (said !== undefined) say('is followed again');
          said = undefined;
        });
        if (this.#signal.aborted) return;
        throw new PodProblem('the connection ended; lines until the next one are not shown here');
      } catch (error) {
        if (this.#signal.aborted) return;
        if (!(error instanceof PodProblem)) throw error;
        say(error.message);
        if (error.isLasting) return;
      }
      await this.#clock.sleep(LOOK_MS, this.#signal);
      if (!this.#signal.aborted) now = await this.#refreshed(pod, now);
    }
  }

  async #refreshed(pod: V1Pod, before: V1Pod): Promise<V1Pod | undefined> {
    try {
      return await this.#cluster.refreshed(pod);
    } catch (error) {
      if (!(error instanceof ClusterError) || error.name === 'ClusterForbids') throw error;
      return before;
    }
  }

  /** Hands over the records of one connection until it ends. */
  async #stream(pod: V1Pod, onOpen: () => void): Promise<void> {
    const { level, match, max } = this.#request;
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries({ level, match, max }))
      if (value !== undefined) query.set(name, String(value));
    const answer = await this.#http.get(pod, `/tail${query.size === 0 ? '' : `?${query}`}`, this.#signal);
    if (answer.status !== 200) {
      const text = await textOf(answer);
      // 503: as many clients as it takes, of which one may leave.
      throw new PodProblem(unanswered(answer.status, text), answer.status !== 503);
    }
    onOpen();
    try {
      for await (const line of linesOf(answer.body)) await this.#take(pod, line);
    } catch (error) {
      if (error instanceof PodProblem) throw error;
      throw new PodProblem(
        `the connection broke (${(error as Error).message}); lines until the next one are not shown here`,
      );
    }
  }

  async #take(pod: V1Pod, line: string): Promise<void> {
    const { onRecord, onNotShown } = this.#request;
    const { namespace = '', name = '' } = pod.metadata ?? {};
    let record: Readonly<Record<string, unknown>>;
    try {
      record = JSON.parse(line);
    } catch {
      throw new PodProblem('its answer is not that of a shipper', true);
    }
    if (typeof record.notShown !== 'number') await onRecord({ namespace, pod: name }, record);
    else if (record.notShown > 0) onNotShown({ namespace, pod: name }, record.notShown);
  }
}

const nameOf = ({ metadata: { namespace = '', name = '' } = {} }: V1Pod) => `${namespace}/${name}`;

/** Lines of a body. One that is silent for too long has lost its other end. */
async function* linesOf(body: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  const silent = () => body.destroy(new Error(`nothing came for ${SILENT_MS / 1000} s`));
  let timer = setTimeout(silent, SILENT_MS);
  try {
    body.setEncoding('utf8');
    for await (const text of body) {
      clearTimeout(timer);
      timer = setTimeout(silent, SILENT_MS);
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LINE_MAX_BYTES) throw new PodProblem('its answer is not that of a shipper', true);
      yield* lines.filter((line) => line !== '');
    }
  } finally {
    clearTimeout(timer);
  }
}
