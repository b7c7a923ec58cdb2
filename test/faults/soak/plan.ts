/** Which fault comes when, from a seed: the same seed gives the same plan. */
import type { Way } from '../../support/door.js';
import type { RequestFault } from '../../support/fault-service.js';
import { REQUEST_FAULTS } from '../catalogue/answers.js';

export type Event =
  | { readonly kind: 'answer'; readonly name: string; readonly fault: RequestFault }
  | { readonly kind: 'network'; readonly name: Way }
  | { readonly kind: 'kill'; readonly name: 'shipper killed' }
  | { readonly kind: 'stop'; readonly name: 'shipper stopped' };

export interface Planned {
  readonly atMs: number;
  readonly forMs: number;
  readonly event: Event;
}

const EVERY_MS = [2000, 5000] as const;
const FOR_MS = [200, 1500] as const;
/** The memory of one process is watched: the shipper is killed only in this share of the time. */
const KILLS_SHARE = 1 / 3;
const WAYS: readonly Way[] = ['refused', 'reset while sending', 'reset before the answer', 'slow'];

/** Uniform in [0, 1): a linear congruential generator, whose upper bits are used. */
export function randomOf(seed: number): () => number {
  let state = BigInt(seed);
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number(state >> 32n) / 2 ** 32;
  };
}

export function planOf(seed: number, ms: number): readonly Planned[] {
  const random = randomOf(seed);
  const between = ([least, most]: readonly [number, number]) => least + random() * (most - least);
  const oneOf = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
  const event = (atMs: number): Event => {
    const kind = random();
    if (kind < 0.15 && atMs < ms * KILLS_SHARE) return { kind: 'kill', name: 'shipper killed' };
    if (kind < 0.25) return { kind: 'stop', name: 'shipper stopped' };
    if (kind < 0.55) return { kind: 'network', name: oneOf(WAYS) };
    const [name, fault] = oneOf(REQUEST_FAULTS);
    return { kind: 'answer', name, fault };
  };
  const plan: Planned[] = [];
  for (let atMs = between(EVERY_MS); atMs < ms; atMs += between(EVERY_MS))
    plan.push({ atMs, forMs: between(FOR_MS), event: event(atMs) });
  return plan;
}
