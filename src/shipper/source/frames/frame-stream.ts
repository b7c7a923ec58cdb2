/**
 * One peer of the socket: finds out whether it speaks frames or raw lines and takes its bytes to line assemblers.
 *
 * The magic decides: a peer whose first bytes differ from it, or that ends or idles within them, writes raw lines.
 */
import { randomBytes } from 'node:crypto';
import { FIRST_FILE_STREAM, FRAME_MAGIC, STREAMS } from '../../../contract.js';
import { ProtocolError } from '../../errors.js';
import type { Origin } from '../../parts.js';
import { lineEnds } from '../line-ends.js';
import type { AssemblerShared } from './assembly.js';
import { BelievedTimes } from './believed-times.js';
import { FrameDecoder, type FrameReader, type Hello, type Lost } from './decoder.js';
import { type Inherited, PLACES_PER_FRAME } from './inherited.js';
import type { LineAssembler } from './line-assembler.js';
import { LossNotices } from './losses/loss-notices.js';
import type { LossTotals } from './losses/loss-totals.js';
import { most, NOTHING } from './losses/lost.js';
import { NameRoom, streamBytes } from './name-room.js';
import { openRawAssembler } from './open-assembler.js';
import { ProcessStreams } from './process-streams.js';
import { RecentFrames } from './recent-frames.js';
import type { FrameStreamOptions, Progress } from './stream-options.js';
import type { Utf16Assembler } from './utf16/utf16-assembler.js';

/** Files that one connection may announce: bounds what a hostile peer can make us remember. */
const FILES_MAX = 4096;
const MAGIC = Buffer.from(FRAME_MAGIC);

export class FrameStream implements FrameReader {
  /** With which its process ends, where it said so. */
  exitStatus: number | undefined;
  readonly #shared: AssemblerShared;
  readonly #losses: LossTotals;
  readonly #notices: LossNotices;
  readonly #streams: ProcessStreams;
  #mode: 'undecided' | 'framed' | 'raw' = 'undecided';
  /** Bytes of the magic seen while undecided. */
  #magicLength = 0;
  #touchedMs = 0;
  #decoder: FrameDecoder | undefined;
  /** By an invalid frame: nothing behind it is read. */
  #isBroken = false;
  #hello: Hello | undefined;
  readonly #options: FrameStreamOptions;
  readonly #names: NameRoom;
  #nameBytes = 0;
  readonly #files = new Map<number, string>();
  readonly #recent = new RecentFrames();
  /** DATA frames that have been read elsewhere. */
  #known: RecentFrames | undefined;
  /** From this position on nothing can have been settled by a reader before. */
  #freshPosition = 0;
  #lastSeq = 0;
  #lineEnds = 0;
  /** Totals of the last report: the streams have a gap where they rise. */
  #lost = NOTHING;
  /** When the last DATA frame was written. */
  #lastMs: number | undefined;
  #raw: LineAssembler | Utf16Assembler | undefined;
  #rawOffset = 0;
  #nowMs = 0;
  /** Goes on with what was unfinished here, and how far this stream was read then. */
  #next: { readonly inherited: Inherited; readonly progress: Progress | undefined } | undefined;
  readonly #wallMs: () => number;
  readonly #times: BelievedTimes;

  constructor(shared: AssemblerShared, losses: LossTotals, options: FrameStreamOptions = {}) {
    this.#shared = shared;
    this.#losses = losses;
    this.#notices = new LossNotices(losses, (...notice) => this.#record(...notice));
    this.#options = options;
    this.#streams = new ProcessStreams(shared, options.heldMaxBytes);
    this.#names = options.names ?? new NameRoom();
    this.#touchedMs = options.nowMs ?? 0;
    this.#wallMs = options.wallMs ?? Date.now;
    this.#times = new BelievedTimes(this.#wallMs, options.onTimeReplaced ?? (() => {}));
  }

  /** Whether the peer has sent a beginning of the magic and nothing else. */
  get isUndecided(): boolean {
    return this.#mode === 'undecided' && this.#magicLength > 0;
  }

  /** When the last bytes came, or when it began, on the clock of `write`. */
  get touchedMs(): number {
    return this.#touchedMs;
  }

  /** As the options gave it. */
  get name(): string | undefined {
    return this.#options.name;
  }

  /** Of the DATA frames; 0 before there was one. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Line ends in DATA frames since the last call. */
  takeLineEnds(): number {
    const taken = this.#lineEnds;
    this.#lineEnds = 0;
    return taken;
  }

  /** Whether its process has written frames, all of them whole: it goes on over another connection. */
  get isResumable(): boolean {
    return this.#lastSeq > 0 && this.isBetweenFrames;
  }

  /** Whether nothing is missing of the last frame. */
  get isBetweenFrames(): boolean {
    return this.#decoder?.isBetweenFrames !== false;
  }

  /** Position behind the last frame that was read; `undefined` while there is no framed stream. */
  get nextPosition(): number | undefined {
    return this.#decoder?.nextPosition;
  }

  /** After `write` has thrown: what it got and did not read, from the invalid frame on. As long as the chunk is valid. */
  get unread(): readonly Buffer[] {
    return this.#decoder?.unread ?? [];
  }

  /** Takes bytes as they came. Throws a ProtocolError when the peer breaks the frame format; takes nothing more then. */
  write(chunk: Buffer, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#touchedMs = nowMs;
    const rest = this.#mode === 'undecided' ? this.#decide(chunk) : chunk;
    if (rest.length === 0 || this.#isBroken) return;
    if (this.#mode === 'framed') this.#decode(rest);
    else if (this.#mode === 'raw') this.#writeRaw(rest);
  }

  /** What has to be known to read on from `position` one day. `undefined` while there was no HELLO. */
  progress(): Progress | undefined {
    if (this.#hello === undefined || this.#decoder === undefined) return undefined;
    if (this.isContinued) return this.#next?.progress;
    // Notices before the position are with its records: the next reader's go on behind them.
    const lost = most(this.#hello.lost, this.#losses.noticedOf(this.#hello.instance));
    const { assembled } = this.#streams;
    return { position: this.firstUnassembled, assembled, hello: { ...this.#hello, lost }, files: this.#files };
  }

  /** Position of the first frame that holds bytes of an unfinished line, or else of the next one; infinite where none. */
  get firstUnassembled(): number {
    return this.#streams.firstUnassembled(this.#decoder?.nextPosition ?? Number.POSITIVE_INFINITY);
  }

  /**
   * Makes records of unfinished lines and events that keep more than `heldMaxBytes` of the stream. Asked between all frames that may end
   * up in a line, so that each reader cuts at the same place, however much it finds at once.
   */
  cutHeld(): void {
    this.#streams.cutHeld(this.#decoder?.nextPosition ?? 0);
  }

  /** Whether a line or an event is unfinished. */
  get isUnfinished(): boolean {
    return this.#streams.isUnfinished;
  }

  /** Whether the next stream has what was unfinished here, and has not finished it. */
  get isContinued(): boolean {
    return this.#next?.inherited.isUnfinished ?? false;
  }

  /** Nothing more will come here, but in the next stream of the process: that goes on with what is unfinished. */
  continueIn(next: FrameStream): void {
    const progress = this.progress();
    const inherited = this.#streams.moveTo(next.#streams, this.#lastSeq + 1, this.#lost);
    if (next.#hello !== undefined) next.#streams.greet(next.#hello.lost);
    this.#next = { inherited, progress };
  }

  /** Makes it read on where an earlier one was, which had read at most what lies before `end`. */
  resume({ position, assembled, hello, files }: Progress, end: number): void {
    this.#mode = 'framed';
    this.#streams.begin(position);
    this.#decoder = new FrameDecoder(this, { start: position, greeted: true });
    this.#greet(hello);
    this.#losses.resumeNotices(hello.instance, hello.lost);
    for (const [stream, path] of files) this.file(stream, path);
    for (const [stream, seq, order] of assembled) this.#streams.get(stream)?.skipBefore(seq, order);
    this.#freshPosition = end;
  }

  /** Who writes, where it said so. */
  get writer(): Hello | undefined {
    return this.#hello;
  }

  /** The last DATA frames. */
  get recent(): RecentFrames {
    return this.#recent;
  }

  /** These DATA frames have been read from somewhere else: they are skipped when they come again. */
  skipFrames(known: RecentFrames): void {
    this.#known = known;
  }

  /** The peer went quiet within the magic: these bytes are text. */
  decideRaw(): void {
    this.#mode = 'raw';
    this.#writeRaw(MAGIC.subarray(0, this.#magicLength));
  }

  /** The peer is gone: makes records of all unfinished lines. Throws a ProtocolError when it ended within a frame. */
  end(): void {
    if (this.isUndecided) this.decideRaw();
    this.flush();
    this.forget();
    if (!this.#isBroken && !this.isBetweenFrames) {
      throw new ProtocolError('truncated', 'the connection ended within a frame');
    }
  }

  /** Makes records of all unfinished lines. */
  flush(): void {
    this.#streams.flush();
    this.#raw?.flush();
  }

  /** Nothing more will come: gives back the room of its names. */
  forget(): void {
    this.#forget(this.#nameBytes);
  }

  #forget(nameBytes: number): void {
    this.#names.give(nameBytes);
    this.#nameBytes -= nameBytes;
  }

  hello(hello: Hello): void {
    this.#greet(hello);
    this.#streams.greet(hello.lost);
    this.#losses.update(hello.instance, hello.lost);
    this.#options.onHello?.(hello);
    this.#losses.greet(hello.instance, hello.lost);
    this.#notices.notCaptured(hello, hello.lost, this.#lastMs, this.#wallMs());
  }

  #greet(hello: Hello): void {
    const { instance = hello.instance } = this.#options;
    if (hello.instance !== instance) {
      throw new ProtocolError('instance', `${hello.instance} speaks in the place of ${instance}`);
    }
    this.#hello = hello;
    this.#lost = hello.lost;
    this.#open(STREAMS.STDOUT, { stream: 'stdout' });
    this.#open(STREAMS.STDERR, { stream: 'stderr' });
  }

  file(stream: number, path: string): void {
    const known = this.#streams.get(stream);
    const before = this.#files.get(stream);
    // One of the stream before is announced once more.
    if (before !== undefined || known?.origin.path !== path) known?.flush();
    if (known === undefined && this.#streams.size >= FILES_MAX) {
      throw new ProtocolError('files', `more than ${FILES_MAX} streams on one connection`);
    }
    this.#streams.begin(this.#decoder!.framePosition);
    if (before !== undefined) this.#forget(streamBytes(this.#hello!.process, this.#hello!.container, before));
    this.#files.set(stream, path);
    this.#open(stream, { stream: 'file', path });
  }

  data(
    stream: number,
    timeMs: number,
    seq: number,
    bytes: Buffer,
    start: number,
    end: number,
    thread: number,
    continues: boolean,
  ): void {
    const assembler = this.#streams.get(stream);
    if (assembler === undefined) {
      const what = stream < FIRST_FILE_STREAM ? 'an unknown stream' : 'a file that was not announced';
      throw new ProtocolError('stream', `DATA of ${what}, id ${stream}`);
    }
    this.#streams.begin(this.#decoder!.framePosition);
    this.cutHeld();
    // A signal handler's frame may come before that of the write that it interrupted.
    if (seq > this.#lastSeq) {
      this.#streams.goOn(this.#lastSeq, seq);
      if (this.#lastSeq === 0) this.#options.onFirstFrame?.(this.#hello!.instance, seq);
      if (this.#lastSeq > 0 && seq > this.#lastSeq + 1) {
        this.#options.onGap?.();
        this.#streams.closeEvents();
      }
      this.#lastSeq = seq;
    }
    if (this.#options.onHello !== undefined) this.#lineEnds += lineEnds(bytes, start, end);
    // A frame is known again by the time that it states.
    this.#recent.add(stream, timeMs, seq, end - start);
    if (this.#known?.has(stream, timeMs, seq, end - start)) {
      this.#options.onSkipped?.('written_again', end - start);
      return;
    }
    const position = this.#decoder!.framePosition;
    if (position >= this.#freshPosition) this.#readFresh();
    const writtenMs = this.#times.of(timeMs);
    this.#lastMs = writtenMs;
    const place = seq * PLACES_PER_FRAME;
    const skipped = assembler.write(bytes, start, end, writtenMs, place, this.#nowMs, position, continues, thread);
    if (skipped > 0) this.#options.onSkipped?.('settled', skipped);
  }

  /** Any process may have written a checkpoint, so it may say anything. Bytes that came later are in no record yet. */
  #readFresh(): void {
    this.#freshPosition = Number.POSITIVE_INFINITY;
    this.#streams.skipNothing();
  }

  ends(status: number): void {
    this.exitStatus = status;
  }

  /** What was lost at last, when there was no room for a frame that says so. */
  lostAtLast(lost: Lost): void {
    this.lost(0, this.#wallMs(), lost);
  }

  lost(stream: number, timeMs: number, lost: Lost): void {
    const { instance } = this.#hello!;
    this.#losses.update(instance, lost);
    // By this stream's own count: the header of a ring may have told the total before.
    if (lost.bytes <= this.#lost.bytes || !this.#losses.isCounted(instance, lost)) return;
    this.#lost = lost;
    // Bytes are missing after what has come so far: the two sides of the gap must not become one line.
    if (stream === 0) this.#streams.flush();
    else this.#streams.get(stream)?.flush();
    this.#notices.notCaptured(this.#hello!, lost, this.#lastMs, this.#times.of(timeMs));
  }

  /** What a reader before this one had taken out of the ring is gone with it. `position` is where this one begins. */
  previousRunLost(lost: Lost, position: number): void {
    this.#notices.lostWithShipper(lost, position, this.#wallMs());
  }

  /** Nothing of this is read, because the frame before it is invalid. */
  invalidFrames(lost: Lost): void {
    if (this.#hello !== undefined) this.#notices.notRead(lost, this.#decoder?.nextPosition ?? 0, this.#wallMs());
  }

  #record(stream: string, seq: number, timeMs: number, text: string): void {
    const { pid, process, container } = this.#hello!;
    const bytes = Buffer.from(text);
    const { builder } = this.#shared;
    const at = builder.copy(bytes, 0, bytes.length);
    const origin = { id: this.#idOf(stream), stream: 'stdout', pid, process, container } as const;
    builder.record(origin, at, bytes.length, timeMs, seq);
  }

  #decode(bytes: Buffer): void {
    try {
      this.#decoder?.write(bytes);
    } catch (error) {
      this.#isBroken = true;
      throw error;
    }
  }

  #open(id: number, stream: Pick<Origin, 'stream' | 'path'>): void {
    const { pid, process, container } = this.#hello!;
    const bytes = streamBytes(process, container, stream.path ?? '');
    if (!this.#names.take(bytes, this.#nameBytes)) {
      throw new ProtocolError('names', 'the names of all peers together take too much memory');
    }
    this.#nameBytes += bytes;
    this.#streams.open(id, { id: this.#idOf(id), ...stream, pid, process, container });
  }

  #idOf(stream: number | string): string {
    return `${this.#options.name ?? this.#hello!.instance}-${stream}`;
  }

  /** Compares with the magic as far as there are bytes. Returns what is left to read. */
  #decide(chunk: Buffer): Buffer {
    const length = Math.min(MAGIC.length - this.#magicLength, chunk.length);
    if (chunk.compare(MAGIC, this.#magicLength, this.#magicLength + length, 0, length) !== 0) {
      this.decideRaw();
      return chunk;
    }
    this.#magicLength += length;
    if (this.#magicLength === MAGIC.length) {
      this.#mode = 'framed';
      this.#decoder = new FrameDecoder(this, { start: MAGIC.length });
    }
    return chunk.subarray(length);
  }

  #writeRaw(bytes: Buffer): void {
    this.#raw ??= openRawAssembler(
      { id: `${randomBytes(8).toString('hex')}-0`, stream: 'stdout', pid: 0, process: '', container: '' },
      this.#shared,
    );
    this.#raw.write(bytes, 0, bytes.length, this.#wallMs(), this.#rawOffset, this.#nowMs);
    this.#rawOffset += bytes.length;
  }
}
