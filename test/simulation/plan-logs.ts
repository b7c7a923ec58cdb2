/** What a plan has more when it delivers to CloudWatch Logs: its settings, and faults of their own. */
import type { Plan, Step } from './plan.js';
import { Random } from './world/random.js';

const DAY_MS = 86_400_000;
/** Of seeds. */
const TO_LOGS = 0.35;

/** A share of the seeds go to CloudWatch Logs; the others are as they were. */
export function withLogs(plan: Plan): Plan {
  const random = new Random(plan.seed).fork('logs');
  if (!random.chance(TO_LOGS)) return plan;
  const createsGroup = random.chance(0.7);
  const retentionDays = random.of([undefined, undefined, 1]);
  const steps = [...plan.steps, ...faults(random.fork('faults'))];
  return {
    ...plan,
    logs: {
      hasGroup: !createsGroup || random.chance(0.5),
      canRead: random.chance(0.8),
      pageEvents: random.of([10_000, 10_000, 7]),
      ...(retentionDays !== undefined && { retentionDays }),
    },
    environment: {
      ...plan.environment,
      LOGTAP_SINK: 'cloudwatch',
      LOGTAP_CLOUDWATCH_LOG_GROUP: '/simulated/app',
      LOGTAP_CLOUDWATCH_CREATE_GROUP: String(createsGroup),
      LOGTAP_CLOUDWATCH_FORMAT: random.of(['text', 'text', 'text', 'json']),
      LOGTAP_CLOUDWATCH_GZIP: String(random.chance(0.3)),
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: 'http://logs:4566',
      // Without a name of the pod, others may write to the log stream.
      ...(random.chance(0.3) && { LOGTAP_CLOUDWATCH_LOG_STREAM: 'logs/{container}' }),
    },
    steps: steps.sort((one, other) => one.atMs - other.atMs),
  };
}

function faults(random: Random): Step[] {
  const atMs = () => random.between(0, 20_000);
  return [
    ...Array.from({ length: random.between(0, 2) }, () => lostAnswers(random, atMs())).flat(),
    ...(random.chance(0.15) ? [{ atMs: atMs(), do: 'delete logs' as const, isGroup: random.chance(0.3) }] : []),
    // As far as events are refused for their times.
    ...(random.chance(0.15)
      ? [{ atMs: atMs(), do: 'set clock' as const, byMs: random.of([-1, -2, -13, -15, 1]) * DAY_MS }]
      : []),
  ];
}

/** Answers are lost, and where the events are looked for, readings may be throttled. */
function lostAnswers(random: Random, atMs: number): Step[] {
  const mood = random.of(['lost', 'lying', 'late', 'misshapen'] as const);
  const lost: Step = { atMs, do: 'mood', mood, forMs: random.of([300, 1000, 3000]) };
  if (random.chance(0.6)) return [lost];
  return [lost, { atMs: atMs + random.between(4000, 9000), do: 'mood', mood: 'busy', forMs: 6000 }];
}
