/**
 * Listens on a unix socket and yields what its peers write as batches of lines.
 *
 * Lines of all peers collect in one builder. It is handed on when it is full or its oldest record has waited for the
 * linger time. While it is full no socket is read, so a slow consumer ends as a full socket buffer at the peer; what
 * this source holds is bounded by one batch, one read of each socket and the unfinished lines.
 */

import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { runbook } from '../../../catalog/runbook.js';
import { SOCKET_LOSSES_SUFFIX } from '../../../contract.js';
import type { EndedProcess, ProcessEnd } from '../../accounting/ends.js';
import type { PreviousCounts } from '../../accounting/journal-sum.js';
import { ConfigError, messageOf, ProtocolError } from '../../errors.js';
import type { Source, SourceBatch } from '../../parts.js';
import { makeDirectories } from '../../process/make-directories.js';
import { takeUnread, type Unread } from '../count-unread.js';
import { type AssemblerShared, interruptIdle, lineAgeMs, shareAssembly } from '../frames/assembly.js';
import type { Hello } from '../frames/decoder.js';
import { FrameStream } from '../frames/frame-stream.js';
import { LossTotals } from '../frames/losses/loss-totals.js';
import { NameRoom } from '../frames/name-room.js';
import { LossPage } from '../loss-page.js';
import { ConnectionReads } from './connection-reads.js';
import { takeAndClose } from './drain.js';
import { LaterVersions } from './later-versions.js';
import type { SocketSourceOptions } from './options.js';
import { withSharedReads } from './shared-reads.js';
import { removeStale } from './stale-socket.js';

/** After a stop: so long no new peer may appear before reading ends. Peers that connected are in the kernel's queue. */
const QUIET_MS = 100;
/**
 * After a close: what peers have written already is in the kernel, neither taken over nor counted. It is read until
 * none has come for this long, or this much has been read, by peers that will not stop.
 */
const LAST_LOOK_MS = 50;
const LAST_LOOK_BYTES = 16 * 1024 * 1024;
/** While the builder is full, so much is read of connections that give way, and no more. */
const SURPLUS_BYTES = 4 * 1024 * 1024;
const BACKLOG = 4096;
const NAME_BYTES = 8;
/** Between looks at the page of losses. */
const LOSSES_MS = 1000;
/** Where connections are scarce, one that was silent for so long gives way to another. */
const SCARCE_IDLE_MS = 1000;

export class SocketSource implements Source {
  readonly #options: SocketSourceOptions;
  readonly #now: () => number;
  readonly #server: Server;
  readonly #shared: AssemblerShared;
  readonly #losses: LossTotals;
  readonly #lossPage: LossPage;
  readonly #names = new NameRoom();
  readonly #reads: ConnectionReads;
  readonly #later: LaterVersions;
  readonly #connections = new Map<Socket, FrameStream>();
  #isPaused = false;
  #pausedMs = 0;
  /** Read since then. */
  #surplusBytes = 0;
  #isLingerOver = false;
  #linger: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;
  #quiet: NodeJS.Timeout | undefined;
  #lossLooks: NodeJS.Timeout | undefined;
  #isStopping = false;
  /** Bytes that may still be read, once `close` was called. */
  #lastLookBytes: number | undefined;
  #isEnded = false;
  /** Processes that have ended, whose last lines may be in the builder. */
  readonly #ended: (readonly [writer: EndedProcess, end: ProcessEnd])[] = [];
  /** Resolves the wait of `batches`. */
  #wake: () => void = () => {};

  constructor(options: SocketSourceOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#losses = new LossTotals(options.onLost, options);
    this.#lossPage = new LossPage(`${options.path}${SOCKET_LOSSES_SUFFIX}`, options.onNoLossPage ?? (() => {}));
    this.#shared = shareAssembly(options.lineMaxBytes, lineAgeMs(options), options.events, options.charsets);
    this.#reads = new ConnectionReads(this.#shared, this.#losses, options);
    this.#later = new LaterVersions(options);
    this.#server = createServer({ pauseOnConnect: true }, (accepted) => {
      this.#accept(withSharedReads(accepted, (socket, bytes) => this.#read(socket, bytes)));
    });
  }

  /** Counts of earlier shippers. Before a process is read. */
  remember(previous: PreviousCounts): void {
    this.#reads.remember(previous);
  }

  /** Makes directory and socket. Throws a ConfigError when that cannot be. */
  async listen(): Promise<void> {
    const { path } = this.#options;
    try {
      makeDirectories(dirname(path));
      await removeStale(path);
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#listenToAllUsers(resolve);
      });
      // From now on errors are those of accept(2), such as EMFILE; the peer is told by the kernel.
      this.#server.on('error', (error) => this.#options.onProtocolError(new ProtocolError('accept', messageOf(error))));
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      throw new ConfigError(
        [
          `LOGTAP_SOCKET: cannot listen on '${path}': ${messageOf(error)}. Its directory ${dirname(path)} must exist or be creatable, and be writable by user ${process.getuid?.()}: correct its owner or choose another path; see ${runbook('the-shipper-does-not-start')}.`,
        ],
        { cause: error },
      );
    }
  }

  /**
   * Applications run as any user. The umask sets the mode, because a call with the path could follow a link that another user has put in
   * place of the socket meanwhile. Node makes the socket within `listen`.
   */
  #listenToAllUsers(onListening: () => void): void {
    const before = process.umask(0o111);
    try {
      this.#server.listen({ path: this.#options.path, backlog: BACKLOG }, onListening);
    } finally {
      process.umask(before);
    }
  }

  /** Begins to read the page of losses. After `remember`, or else what earlier shippers have counted would count again. */
  watchLosses(): void {
    this.#lookForLosses();
    this.#lossLooks = setInterval(() => this.#lookForLosses(), LOSSES_MS);
  }

  /** Of processes that could not connect, or were killed before they could tell. */
  #lookForLosses(): void {
    this.#lossPage.look((instance, total) => this.#losses.update(instance, total));
  }

  /** Whether a process is connected. */
  get hasWriters(): boolean {
    return this.#connections.size > 0;
  }

  /** Who writes now. */
  get writers(): readonly Hello[] {
    return [...this.#connections.values()].flatMap(({ writer }) => writer ?? []);
  }

  /** Connections of the last minute whose process writes a later version of the frames. */
  get laterVersions(): number {
    return this.#later.recent(this.#now());
  }

  async *batches(signal: AbortSignal): AsyncGenerator<SourceBatch> {
    const stop = () => this.#stop();
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    const { builder } = this.#shared;
    for (;;) {
      // The consumer has the last lines.
      if (builder.count === 0) this.#tellEnded();
      if (this.#shared.builder.isFull || (builder.count > 0 && (this.#isLingerOver || this.#isEnded))) {
        const batch = this.#reads.leave(builder.finish(), this.#connections.values());
        clearTimeout(this.#linger);
        this.#linger = undefined;
        this.#isLingerOver = false;
        this.#resume();
        yield batch;
      } else if (this.#isEnded) {
        // What came without a record was read all the same.
        this.#reads.keep(this.#connections.values());
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  /**
   * Ends reading, without back-pressure: what peers have already written is read, then they are cut off, all unfinished
   * lines become records, and `batches` ends.
   */
  close(): void {
    if (this.#lastLookBytes !== undefined) return;
    this.#lastLookBytes = LAST_LOOK_BYTES;
    this.#cancelQuiet();
    this.#server.close();
    this.#resume();
    if (this.#connections.size === 0) this.#cutOff();
    else this.#whenQuiet(LAST_LOOK_MS, () => this.#cutOff());
  }

  /** Counts what no batch has taken along, here and in the kernel. Nothing can be read after this. */
  unread(): Unread {
    let { records, bytes } = takeUnread(this.#shared);
    const take = () => {
      const more = takeUnread(this.#shared);
      records += more.records;
      bytes += more.bytes;
    };
    for (const [socket, connection] of [...this.#connections]) {
      // What the socket got while it was paused comes as an event.
      while (socket.read() !== null) take();
      this.#writeLast(socket, connection, take);
      take();
    }
    // These lines are counted: the next shipper must not miss their frames.
    this.#reads.keep(this.#connections.values());
    return { records, bytes, rings: 0 };
  }

  #cutOff(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#cancelQuiet();
    clearInterval(this.#idle);
    for (const [socket, connection] of [...this.#connections]) this.#writeLast(socket, connection);
    if (this.#lossLooks !== undefined) this.#lookForLosses();
    clearInterval(this.#lossLooks);
    this.#wake();
  }

  #accept(socket: Socket): void {
    const { maxConnections = Number.POSITIVE_INFINITY } = this.#options;
    // An error is followed by close; what came before it counts.
    socket.on('error', () => {});
    this.#connections.set(socket, this.#open());
    if (this.#connections.size > maxConnections) {
      const last = this.#giveWay(socket);
      this.#endEarly(last, `more than ${maxConnections} connections`);
      if (last === socket) return;
    }
    this.#cancelQuiet();
    socket.once('close', () => this.#end(socket));
    if (this.#isPaused) socket.pause();
  }

  #open(): FrameStream {
    const { onGap, onTimeReplaced } = this.#options;
    // A name that no peer can know: one that speaks for another process does not take the ids of its records.
    const name = randomBytes(NAME_BYTES).toString('hex');
    const onHello = (hello: Hello) => this.#reads.greet(name, hello);
    const onFirstFrame = (instance: string, seq: number) => this.#reads.hear(instance, seq);
    const options = { name, names: this.#names, onGap, onTimeReplaced, onHello, onFirstFrame, nowMs: this.#now() };
    return new FrameStream(this.#shared, this.#losses, options);
  }

  /**
   * The connection that was silent for longest. While all are in use: of those whose process connects again, the one that
   * wrote least recently, or else the newest.
   */
  #giveWay(newest: Socket): Socket {
    // While nothing is read, nothing tells who is silent.
    if (this.#isPaused) return newest;
    const byAge = [...this.#connections].sort(([, one], [, other]) => one.touchedMs - other.touchedMs);
    const [oldest, { touchedMs }] = byAge[0]!;
    if (touchedMs <= this.#now() - SCARCE_IDLE_MS) return oldest;
    return byAge.find(([, connection]) => connection.isResumable)?.[0] ?? newest;
  }

  /** Its process connects again with its next write, if it writes again. */
  #endEarly(socket: Socket, why: string): void {
    this.#options.onProtocolError(new ProtocolError('connections', why));
    const connection = this.#connections.get(socket)!;
    const note = (bytes: number) => {
      if (this.#isPaused) this.#surplusBytes += bytes;
    };
    if (this.#surplusBytes < SURPLUS_BYTES) this.#writeLast(socket, connection, note);
    else this.#end(socket);
  }

  /** What came since the event loop last asked, which a close would discard. */
  #writeLast(socket: Socket, connection: FrameStream, onWritten: (bytes: number) => void = () => {}): void {
    const chunks = takeAndClose(socket);
    for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) {
      this.#write(socket, connection, chunk, () => chunks.splice(0));
      onWritten(chunk.length);
    }
    this.#end(socket);
  }

  #read(socket: Socket, chunk: Buffer): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return;
    this.#write(socket, connection, chunk);
    this.#watchUnfinished(connection);
    this.#collected();
    if (this.#lastLookBytes === undefined) return;
    this.#lastLookBytes -= chunk.length;
    if (this.#lastLookBytes <= 0) this.#cutOff();
    else this.#whenQuiet(LAST_LOOK_MS, () => this.#cutOff());
  }

  /** What breaks the format ends its connection, and no other. `rest`: closes it, and returns what is behind the chunk. */
  #write(socket: Socket, connection: FrameStream, chunk: Buffer, rest = () => takeAndClose(socket)): void {
    try {
      connection.write(chunk, this.#now());
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#options.onProtocolError(error);
      if (error.reason === 'version') this.#later.refuse(connection.unread, rest(), this.#now());
      else this.#reads.refuse(connection, rest());
      this.#end(socket);
    }
  }

  #end(socket: Socket): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return;
    this.#connections.delete(socket);
    this.#reads.close(connection);
    socket.destroy();
    const { writer, exitStatus } = connection;
    if (writer !== undefined && exitStatus !== undefined) this.#ended.push([writer, exitStatus]);
    try {
      connection.end();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#options.onProtocolError(error);
    }
    this.#collected();
    this.#endWhenQuiet();
  }

  /** After records may have been added: wakes the consumer or sees to it that it will be, and stops reading when full. */
  #collected(): void {
    if (this.#shared.builder.isFull) {
      if (!this.#isPaused && this.#lastLookBytes === undefined) {
        this.#isPaused = true;
        this.#pausedMs = this.#now();
        for (const socket of this.#connections.keys()) socket.pause();
      }
      this.#wake();
    } else if (this.#shared.builder.count === 0) {
      if (this.#ended.length > 0) this.#wake();
    } else if (this.#linger === undefined) {
      this.#linger = setTimeout(() => {
        this.#isLingerOver = true;
        this.#wake();
      }, this.#options.lingerMs);
    }
  }

  #tellEnded(): void {
    for (const [writer, end] of this.#ended.splice(0)) this.#options.onWriterEnded?.(writer, end);
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#surplusBytes = 0;
    // No line grew while nothing was read: that was our doing, not idleness.
    const now = this.#now();
    for (const assembler of this.#shared.unfinished) {
      assembler.touchedMs = now;
      assembler.unreadMs += now - this.#pausedMs;
    }
    for (const event of this.#shared.openEvents) event.touchedMs = now;
    for (const socket of this.#connections.keys()) socket.resume();
  }

  /** Whether a line or an event may go on. */
  get #isUnfinished(): boolean {
    return this.#shared.unfinished.size > 0 || this.#shared.openEvents.size > 0;
  }

  #watchUnfinished(connection: FrameStream): void {
    if (this.#idle !== undefined || this.#isEnded) return;
    if (!this.#isUnfinished && !connection.isUndecided) return;
    const { lineIdleMs, events } = this.#options;
    const ms = Math.min(lineIdleMs, events?.idleMs ?? lineIdleMs);
    // A process that was busy is late for the timer: it reads what came meanwhile before it looks for lines that did not grow.
    this.#idle = setInterval(() => setImmediate(() => this.#flushIdle()), Math.max(1, ms / 4));
  }

  #flushIdle(): void {
    if (this.#isPaused || this.#isEnded) return;
    const before = this.#now() - this.#options.lineIdleMs;
    let undecided = 0;
    for (const connection of this.#connections.values()) {
      if (!connection.isUndecided) continue;
      if (connection.touchedMs <= before) connection.decideRaw();
      else undecided += 1;
    }
    interruptIdle(this.#shared, this.#now(), this.#options.lineIdleMs);
    if (undecided === 0 && !this.#isUnfinished) {
      clearInterval(this.#idle);
      this.#idle = undefined;
    }
    this.#collected();
  }

  #stop(): void {
    this.#isStopping = true;
    this.#endWhenQuiet();
  }

  /** The clock alone does not tell: a process that was busy is late for it, so it looks for input once more. */
  #whenQuiet(ms: number, then: () => void): void {
    this.#cancelQuiet();
    const timer = setTimeout(() => {
      setImmediate(() => {
        if (this.#quiet === timer) then();
      });
    }, ms);
    this.#quiet = timer;
  }

  #cancelQuiet(): void {
    clearTimeout(this.#quiet);
    this.#quiet = undefined;
  }

  #endWhenQuiet(): void {
    if (!this.#isStopping || this.#isEnded || this.#connections.size > 0) return;
    this.#cancelQuiet();
    if (this.#lastLookBytes !== undefined) this.#cutOff();
    else this.#whenQuiet(QUIET_MS, () => this.close());
  }
}
