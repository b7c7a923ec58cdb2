/** What a plan has more when it delivers to a bucket of S3, which needs a disk buffer. */
import type { Plan, Step } from './plan.js';
import { withoutOpenSearch } from './plan-collectors.js';
import { Random } from './world/random.js';

/** Of the seeds with a disk buffer that go to OpenSearch. */
const TO_ARCHIVES = 0.4;

/** A share of the seeds go there; the others are as they were. */
export function withArchives(plan: Plan): Plan {
  const random = new Random(plan.seed).fork('archives');
  const isElsewhere = plan.logs !== undefined || plan.collector !== undefined;
  if (plan.buffer !== 'disk' || isElsewhere || !random.chance(TO_ARCHIVES)) return plan;
  const environment = {
    ...withoutOpenSearch(plan.environment),
    ...{ LOGTAP_SINK: 's3', LOGTAP_S3_BUCKET: 'archive', AWS_REGION: 'eu-central-1' },
    AWS_ENDPOINT_URL_S3: 'http://s3:9000',
    LOGTAP_S3_OBJECT_BYTES: '65536',
    LOGTAP_S3_OBJECT_SECONDS: String(random.of([1, 1, 5])),
  };
  const steps = [...plan.steps, ...faults(random.fork('faults'))];
  return {
    ...plan,
    collector: { kind: 's3' },
    environment,
    steps: steps.sort((one, other) => one.atMs - other.atMs),
  };
}

/** A shipper is killed while it does not know what becomes of an object. */
function faults(random: Random): Step[] {
  return Array.from({ length: random.between(0, 2) }, (): Step[] => {
    const atMs = random.between(0, 20_000);
    const mood = random.of(['lost', 'lying', 'late', 'twice', 'busy', 'misshapen', 'slow'] as const);
    const doubt: Step = { atMs, do: 'mood', mood, forMs: random.of([300, 1000, 3000]) };
    const calls = random.chance(0.5) ? { inCalls: random.between(0, 40) } : {};
    return random.chance(0.5) ? [doubt, { atMs: atMs + random.between(1, 3000), do: 'kill', ...calls }] : [doubt];
  }).flat();
}
