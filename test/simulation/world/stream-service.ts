/** A peer that reads a stream over TCP: the Forward protocol with its acknowledgements, or lines without an answer. */
import { decode, decodeMulti, encode } from '@msgpack/msgpack';
import type { Machine } from './machine.js';
import { LATE_MS, type Mood, type Service } from './service.js';
import type { TcpConnection, TcpPeer } from './tcp.js';

export interface StreamPlan {
  readonly kind: 'forward' | 'tcp';
  /** Where requests of `forward` are acknowledged by the peer, or else by its kernel. */
  readonly isAcked: boolean;
}

export interface StreamEvents {
  readonly onStored: (text: string) => void;
  /** A request breaks the protocol. */
  readonly onBroken: (problem: string) => void;
}

interface Request {
  readonly texts: readonly string[];
  readonly chunk: string | undefined;
}

const ANSWER_MS = { least: 1, most: 15 };
/** A slow reader: so many bytes at a time. */
const SLOW = { bytes: 1500, everyMs: { least: 5, most: 150 } };
const CUT_CHANCE = 0.3;
const ANOTHER = 'AAAAAAAAAAAAAAAAAAAAAA';

export class StreamService implements Service {
  mood: Mood = 'well';
  readonly #machine: Machine;
  readonly #plan: StreamPlan;
  readonly #events: StreamEvents;
  /** Texts of requests by their ids. */
  readonly #chunks = new Map<string, string>();

  constructor(machine: Machine, plan: StreamPlan, events: StreamEvents) {
    this.#machine = machine;
    this.#plan = plan;
    this.#events = events;
  }

  answer(): never {
    throw new Error('the service of this simulation speaks no HTTP');
  }

  accept(connection: TcpConnection): TcpPeer | string {
    const { random } = this.#machine;
    this.#machine.trace(`accept ${this.mood}`);
    if (this.mood === 'down') return random.of(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH']);
    if (this.mood === 'closed') this.#after(random.between(0, 20), () => connection.reset());
    let text: Buffer = Buffer.alloc(0);
    let lateUntilMs: number | undefined;
    return {
      window: () => {
        const { mood } = this;
        const all = { bytes: Number.POSITIVE_INFINITY, againMs: 0 };
        const isCut = mood === 'down' || mood === 'closed' || (mood === 'failing' && random.chance(CUT_CHANCE));
        if (isCut) connection.reset();
        if (mood === 'slow')
          return { bytes: SLOW.bytes, againMs: random.between(SLOW.everyMs.least, SLOW.everyMs.most) };
        if (mood === 'late' && this.#plan.kind === 'tcp' && lateUntilMs === undefined) {
          lateUntilMs = this.#machine.scheduler.nowMs + random.between(LATE_MS.least, LATE_MS.most);
        }
        if (lateUntilMs !== undefined && this.#machine.scheduler.nowMs < lateUntilMs) return { bytes: 0, againMs: 500 };
        return mood === 'failing' ? { bytes: 700, againMs: 0 } : all;
      },
      received: (bytes) => {
        text = Buffer.concat([text, bytes]);
        text = this.#plan.kind === 'tcp' ? this.#linesIn(text, connection) : this.#requestsIn(text, connection);
      },
      // The rest is half a line, or half a request.
      ended: () => {},
    };
  }

  /** Stores whole lines. Returns the rest. */
  #linesIn(text: Buffer, connection: TcpConnection): Buffer {
    const end = text.lastIndexOf(0x0a) + 1;
    for (const line of text.toString('utf8', 0, end).split('\n').slice(0, -1)) this.#storeLine(line);
    this.#misbehave(connection);
    return text.subarray(end);
  }

  #storeLine(line: string): void {
    try {
      const { timestamp, seq, message } = JSON.parse(line);
      if (Number.isNaN(Date.parse(timestamp)) || !Number.isInteger(seq))
        throw new Error('it lacks its time or its place');
      this.#events.onStored(String(message));
    } catch (error) {
      this.#events.onBroken(`'${line.slice(0, 80)}' is refused: ${(error as Error).message}`);
    }
  }

  /** After it has taken, and acknowledged, what came. */
  #misbehave(connection: TcpConnection): void {
    const { random } = this.#machine;
    if (this.mood === 'lost' || this.mood === 'lying') this.#after(random.between(0, 3), () => connection.reset());
    if (this.mood === 'busy') this.#after(random.between(0, 30), () => connection.end());
    if (this.mood === 'misshapen') connection.say(Buffer.from('what?\n'));
  }

  /** Takes a request that is whole. Returns the rest. */
  #requestsIn(bytes: Buffer, connection: TcpConnection): Buffer {
    let request: Request;
    try {
      request = requestOf(decode(bytes));
    } catch (error) {
      if (error instanceof RangeError && !error.message.startsWith('Extra')) return bytes;
      this.#events.onBroken(`a request is refused: ${(error as Error).message}`);
      return Buffer.alloc(0);
    }
    this.#machine.trace(`request ${request.texts.length} ${request.chunk} ${this.mood}`);
    if ((request.chunk !== undefined) !== this.#plan.isAcked)
      this.#events.onBroken(`a request has the id ${request.chunk}`);
    if (this.#plan.isAcked) this.#answer(request, connection);
    else {
      this.#store(request);
      this.#misbehave(connection);
    }
    return Buffer.alloc(0);
  }

  #answer(request: Request, connection: TcpConnection): void {
    const { mood } = this;
    const { random } = this.#machine;
    const say = (answer: Uint8Array) => connection.say(Buffer.from(answer));
    const ack = () => say(encode({ ack: request.chunk }));
    const afterMs = random.between(ANSWER_MS.least, ANSWER_MS.most);
    const isStored = !['failing', 'lost', 'lying', 'misshapen'].includes(mood) || random.chance(0.5);
    if (isStored) this.#store(request);
    if (mood === 'failing') this.#after(afterMs, () => (random.chance(0.5) ? connection.reset() : connection.end()));
    else if (mood === 'lost') this.#after(afterMs, () => connection.reset());
    else if (mood === 'lying')
      this.#after(afterMs, () => say(encode({ ack: random.of([ANOTHER, ...this.#chunks.keys()]) })));
    else if (mood === 'misshapen') this.#after(afterMs, () => say(random.of(MISSHAPEN)));
    else if (mood === 'late') this.#after(random.between(LATE_MS.least, LATE_MS.most), ack);
    else this.#after(afterMs, ack);
    // It confirms twice: the second one is no answer to the next request.
    if (mood === 'twice') this.#after(random.between(1, 40), ack);
    if (mood === 'busy') this.#after(afterMs + random.between(0, 30), () => connection.end());
  }

  #store({ chunk, texts }: Request): void {
    // A peer that knows the id of a request again would lose the records of the other one.
    // The shipper's own words tell the same of one loss, with times that the next shipper cannot know.
    const all = JSON.stringify(texts.filter((text) => !text.startsWith('logtap: ')));
    const known = chunk === undefined ? all : (this.#chunks.get(chunk) ?? all);
    if (known !== all) this.#events.onBroken(`'${known}' and '${all}' have the id ${chunk}`);
    if (chunk !== undefined) this.#chunks.set(chunk, all);
    for (const text of texts) this.#events.onStored(text);
  }

  #after(ms: number, call: () => void): void {
    this.#machine.scheduler.after(ms, undefined, call);
  }
}

/** Throws an Error for what is none. A RangeError means that its end is not there yet. */
function requestOf(message: unknown): Request {
  const [tag, entries, option] = message as [unknown, unknown, { readonly chunk?: unknown; readonly size?: unknown }];
  if (typeof tag !== 'string' || !(entries instanceof Uint8Array))
    throw new Error('it is none of the mode PackedForward');
  const texts = [...decodeMulti(entries)].map((entry) => String((entry as [unknown, { message: string }])[1].message));
  if (option.size !== texts.length) throw new Error(`it says that ${String(option.size)} records are ${texts.length}`);
  return { texts, chunk: option.chunk === undefined ? undefined : String(option.chunk) };
}

/** Answers that confirm nothing. */
const MISSHAPEN: readonly Uint8Array[] = [
  Buffer.of(0xc1),
  Buffer.from('<html>'),
  encode({ ack: 5 }),
  encode({}),
  encode(null),
  encode(['PONG', false, 'no', 'peer', '']),
  encode(['HELO', { nonce: Buffer.alloc(16), auth: Buffer.alloc(0), keepalive: true }]),
];
