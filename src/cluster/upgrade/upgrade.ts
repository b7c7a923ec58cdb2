/** Replaces the image of the shipper in running pods, a few at a time, and stops at the first one that does not start. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import type { UpgradeOutcome, UpgradeRequest, UpgradeResult } from '../../cli/cluster/cluster-module.js';
import { type Cluster, ClusterError } from '../cluster.js';
import { type Clock, imagePatch, type Replacement, replace } from './replace.js';
import { type PodShipper, refusal, shipperOf } from './shipper-of.js';
import { Templates } from './templates.js';

export type UpgradedCluster = Pick<Cluster, 'pods' | 'refreshed' | 'patchPod' | 'warnings' | 'object'>;

interface Candidate {
  readonly pod: V1Pod;
  readonly shipper: PodShipper;
}

const REAL: Clock = { now: () => performance.now(), sleep };

/** @throws ClusterError */
export async function upgrade(cluster: UpgradedCluster, request: UpgradeRequest, clock = REAL): Promise<UpgradeResult> {
  const run = new Upgrade(cluster, request, clock);
  await run.start();
  return run.result;
}

class Upgrade {
  readonly #cluster: UpgradedCluster;
  readonly #request: UpgradeRequest;
  readonly #clock: Clock;
  readonly #templates: Templates;
  readonly #warnings: string[] = [];
  #waiting: Candidate[] = [];
  #counts = { replaced: 0, current: 0, refused: 0, failed: 0 };
  #stopped: unknown;

  constructor(cluster: UpgradedCluster, request: UpgradeRequest, clock: Clock) {
    this.#cluster = cluster;
    this.#request = request;
    this.#clock = clock;
    this.#templates = new Templates(cluster, request.image);
  }

  get result(): UpgradeResult {
    return { ...this.#counts, left: this.#waiting.length };
  }

  async start(): Promise<void> {
    const { pods, maxUnavailable, report } = this.#request;
    for (const pod of await this.#cluster.pods(pods)) await this.#sort(pod);
    const workers = Array.from({ length: Math.min(maxUnavailable, this.#waiting.length) }, () => this.#work());
    await Promise.all(workers);
    for (const { pod } of this.#waiting)
      this.#report(pod, 'left', 'left as it is, because an upgrade before it failed');
    for (const detail of this.#warnings) report({ detail });
    if (this.#stopped !== undefined) throw this.#stopped;
  }

  async #sort(pod: V1Pod): Promise<void> {
    const { image, pods } = this.#request;
    const shipper = shipperOf(pod);
    if (shipper === undefined) {
      // Without names or labels, the selection is all tapped pods.
      if (pods.names.length === 0 && pods.labels === undefined) return;
      this.#counts.refused += 1;
      this.#report(pod, 'refused', 'refused: it is not tapped');
      return;
    }
    const reason = refusal(pod, shipper);
    // A Job's pods stay after their end.
    if (['Succeeded', 'Failed'].includes(pod.status?.phase ?? '') && pods.names.length === 0) return;
    if (reason !== undefined) {
      this.#counts.refused += 1;
      this.#report(pod, 'refused', `refused: ${reason}`);
    } else if (shipper.container.image === image) {
      this.#counts.current += 1;
      this.#report(pod, 'current', `has ${image} already`);
      await this.#warn(pod);
    } else {
      this.#waiting.push({ pod, shipper });
    }
  }

  async #work(): Promise<void> {
    for (;;) {
      if (this.#counts.failed > 0 || this.#stopped !== undefined) return;
      const next = this.#waiting.shift();
      if (next === undefined) return;
      try {
        await this.#upgrade(next);
      } catch (error) {
        // The others that have begun go on to their end.
        this.#stopped ??= error;
        this.#counts.failed += 1;
      }
    }
  }

  async #upgrade({ pod, shipper }: Candidate): Promise<void> {
    const { image, isDryRun } = this.#request;
    const before = shipper.container.image ?? '';
    const replacement = await this.#replaced({ pod, shipper }, before);
    if (replacement.outcome === 'gone') {
      this.#report(pod, 'gone', 'was deleted meanwhile');
      return;
    }
    if (replacement.outcome === 'failed') {
      this.#counts.failed += 1;
      this.#report(pod, 'failed', `failed: ${replacement.why}`);
      return;
    }
    this.#counts.replaced += 1;
    this.#report(
      pod,
      'replaced',
      isDryRun
        ? `would get ${image} in the place of ${before}`
        : `has ${image} in the place of ${before}, after ${replacement.seconds} s; the application was not restarted`,
    );
    await this.#warn(pod);
  }

  /** A pod that another client changed meanwhile, or whose change an admission refuses, is a failure of this pod. */
  async #replaced({ pod, shipper }: Candidate, before: string): Promise<Replacement> {
    const { image, isDryRun } = this.#request;
    try {
      if (!isDryRun) return await replace(this.#cluster, pod, shipper, image, this.#clock);
      await this.#cluster.patchPod(pod, imagePatch(shipper, before, image), true);
      return { outcome: 'replaced', seconds: 0 };
    } catch (error) {
      if (!(error instanceof ClusterError) || error.name !== 'ClusterRefuses') throw error;
      return { outcome: 'failed', why: error.message };
    }
  }

  #report({ metadata: { namespace = '', name: pod = '' } = {} }: V1Pod, outcome: UpgradeOutcome, detail: string): void {
    this.#request.report({ namespace, pod, outcome, detail });
  }

  async #warn(pod: V1Pod): Promise<void> {
    const warning = await this.#templates.warning(pod);
    if (warning !== undefined) this.#warnings.push(warning);
  }
}
