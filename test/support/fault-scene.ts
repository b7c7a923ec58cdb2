/**
 * Tapped writers, a shipper, and a service that fails as a test tells it to; at the end, one sum:
 *
 *     written = stored + original + counted
 *
 * Writers suppress their output and never wait, so `original` has the lines that were not handed over, each of which the
 * library counts. `counted` has the lines that the shipper's last ledger gives any other reason for.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.js';
import { startOpenSearch } from '../../scripts/opensearch.js';
import { LIBRARY_ENV } from '../../src/contract.js';
import { CloudWatchFake } from './cloudwatch-fake.js';
import { type Exchange, type Front, startFront } from './opensearch-front.js';
import { type Running, start, temporaryDirectory, until } from './run.js';
import { AWS_ENV, readOpenSearch } from './sinks-read-back.js';
import { type Shipper, startShipper, tapEnvironment } from './tapped.js';

export type Transport = 'ring' | 'socket';
export type Holding = 'memory' | 'disk';
export const SINKS = ['opensearch', 'cloudwatch'] as const;
export type SinkName = (typeof SINKS)[number];

/** What happens to a request; the service answers it where nothing has. */
export type Fault = (exchange: Exchange) => unknown;

/** A real engine, or a referee of the documented limits, behind a server that injects faults. */
export interface Service {
  settings(): Readonly<Record<string, string>>;
  /** Happens to every request, until it is `undefined`. */
  fault: Fault | undefined;
  /** Requests so far that carried records. */
  requests(): number;
  /** Every message that is stored, as often as it is. */
  stored(): Promise<string[]>;
  /** Forgets all that is stored. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

async function startService(sink: SinkName): Promise<Service> {
  return sink === 'opensearch' ? startSearch() : startCloud();
}

async function startSearch(): Promise<Service> {
  const engine = await startOpenSearch();
  const url = engine.url;
  let number = 0;
  const index = () => `faults-${String(number).padStart(4, '0')}`;
  const { front, service } = await behindFront(url, ({ path }) => path.includes('_bulk'));
  return Object.assign(service, {
    settings: () => ({
      LOGTAP_SINK: 'opensearch',
      LOGTAP_OPENSEARCH_URL: front.url,
      LOGTAP_OPENSEARCH_INDEX: index(),
    }),
    // A pattern: an index that nothing was sent to does not exist.
    stored: async () => (await readOpenSearch(url, `${index()}*`)).map(({ body }) => body),
    async clear() {
      // A small heap: what no test reads any more must not weigh on the next.
      await fetch(`${url}/${index()}*`, { method: 'DELETE' });
      number += 1;
    },
    async stop() {
      await front.stop();
      await engine.stop();
    },
  });
}

async function startCloud(): Promise<Service> {
  const fake = await CloudWatchFake.start();
  const [group, stream] = ['/test/faults', 'a/b'];
  const { front, service } = await behindFront(fake.url, ({ headers }) => {
    return String(headers['x-amz-target']).endsWith('PutLogEvents');
  });
  return Object.assign(service, {
    settings: () => ({
      ...AWS_ENV,
      LOGTAP_SINK: 'cloudwatch',
      AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: front.url,
      LOGTAP_CLOUDWATCH_LOG_GROUP: group,
      LOGTAP_CLOUDWATCH_LOG_STREAM: stream,
    }),
    stored: async () => fake.events(group, stream).map(({ message }) => message),
    async clear() {
      fake.groups.clear();
    },
    async stop() {
      await front.stop();
      fake.close();
    },
  });
}

async function behindFront(
  url: string,
  carriesRecords: (exchange: Exchange) => boolean,
): Promise<{ front: Front; service: { fault: Fault | undefined; requests(): number } }> {
  let requests = 0;
  const service = { fault: undefined as Fault | undefined, requests: () => requests };
  const front = await startFront(url, async (exchange) => {
    // The check of a start carries no record that anyone wrote.
    if (carriesRecords(exchange) && exchange.body.length > 1) requests += 1;
    await service.fault?.(exchange);
  });
  return { front, service };
}

export interface SceneOptions {
  readonly transport: Transport;
  readonly holding: Holding;
  /** More settings of the shipper. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Writes numbered lines of different lengths, with a pause per so many, through one write each. */
const WRITER = `
import os, sys, time
name, lines, per, pause = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
for i in range(lines):
    data = f"{name} {i} {'x' * (i * 7 % 120)}\\n".encode()
    while data:
        data = data[os.write(1, data):]
    if per and i % per == per - 1:
        time.sleep(pause)
`;

export interface WriterOptions {
  readonly lines: number;
  /** Lines between pauses. @default no pauses */
  readonly per?: number;
  readonly pauseSeconds?: number;
  /** @default pass */
  readonly onFull?: string;
}

export interface Sum {
  readonly written: number;
  /** Lines, however often each is stored. */
  readonly stored: number;
  /** Lines that are stored more than once. */
  readonly repeated: number;
  readonly original: number;
  /** By place and reason, from the last ledger. */
  readonly dropped: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly counted: number;
  readonly balanced: boolean;
  readonly code: number | null;
  /** What the shipper still held. */
  readonly held: number;
}

export class Scene {
  readonly directory = temporaryDirectory();
  readonly spool = join(this.directory, 'spool');
  readonly #rings = mkdtempSync('/dev/shm/logtap-faults-');
  readonly #service: Service;
  readonly #options: SceneOptions;
  readonly #socket = join(this.directory, 'logtap.sock');
  readonly #writers: { readonly name: string; readonly lines: number; readonly running: Running }[] = [];
  #shipper: Shipper | undefined;
  statusPort = 0;

  constructor(service: Service, options: SceneOptions) {
    this.#service = service;
    this.#options = options;
  }

  get settings(): Readonly<Record<string, string>> {
    const { transport, holding, settings } = this.#options;
    return {
      ...this.#service.settings(),
      LOGTAP_SOCKET: this.#socket,
      LOGTAP_STATUS_HOST: '127.0.0.1',
      LOGTAP_STATUS_PORT: String(this.statusPort),
      LOGTAP_BATCH_LINGER_MS: '50',
      LOGTAP_GRACE_SECONDS: '120',
      ...(transport === 'ring' && { LOGTAP_RING_DIR: this.#rings }),
      ...(holding === 'disk' && { LOGTAP_SPOOL_DIR: this.spool }),
      ...settings,
    };
  }

  get shipper(): Shipper {
    if (this.#shipper === undefined) throw new Error('no shipper was started');
    return this.#shipper;
  }

  /** Starts a shipper; the one before has ended. */
  async ship(prefix: readonly string[] = []): Promise<void> {
    if (this.statusPort === 0) this.statusPort = await freePort();
    this.#shipper = await startShipper(this.settings, prefix);
  }

  /** Kills the shipper, as the kernel does when memory runs out. */
  async kill(): Promise<void> {
    this.shipper.child.kill('SIGKILL');
    await this.shipper.ended;
  }

  async ledger(): Promise<{ read: Record<string, { records: number }>; sinks: Record<string, SinkCounts> }> {
    return (await fetch(`http://127.0.0.1:${this.statusPort}/ledger`)).json() as never;
  }

  write({ lines, per = 0, pauseSeconds = 0, onFull = 'pass' }: WriterOptions): Running {
    const name = `w${this.#writers.length}`;
    const target = this.#options.transport === 'ring' ? `ring:${this.#rings}` : `socket:${this.#socket}`;
    const running = start('python3', ['-c', WRITER, name, String(lines), String(per), String(pauseSeconds)], {
      env: {
        ...tapEnvironment('', { suppress: true }),
        [LIBRARY_ENV.TARGET.name]: target,
        [LIBRARY_ENV.ON_FULL.name]: onFull,
        [LIBRARY_ENV.TAP_INTO.name]: '1',
      },
    });
    this.#writers.push({ name, lines, running });
    return running;
  }

  /** Waits for the writers, ends the shipper as the kubelet does, and counts. */
  async sum(): Promise<Sum> {
    const originals = new Set<string>();
    for (const { running } of this.#writers) {
      const { code, stdout } = await running.ended;
      expect(code).toBe(0);
      for (const line of stdout.split('\n').slice(0, -1)) originals.add(line);
    }
    this.shipper.child.kill('SIGTERM');
    const { code, stderr } = await this.shipper.ended;
    const last = JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as LastLine;
    const stored = new Map<string, number>();
    for (const message of await this.#service.stored()) {
      // Notices and probes are the shipper's own.
      if (!message.startsWith('logtap')) stored.set(message, (stored.get(message) ?? 0) + 1);
    }
    const lines = this.#writers.flatMap(({ name, lines: count }) => {
      return Array.from({ length: count }, (_, i) => `${name} ${i} ${'x'.repeat((i * 7) % 120)}`);
    });
    // A line that no writer wrote, or one on both sides, would make a wrong sum come out right.
    const written = new Set(lines);
    expect([...stored.keys()].filter((line) => !written.has(line))).toEqual([]);
    expect([...originals].filter((line) => !written.has(line) || stored.has(line))).toEqual([]);
    const { application: { not_handed_over = 0, ...application } = {}, ...elsewhere } = last.dropped;
    const counts = [application, ...Object.values(elsewhere), ...Object.values(last.deadLettered ?? {})];
    return {
      written: lines.length,
      stored: stored.size,
      repeated: [...stored.values()].filter((times) => times > 1).length,
      original: originals.size,
      dropped: last.dropped,
      // Lines in the original are counted by the library, once each.
      counted:
        counts.flatMap((byReason) => Object.values(byReason)).reduce((sum, n) => sum + n, 0) +
        (not_handed_over - originals.size),
      balanced: last.balanced,
      code,
      held: last.held,
    };
  }

  close(): void {
    for (const { running } of this.#writers) running.child.kill('SIGKILL');
    this.#shipper?.child.kill('SIGKILL');
    rmSync(this.#rings, { recursive: true, force: true });
  }
}

/** The services of a suite, and the scene of its present test. */
export interface Stage {
  /** Sets the scene, with a service that works and has stored nothing. Returns that service. */
  open(sink: SinkName, transport: Transport, holding: Holding, settings?: SceneOptions['settings']): Promise<Service>;
  readonly scene: Scene;
}

/** Starts both services for the tests of a suite, and ends them and every scene. */
export function useStage(): Stage {
  const services = new Map<SinkName, Service>();
  let scene: Scene | undefined;
  beforeAll(async () => {
    for (const sink of SINKS) services.set(sink, await startService(sink));
  });
  afterAll(() => Promise.all([...services.values()].map((service) => service.stop())));
  afterEach(() => scene?.close());
  return {
    async open(sink, transport, holding, settings = {}) {
      const service = services.get(sink)!;
      service.fault = undefined;
      await service.clear();
      scene = new Scene(service, { transport, holding, settings });
      return service;
    },
    get scene() {
      if (scene === undefined) throw new Error('no scene was opened');
      return scene;
    },
  };
}

interface SinkCounts {
  readonly delivered: { readonly records: number };
  readonly held: { readonly records: number };
  readonly balanced: boolean;
}

interface LastLine {
  readonly dropped: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly deadLettered?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly balanced: boolean;
  readonly held: number;
}

/** Nothing is missing and nothing is counted twice. */
export function expectEveryLine(sum: Sum): void {
  const { written, stored, original, counted, held, balanced } = sum;
  if (written !== stored + original + counted + held || !balanced)
    throw new Error(`the sum is wrong: ${JSON.stringify(sum)}`);
}

/** Waits until requests with records have come. */
export async function untilAsked(service: Service, more = 1): Promise<void> {
  const before = service.requests();
  await until(`${more} more requests came`, () => service.requests() >= before + more, 120_000);
}
