/**
 * Tapped writers, a shipper, and a service that fails as a test tells it to; at the end, one sum:
 *
 *     written = stored + original + counted
 *
 * Writers suppress their output and never wait, so `original` has the lines that were not handed over, each of which the
 * library counts. `counted` has the lines that the shipper's last ledger gives any other reason for.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.js';
import { LIBRARY_ENV } from '../../src/contract.js';
import { type Route, type Service, type SinkName, startService } from './fault-service.js';
import { type Running, start, temporaryDirectory, until } from './run.js';
import { type Shipper, startShipper, tapEnvironment } from './tapped.js';

export type Transport = 'ring' | 'socket';
export type Holding = 'memory' | 'disk';

/** More than the longest term that OpenSearch indexes, less than a frame of the library holds twice. */
const LONG_BYTES = 40_000;
export interface SceneOptions {
  readonly transport: Transport;
  readonly holding: Holding;
  /** More settings of the shipper. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A command that runs the shipper. */
  readonly prefix?: readonly string[];
  readonly route?: Route;
  /** Of the files of the scene. @default a new one */
  readonly directory?: string;
  /** @default within that directory */
  readonly spool?: string;
  /** @default a new directory in memory */
  readonly rings?: string;
}

/**
 * Writes numbered lines of different lengths, with a pause per so many, through one write each. The file has the number of lines
 * whose write has returned, for a writer that is killed.
 */
const WRITER = `
import mmap, os, sys, time
name, lines, per, pause, long = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5])
with open(sys.argv[6], "r+b") as file:
    written = memoryview(mmap.mmap(file.fileno(), 8)).cast("Q")
begun = time.monotonic()
for i in range(lines):
    data = f"{name} {i} {'x' * (${LONG_BYTES} if long and i % long == long - 1 else i * 7 % 120)}\\n".encode()
    while data:
        data = data[os.write(1, data):]
    written[0] = i + 1
    if per and i % per == per - 1:
        # By the clock, so that the rate holds: a writer that had to wait makes up for it.
        time.sleep(max(0, begun + (i + 1) // per * pause - time.monotonic()))
`;
/** The line with this number of a writer. */
export const lineOf = (name: string, i: number, long = 0) =>
  `${name} ${i} ${'x'.repeat(long > 0 && i % long === long - 1 ? LONG_BYTES : (i * 7) % 120)}`;

export interface WriterOptions {
  readonly lines: number;
  /** Lines between pauses. @default no pauses */
  readonly per?: number;
  readonly pauseSeconds?: number;
  /** @default pass */
  readonly onFull?: string;
  /** Each line with a multiple of this number has 40,000 bytes. @default none */
  readonly longEach?: number;
}

interface Writer {
  readonly name: string;
  readonly lines: number;
  readonly longEach: number;
  readonly progress: string;
  readonly running: Running;
}

export interface Sum {
  readonly written: number;
  /** Lines, however often each is stored. */
  readonly stored: number;
  /** Lines that are stored more than once. */
  readonly repeated: number;
  /** Of these, as many as the last ledger allows for. */
  readonly possibleDuplicates: number;
  readonly original: number;
  /** By place and reason, from the last ledger. */
  /** From the last ledger, by reason; lines in the original are `not_handed_over`. */
  readonly fates: Readonly<Record<string, number>>;
  readonly counted: number;
  /** Lines that are in no place and in no count; negative where too many are counted. */
  readonly unexplained: number;
  /** Of lines that are neither stored nor in the original. */
  readonly missingBytes: number;
  readonly balanced: boolean;
  readonly code: number | null;
  /** What the shipper still held. */
  readonly held: number;
}

export class Scene {
  readonly directory: string;
  readonly spool: string;
  readonly rings: string;
  readonly #service: Service;
  readonly #options: SceneOptions;
  readonly #socket: string;
  readonly #writers: Writer[] = [];
  #shipper: Shipper | undefined;
  statusPort = 0;

  constructor(service: Service, options: SceneOptions) {
    this.#service = service;
    this.#options = options;
    this.directory = options.directory ?? temporaryDirectory();
    this.spool = options.spool ?? join(this.directory, 'spool');
    this.rings = options.rings ?? mkdtempSync('/dev/shm/logtap-faults-');
    this.#socket = join(this.directory, 'logtap.sock');
  }

  get settings(): Readonly<Record<string, string>> {
    const { transport, holding, settings } = this.#options;
    return {
      ...this.#service.settings(this.#options.route),
      LOGTAP_SOCKET: this.#socket,
      LOGTAP_STATUS_HOST: '127.0.0.1',
      LOGTAP_STATUS_PORT: String(this.statusPort),
      LOGTAP_BATCH_LINGER_MS: '50',
      LOGTAP_GRACE_SECONDS: '120',
      ...(transport === 'ring' && { LOGTAP_RING_DIR: this.rings }),
      ...(holding === 'disk' && { LOGTAP_SPOOL_DIR: this.spool }),
      ...settings,
    };
  }

  get shipper(): Shipper {
    if (this.#shipper === undefined) throw new Error('no shipper was started');
    return this.#shipper;
  }

  /** Starts a shipper; the one before has ended. */
  async ship(): Promise<void> {
    if (this.statusPort === 0) this.statusPort = await freePort();
    this.#shipper = await startShipper(this.settings, this.#options.prefix);
  }

  /** Waits until the shipper has reported this since its start. */
  untilReported(what: RegExp): Promise<void> {
    return until(`the shipper reports ${what}`, () => what.test(this.shipper.stderr()));
  }

  /** Kills the shipper, as the kernel does when memory runs out. */
  async kill(): Promise<void> {
    this.shipper.child.kill('SIGKILL');
    await this.shipper.ended;
  }

  /** Records that its only sink has acknowledged, those that it has refused, and those that wait for it. */
  async counts(): Promise<{ delivered: number; refused: number; held: number }> {
    const [{ delivered, dropped, held }] = Object.values((await this.ledger()).sinks) as [SinkCounts];
    const refused = Object.values(dropped).reduce((total, { records }) => total + records, 0);
    return { delivered: delivered.records, refused, held: held.records };
  }

  async ledger(): Promise<{ read: Record<string, { records: number }>; sinks: Record<string, SinkCounts> }> {
    return (await fetch(`http://127.0.0.1:${this.statusPort}/ledger`)).json() as never;
  }

  write({ lines, per = 0, pauseSeconds = 0, onFull = 'pass', longEach = 0 }: WriterOptions): Running {
    const name = `w${this.#writers.length}`;
    const target = this.#options.transport === 'ring' ? `ring:${this.rings}` : `socket:${this.#socket}`;
    const progress = join(this.directory, `${name}.progress`);
    writeFileSync(progress, Buffer.alloc(8));
    const args = ['-c', WRITER, name, String(lines), String(per), String(pauseSeconds), String(longEach), progress];
    const running = start('python3', args, {
      env: {
        ...tapEnvironment('', { suppress: true }),
        [LIBRARY_ENV.TARGET.name]: target,
        [LIBRARY_ENV.ON_FULL.name]: onFull,
        [LIBRARY_ENV.TAP_INTO.name]: '1',
      },
    });
    this.#writers.push({ name, lines, longEach, progress, running });
    return running;
  }

  /** Waits for the writers, ends the shipper as the kubelet does, and counts. */
  async sum(): Promise<Sum> {
    const originals = new Set<string>();
    /** Lines whose write had not returned when their writer was killed. */
    const begun = new Set<string>();
    const lines: string[] = [];
    for (const { name, lines: all, longEach, progress, running } of this.#writers) {
      const { code, signal, stdout } = await running.ended;
      if (signal !== 'SIGKILL') expect(code).toBe(0);
      for (const line of stdout.split('\n').slice(0, -1)) originals.add(line);
      const count = Number(readFileSync(progress).readBigUInt64LE());
      if (count < all) begun.add(lineOf(name, count, longEach));
      for (let i = 0; i < count; i += 1) lines.push(lineOf(name, i, longEach));
    }
    const { code, last, fates } = await this.end();
    const stored = new Map<string, number>();
    for (const message of await this.#service.stored()) {
      // Notices and probes are the shipper's own.
      if (!message.startsWith('logtap')) stored.set(message, (stored.get(message) ?? 0) + 1);
    }
    for (const line of begun) if (stored.has(line) || originals.has(line)) lines.push(line);
    // A line that no writer wrote, or one on both sides, would make a wrong sum come out right.
    const written = new Set(lines);
    expect([...stored.keys()].filter((line) => !written.has(line))).toEqual([]);
    expect([...originals].filter((line) => !written.has(line) || stored.has(line))).toEqual([]);
    // Lines in the original are counted by the library, once each.
    const counted = Object.values(fates).reduce((total, records) => total + records, 0) - originals.size;
    const missing = lines.filter((line) => !stored.has(line) && !originals.has(line));
    return {
      written: lines.length,
      stored: stored.size,
      possibleDuplicates: Object.values(last.possibleDuplicates ?? {}).reduce((total, records) => total + records, 0),
      repeated: [...stored.values()].filter((times) => times > 1).length,
      original: originals.size,
      fates,
      counted,
      unexplained: missing.length - counted - last.held,
      missingBytes: missing.reduce((bytes, line) => bytes + line.length + 1, 0),
      balanced: last.balanced,
      code,
      held: last.held,
    };
  }

  /** Waits until the writers have ended and the shipper holds, or has delivered, every line. */
  async untilAllRead(): Promise<void> {
    await Promise.all(this.#writers.map(({ running }) => running.ended));
    const written = this.written().reduce((total, lines) => total + lines, 0);
    const isRead = async () => {
      const { delivered, held } = await this.counts();
      return delivered + held >= written;
    };
    await until('every line is read', isRead);
  }

  /** Lines that each writer has written. */
  written(): number[] {
    return this.#writers.map(({ progress }) => Number(readFileSync(progress).readBigUInt64LE()));
  }

  /** Ends the shipper as the kubelet does, and gives its last ledger. */
  async end(): Promise<{ code: number | null; last: LastLine; fates: Record<string, number> }> {
    this.shipper.child.kill('SIGTERM');
    const { code, stderr } = await this.shipper.ended;
    const said = stderr.trim().split('\n');
    const last = JSON.parse(said.at(-1) ?? '') as LastLine;
    if (last.dropped === undefined)
      throw new Error(`the shipper has ended with ${code}, and without its ledger: ${said.slice(-20).join('\n')}`);
    const fates: Record<string, number> = {};
    for (const counts of [...Object.values(last.dropped), ...Object.values(last.deadLettered ?? {})])
      for (const [reason, records] of Object.entries(counts)) fates[reason] = (fates[reason] ?? 0) + records;
    return { code, last, fates };
  }

  close(): void {
    for (const { running } of this.#writers) running.child.kill('SIGKILL');
    this.#shipper?.child.kill('SIGKILL');
    if (this.#options.rings === undefined) rmSync(this.rings, { recursive: true, force: true });
  }
}

/** The services of a suite, and the scene of its present test. */
export interface Stage {
  /** A service that works and has stored nothing. */
  service(sink: SinkName): Promise<Service>;
  /** Sets the scene. */
  set(service: Service, options: SceneOptions): Scene;
  /** The same in one, with settings of the shipper. */
  open(sink: SinkName, transport: Transport, holding: Holding, settings?: SceneOptions['settings']): Promise<Service>;
  readonly scene: Scene;
}

/** Starts each service when a test of the suite needs it, and ends them and every scene. */
export function useStage(): Stage {
  const services = new Map<SinkName, Promise<Service>>();
  let scene: Scene | undefined;
  afterAll(async () => {
    for (const service of services.values()) await (await service).stop();
  });
  afterEach(() => scene?.close());
  return {
    async service(sink) {
      if (!services.has(sink)) services.set(sink, startService(sink));
      const service = await services.get(sink)!;
      service.fault = undefined;
      await Promise.all([service.door.set('open'), service.tlsDoor.set('open')]);
      if (service.referee !== undefined) service.referee.tooOldEvents = 0;
      await service.clear();
      return service;
    },
    set(service, options) {
      scene = new Scene(service, options);
      return scene;
    },
    async open(sink, transport, holding, settings = {}) {
      const service = await this.service(sink);
      this.set(service, { transport, holding, settings });
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
  readonly dropped: Readonly<Record<string, { readonly records: number }>>;
  readonly held: { readonly records: number };
  readonly balanced: boolean;
}

interface LastLine {
  readonly dropped: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly possibleDuplicates?: Readonly<Record<string, number>>;
  readonly deadLettered?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly balanced: boolean;
  readonly held: number;
}

/** Waits until requests with records have come. */
export async function untilAsked(service: Service, more = 1): Promise<void> {
  const before = service.requests();
  await until(`${more} more requests came`, () => service.requests() >= before + more);
}
