/** A seed to a plan: how the shipper is set, who writes what when, and what goes wrong meanwhile. A plan can be read, kept and cut down. */

import { withArchives } from './plan-archives.js';
import { withBrokenRings } from './plan-broken-rings.js';
import { withClocks } from './plan-clocks.js';
import { withCollectors } from './plan-collectors.js';
import { withEvents } from './plan-events.js';
import { withForgedLosses, withForgedRings, withForgeries } from './plan-forgeries.js';
import { withLargerRings } from './plan-larger-rings.js';
import { withLogs } from './plan-logs.js';
import { withFullMemory } from './plan-memory.js';
import { withRefusals } from './plan-refusals.js';
import type { ArchivePlan } from './world/archive.js';
import type { CollectorPlan } from './world/collector.js';
import type { LogsPlan } from './world/logs.js';
import { Random } from './world/random.js';
import { MOODS, type Mood } from './world/service.js';
import type { StreamPlan } from './world/stream-service.js';
import type { Forgery } from './writers/forger.js';
import type { LossForgery } from './writers/loss-page-forger.js';
import type { RingForgery } from './writers/ring-forger.js';
import type { RingBreak } from './writers/ring-writer.js';
import type { Lines } from './writers/writer.js';

export type Step = { readonly atMs: number } & (
  | ({
      readonly do: 'write';
      readonly writer: number;
      readonly calls: number;
      readonly everyMs: number;
    } & Lines)
  | { readonly do: 'end writer' | 'kill writer'; readonly writer: number }
  /** SIGKILL: now, or in the middle of a system call to come. */
  | { readonly do: 'kill'; readonly inCalls?: number }
  /** SIGTERM, as a rollout does; another shipper follows. */
  | { readonly do: 'stop' }
  | { readonly do: 'mood'; readonly mood: Mood; readonly forMs: number }
  | { readonly do: 'set clock'; readonly byMs: number }
  /** Every so many calls to files fail. */
  | {
      readonly do: 'trouble';
      readonly code: string;
      readonly calls: readonly string[];
      readonly chance: number;
      readonly forMs: number;
    }
  | { readonly do: 'fill disk'; readonly leftBytes: number; readonly forMs: number }
  /** Where rings are: none can be made. */
  | { readonly do: 'fill memory'; readonly forMs: number }
  | { readonly do: 'take descriptors'; readonly left: number; readonly forMs: number }
  /** Of a segment of the disk buffer, as a bad disk or a user does. */
  | { readonly do: 'damage'; readonly how: Damage; readonly pick: number }
  /** A second shipper with the same directories. */
  | { readonly do: 'second' }
  /** The machine loses its power. */
  | { readonly do: 'crash' }
  /** A peer of the socket that is none of the writers. */
  | { readonly do: 'forge'; readonly how: Forgery }
  /** A file in the place of a ring, or a ring that another process writes into. */
  | { readonly do: 'forge ring'; readonly how: RingForgery }
  /** Words in the page of losses, or something else in its place. */
  | { readonly do: 'forge losses'; readonly how: LossForgery }
  /** A process writes a frame that no shipper can read. */
  | { readonly do: 'break ring'; readonly writer: number; readonly how: RingBreak }
  /** A user deletes the log streams, or their group. */
  | { readonly do: 'delete logs'; readonly isGroup: boolean }
);

/** How long a step goes on, in milliseconds. */
export function lastOf(step: Step): number {
  if (step.do === 'write') return step.calls * step.everyMs;
  return 'forMs' in step ? step.forMs : 0;
}

export type Damage = 'remove' | 'empty' | 'cut' | 'flip';

export interface Plan {
  readonly seed: string;
  readonly writers: readonly ('ring' | 'socket')[];
  readonly buffer: 'memory' | 'disk';
  readonly environment: Readonly<Record<string, string>>;
  /** From the end of a shipper to the start of the next. */
  readonly restartMs: number;
  /** Several requests are out at once. Absent: one. */
  readonly hasSmallRequests?: boolean;
  readonly hasMkfifo: boolean;
  /** Delivers to CloudWatch Logs. */
  readonly logs?: LogsPlan;
  /** Delivers to an OTLP endpoint, or to a peer that reads a stream, or to a bucket. Without both: to OpenSearch. */
  readonly collector?: CollectorPlan | StreamPlan | ArchivePlan;
  readonly steps: readonly Step[];
}

/** How large plans are. */
export interface Size {
  /** Of lines per write. */
  readonly lines: number;
}

const DURATION_MS = 20_000;

export function planOf(seed: string, { lines }: Size = { lines: 1 }): Plan {
  const random = new Random(seed).fork('plan');
  const theme = random.of(['mixed', 'mixed', 'mixed', 'outage', 'node', 'sockets'] as const);
  const kind = kindOf(theme) ?? random.of(['rings', 'rings', 'socket', 'both'] as const);
  const count = random.between(1, 3);
  const writers = Array.from({ length: count }, (_, i) => {
    if (kind === 'both') return i % 2 === 0 ? ('ring' as const) : ('socket' as const);
    return kind === 'rings' ? ('ring' as const) : ('socket' as const);
  });
  const buffer =
    theme === 'node' || random.chance(theme === 'outage' || theme === 'sockets' ? 0.2 : 0.5)
      ? ('disk' as const)
      : ('memory' as const);
  const own = random.fork('theme');
  const steps = [
    ...writes(random.fork('writes'), count, lines),
    ...faults(random.fork('faults'), buffer, count, theme === 'mixed' ? 6 : 2),
    ...(theme === 'outage' ? outage(own, count) : []),
    ...(theme === 'node' ? crashes(own, count) : []),
    ...(theme === 'sockets' ? killed(own, count) : []),
  ];
  const plan: Plan = {
    seed,
    writers,
    buffer,
    environment: environmentOf(random.fork('settings'), kind !== 'socket', buffer === 'disk'),
    restartMs: random.of([300, 1000, 5000]),
    hasMkfifo: random.chance(0.7),
    hasSmallRequests: new Random(seed).fork('requests').chance(0.5),
    steps: steps.sort((one, other) => one.atMs - other.atMs),
  };
  const services = withArchives(withCollectors(withLogs(plan)));
  const forged = withForgedRings(withRefusals(withFullMemory(withClocks(withForgeries(withEvents(services))))));
  return withForgedLosses(withBrokenRings(withLargerRings(forged)));
}

const kindOf = (theme: string) => (theme === 'outage' ? 'rings' : theme === 'sockets' ? 'socket' : undefined);

/** Kills while lines over sockets are on their way. */
function killed(random: Random, writers: number): Step[] {
  const floods = Array.from({ length: writers }, (_, writer) => ({
    atMs: random.between(0, 4000),
    ...{
      do: 'write' as const,
      writer,
      calls: 50,
      lines: 1,
      everyMs: random.of([50, 300]),
      bytes: random.of([100, 1000]),
    },
  }));
  const kills = Array.from({ length: random.between(1, 3) }, () => ({
    atMs: random.between(1000, 15_000),
    do: 'kill' as const,
    ...(random.chance(0.5) && { inCalls: random.between(0, 80) }),
  }));
  const mood = {
    do: 'mood' as const,
    mood: random.of(['down', 'slow', 'failing', 'late', 'well'] as const),
    forMs: 5000,
  };
  return [...floods, ...kills, { atMs: random.between(0, 8000), ...mood }];
}

/** Longer than rings last, with kills in it. */
function outage(random: Random, writers: number): Step[] {
  const atMs = random.between(0, 3000);
  const kills = Array.from({ length: random.between(1, 3) }, () => ({
    atMs: random.between(atMs + 4000, DURATION_MS),
    do: 'kill' as const,
    ...(random.chance(0.3) && { inCalls: random.between(0, 80) }),
  }));
  const flood = { do: 'write' as const, writer: random.between(0, writers - 1), calls: 60, lines: 1 };
  return [
    { atMs, do: 'mood', mood: random.of(['down', 'failing', 'closed', 'misshapen'] as const), forMs: 20_000 },
    { atMs, ...flood, everyMs: 300, bytes: random.of([1000, 4000]) },
    ...kills,
  ];
}

/** The machine loses its power, with records on disk. */
function crashes(random: Random, writers: number): Step[] {
  const atMs = random.between(0, 8000);
  const flood = { do: 'write' as const, writer: random.between(0, writers - 1), calls: 40, lines: 1 };
  return [
    { atMs, ...flood, everyMs: random.of([20, 200]), bytes: random.of([100, 4000]) },
    ...(random.chance(0.3)
      ? [{ atMs: atMs + 500, ...flood, calls: 3, everyMs: 0, bytes: 100, mark: 'refuse-me' }]
      : []),
    ...(random.chance(0.7) ? [{ atMs, do: 'mood' as const, mood: 'down' as const, forMs: 12_000 }] : []),
    ...(random.chance(0.6) ? damaged(random, atMs + random.between(500, 11_000)) : []),
    ...Array.from({ length: random.between(0, 2) }, () => ({
      atMs: atMs + random.between(500, 11_000),
      do: 'crash' as const,
    })),
  ];
}

/** While the shipper runs, or between two of them. */
function damaged(random: Random, atMs: number): Step[] {
  const how = random.of(['remove', 'empty', 'cut', 'flip'] as const);
  const damage = { atMs, do: 'damage' as const, how, pick: random.between(0, 9) };
  const kill = { atMs: atMs - 1, do: 'kill' as const };
  const calls = [random.of(['open', 'read'])];
  const trouble = { atMs, do: 'trouble' as const, code: 'EIO', calls, chance: 0.3, forMs: 8000 };
  return random.of([[damage], [kill, damage], [kill, trouble]]);
}

function environmentOf(random: Random, hasRings: boolean, hasDisk: boolean): Record<string, string> {
  return {
    LOGTAP_SOCKET: '/run/logtap/logtap.sock',
    ...(hasRings && {
      LOGTAP_RING_DIR: '/shm/rings',
      LOGTAP_RING_BYTES: '65536',
      LOGTAP_RING_POOL: String(random.between(1, 2)),
      LOGTAP_RING_TOTAL_BYTES: String(random.of([200_000, 1_000_000])),
    }),
    ...(hasDisk && {
      LOGTAP_SPOOL_DIR: '/spool',
      LOGTAP_SPOOL_MAX_BYTES: String(random.of([1_048_576, 100_000_000])),
      LOGTAP_SPOOL_SYNC: random.of(['interval', 'always', 'off']),
    }),
    LOGTAP_MEMORY_MAX_BYTES: String(random.of([1_048_576, 16_000_000])),
    LOGTAP_ON_FULL: random.of(['block', 'block', 'drop-oldest', 'drop-newest']),
    LOGTAP_BATCH_LINGER_MS: String(random.of([20, 500])),
    LOGTAP_GRACE_SECONDS: String(random.of([3, 25])),
    LOGTAP_EVENTS: 'off',
    LOGTAP_FIELDS: 'off',
    LOGTAP_STATUS_PORT: 'off',
    LOGTAP_SINK: 'opensearch',
    LOGTAP_OPENSEARCH_URL: 'http://search:9200',
    LOGTAP_OPENSEARCH_INDEX: 'logs',
  };
}

function writes(random: Random, writers: number, most: number): Step[] {
  return Array.from({ length: random.between(2, 8) }, (_, i) => ({
    atMs: random.between(0, DURATION_MS),
    do: 'write' as const,
    writer: i % writers,
    calls: random.between(1, 30),
    everyMs: random.of([0, 1, 20, 300]),
    lines: random.between(1, Math.max(1, most)),
    bytes: random.of([20, 100, 1000, 4000]),
    ...(random.chance(0.05) && { mark: 'refuse-me' }),
  }));
}

/** Calls that may fail, each with what may be said of it. */
const OPENING = ['EMFILE', 'ENFILE', 'ENOMEM', 'EACCES', 'EIO', 'ESTALE'];
const OTHERS = ['EIO', 'ENOMEM', 'ESTALE'];
const CALLS: Readonly<Record<string, readonly string[]>> = {
  open: OPENING,
  scandir: OPENING,
  ...Object.fromEntries(
    ['read', 'write', 'fstat', 'stat', 'lstat', 'rename', 'unlink', 'fsync', 'fdatasync', 'link'].map((call) => [
      call,
      OTHERS,
    ]),
  ),
};

function faults(random: Random, buffer: Plan['buffer'], writers: number, most: number): Step[] {
  const steps: Step[] = [];
  for (let left = random.between(0, most); left > 0; left -= 1) {
    const atMs = random.between(0, DURATION_MS);
    const forMs = random.of([300, 2000, 8000, 20_000]);
    const fault = random.of([
      'mood',
      'mood',
      'mood',
      'kill',
      'kill',
      'stop',
      'clock',
      'trouble',
      'disk',
      'descriptors',
      'second',
      'writer',
      'crash',
    ]);
    if (fault === 'mood') steps.push({ atMs, do: 'mood', mood: random.of(MOODS), forMs });
    else if (fault === 'kill')
      steps.push({ atMs, do: 'kill', ...(random.chance(0.5) && { inCalls: random.between(0, 80) }) });
    else if (fault === 'stop') steps.push({ atMs, do: 'stop' });
    else if (fault === 'clock')
      steps.push({ atMs, do: 'set clock', byMs: random.of([-3_600_000, -5000, 5000, 86_400_000]) });
    else if (fault === 'trouble') {
      const call = random.of(Object.keys(CALLS));
      const code = random.of(CALLS[call]!);
      const calls = random.chance(0.3) ? Object.keys(CALLS).filter((each) => CALLS[each]!.includes(code)) : [call];
      steps.push({ atMs, do: 'trouble', code, calls, chance: random.of([0.05, 0.5, 1]), forMs });
    } else if (fault === 'disk' && buffer === 'disk') {
      steps.push({ atMs, do: 'fill disk', leftBytes: random.between(0, 3000), forMs });
    } else if (fault === 'descriptors') steps.push({ atMs, do: 'take descriptors', left: random.between(0, 6), forMs });
    else if (fault === 'second') steps.push({ atMs, do: 'second' });
    else if (fault === 'writer') {
      steps.push({
        atMs,
        do: random.chance(0.5) ? 'end writer' : 'kill writer',
        writer: random.between(0, writers - 1),
      });
    } else if (fault === 'crash' && random.chance(0.5)) steps.push({ atMs, do: 'crash' });
  }
  return steps;
}
