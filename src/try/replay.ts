/** Plays a tape to the shipper's own reader of frames, by the tape's times instead of a clock. */
import { FIRST_FILE_STREAM, FRAME_MAGIC, STREAMS } from '../contract.js';
import { eventChoiceOf } from '../shipper/events/settings.js';
import type { RecordBatch } from '../shipper/parts.js';
import type { Settings } from '../shipper/settings.js';
import { interruptIdle, lineAgeMs, shareAssembly } from '../shipper/source/frames/assembly.js';
import { FrameStream } from '../shipper/source/frames/frame-stream.js';
import { LossTotals } from '../shipper/source/frames/losses/loss-totals.js';
import { dataFrames, fileFrame, helloFrame, lostFrame } from './frames.js';
import type { ProcessEntry, Tape } from './tape.js';

/** Records of the tape, in batches. */
export function* batchesOf({ startMs, entries }: Tape, settings: Settings): Generator<RecordBatch> {
  const { lineIdleMs } = settings;
  const ageMs = lineAgeMs({ lineIdleMs, lineAgeMs: settings.lineAgeSeconds * 1000 });
  const shared = shareAssembly(settings.lineMaxBytes, ageMs, eventChoiceOf(settings), settings.charset);
  const losses = new LossTotals(() => {});
  const players = new Map<number, Player>();
  let nowMs = startMs;
  for (const entry of entries) {
    const player =
      players.get(entry.p) ?? new Player(entry.p, new FrameStream(shared, losses, { wallMs: () => nowMs }));
    players.set(entry.p, player);
    if ('process' in entry) {
      player.greet(entry, nowMs);
      continue;
    }
    nowMs = Math.max(nowMs, startMs + entry.t);
    interruptIdle(shared, nowMs, lineIdleMs);
    const timeMs = startMs + entry.t;
    if ('lost' in entry) player.write(lostFrame(entry, timeMs), nowMs);
    else for (const frame of dataFrames(entry, player.streamOf(entry.s, nowMs), timeMs)) player.write(frame, nowMs);
    if (shared.builder.isFull) yield shared.builder.finish();
  }
  for (const player of players.values()) player.end();
  if (shared.builder.count > 0) yield shared.builder.finish();
}

/** One process of the tape. */
class Player {
  readonly #files = new Map<string, number>();
  #isGreeted = false;

  constructor(
    private readonly number: number,
    private readonly stream: FrameStream,
  ) {}

  greet(entry: ProcessEntry, nowMs: number): void {
    this.#isGreeted = true;
    this.stream.write(Buffer.concat([Buffer.from(FRAME_MAGIC), helloFrame(entry, this.number + 1)]), nowMs);
  }

  write(frame: Buffer, nowMs: number): void {
    if (!this.#isGreeted) this.greet({ p: this.number, process: '', pid: 0, container: '' }, nowMs);
    this.stream.write(frame, nowMs);
  }

  /** Id of a stream. A file is announced with its first write. */
  streamOf(name: string, nowMs: number): number {
    if (name === 'stdout') return STREAMS.STDOUT;
    if (name === 'stderr') return STREAMS.STDERR;
    const known = this.#files.get(name);
    if (known !== undefined) return known;
    const id = FIRST_FILE_STREAM + this.#files.size;
    this.#files.set(name, id);
    this.write(fileFrame(id, name), nowMs);
    return id;
  }

  end(): void {
    this.stream.end();
  }
}
