/** What a plan has more when it delivers to an OTLP endpoint, to a peer of the Forward protocol, or to one that reads lines. */
import type { Plan, Step } from './plan.js';
import type { CollectorPlan } from './world/collector.js';
import { Random } from './world/random.js';
import type { StreamPlan } from './world/stream-service.js';

/** Of the seeds that do not go to CloudWatch Logs: a quarter of all. */
const TO_COLLECTORS = 0.4;

/** A share of the seeds go there; the others are as they were. */
export function withCollectors(plan: Plan): Plan {
  const random = new Random(plan.seed).fork('collectors');
  if (plan.logs !== undefined || !random.chance(TO_COLLECTORS)) return plan;
  const collector = collectorOf(random);
  const steps = collector.kind === 'otlp' && collector.refuses === 'requests' ? withFewRefused(plan.steps) : plan.steps;
  return {
    ...plan,
    collector,
    environment: { ...environmentOf(collector, random), ...withoutOpenSearch(plan.environment) },
    steps: [...steps, ...faults(random.fork('faults'))].sort((one, other) => one.atMs - other.atMs),
  };
}

/** Memory of records that wait until others are taken: an eighth of the least LOGTAP_MEMORY_MAX_BYTES of a plan. */
const WAITING_BYTES = 131_072;
/** Of a record, in addition to its text. */
const OVERHEAD_BYTES = 200;

/** An endpoint of which nothing is known to be taken gets no further record beyond that (docs/decisions/0056-otlp-without-a-library.md). */
function withFewRefused(steps: readonly Step[]): Step[] {
  let left = WAITING_BYTES / 2;
  return steps.map((step) => {
    if (step.do !== 'write' || step.mark === undefined) return step;
    const bytes = step.bytes + OVERHEAD_BYTES;
    const calls = Math.max(1, Math.min(step.calls, Math.floor(left / bytes)));
    const lines = Math.max(1, Math.min(step.lines, Math.floor(left / (calls * bytes))));
    left = Math.max(0, left - calls * lines * bytes);
    return { ...step, calls, lines };
  });
}

function collectorOf(random: Random): CollectorPlan | StreamPlan {
  const kind = random.of(['otlp', 'otlp', 'otlp', 'forward', 'forward', 'tcp'] as const);
  if (kind !== 'otlp') return { kind, isAcked: kind === 'forward' && random.chance(0.8) };
  const isBounded = random.chance(0.2);
  return {
    kind,
    refuses: random.of(['records', 'requests']),
    encoding: random.of(['protobuf', 'protobuf', 'json']),
    ...(isBounded && { bodyMaxBytes: 12_000 }),
  };
}

function environmentOf(collector: CollectorPlan | StreamPlan, random: Random): Record<string, string> {
  const { kind } = collector;
  const sink = { LOGTAP_SINK: kind };
  if (kind === 'tcp') return { ...sink, LOGTAP_TCP_ADDRESS: 'collector:5170' };
  if (kind === 'otlp') {
    return { ...sink, LOGTAP_OTLP_URL: 'http://collector:4318', LOGTAP_OTLP_GZIP: String(random.chance(0.3)) };
  }
  const isAcked = String(collector.isAcked);
  return { ...sink, LOGTAP_FORWARD_ADDRESS: 'collector:24224', LOGTAP_FORWARD_ACK: isAcked };
}

export const withoutOpenSearch = (environment: Plan['environment']) =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !/^LOGTAP_(SINK|OPENSEARCH_.*)$/.test(name)));

/** Answers are lost, or say something else. */
function faults(random: Random): Step[] {
  return Array.from({ length: random.between(0, 2) }, (): Step => {
    const mood = random.of(['lost', 'lying', 'late', 'twice', 'busy', 'misshapen'] as const);
    return { atMs: random.between(0, 20_000), do: 'mood', mood, forMs: random.of([300, 1000, 3000]) };
  });
}
