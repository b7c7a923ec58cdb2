/**
 * What one client of `/tail` gets: records as lines of JSON, up to a number per second, and how many were left out. It
 * holds a bounded text until the client takes it, so that neither a fast application nor a slow client costs the shipper
 * more than that.
 */
import { levelOf } from '../fields/level/level.js';
import { severityName } from '../fields/level/severity.js';
import type { RecordBatch } from '../parts.js';
import { JsonWriter } from '../records/json-writer.js';
import { recordAt } from '../records/record-batch.js';
import { fieldsOf, type Metadata } from '../sinks/record-fields.js';
import type { TailQuery } from './tail-query.js';

/** Of a longer message only its beginning is shown. */
const MESSAGE_MAX_BYTES = 16 * 1024;
/** Text that waits for the client. */
const PENDING_MAX = 256 * 1024;
/** Message bytes that are searched per second: some percent of one core. */
const SEARCHED_PER_SECOND = 8 * 1024 * 1024;
/** Without a line for so long, one is sent as a sign of life. */
const SILENCE_MS = 5000;

export class TailLines {
  readonly #query: TailQuery;
  readonly #metadata: Metadata;
  readonly #now: () => number;
  readonly #time = new JsonWriter(Buffer.alloc(64));
  #pending = '';
  #notShown = 0;
  #refilledMs: number;
  #takenMs: number;
  #lines: number;
  #searchable = SEARCHED_PER_SECOND;

  /** @param now monotonic */
  constructor(query: TailQuery, metadata: Metadata, now: () => number) {
    this.#query = query;
    this.#metadata = metadata;
    this.#now = now;
    this.#lines = query.linesPerSecond;
    this.#refilledMs = now();
    this.#takenMs = now();
  }

  /** Shows those that match, as far as the client's share reaches. */
  add(batch: RecordBatch): void {
    this.#refill();
    for (let i = 0; i < batch.count; i++) {
      if (this.#lines < 1 || this.#searchable <= 0 || this.#pending.length >= PENDING_MAX) {
        this.#notShown += batch.count - i;
        return;
      }
      this.#searchable -= batch.length[i]!;
      const severity = this.#severityOf(batch, i);
      if (severity < this.#query.leastSeverity || !this.#matches(batch, i)) continue;
      this.#lines -= 1;
      this.#sayNotShown();
      this.#pending += this.#lineOf(batch, i, severity);
    }
  }

  /** The lines since the last call. Empty when there is nothing to say yet. */
  take(): string {
    const nowMs = this.#now();
    if (this.#notShown > 0) this.#sayNotShown();
    else if (this.#pending === '' && nowMs - this.#takenMs >= SILENCE_MS) this.#pending = '{"notShown":0}\n';
    const lines = this.#pending;
    if (lines !== '') this.#takenMs = nowMs;
    this.#pending = '';
    return lines;
  }

  #refill(): void {
    const nowMs = this.#now();
    const seconds = (nowMs - this.#refilledMs) / 1000;
    const { linesPerSecond } = this.#query;
    this.#refilledMs = nowMs;
    this.#lines = Math.min(linesPerSecond, this.#lines + seconds * linesPerSecond);
    this.#searchable = Math.min(SEARCHED_PER_SECOND, this.#searchable + seconds * SEARCHED_PER_SECOND);
  }

  #sayNotShown(): void {
    if (this.#notShown > 0) this.#pending += `{"notShown":${this.#notShown}}\n`;
    this.#notShown = 0;
  }

  #severityOf({ bytes, start, length }: RecordBatch, i: number): number {
    return levelOf(bytes, start[i]!, start[i]! + length[i]!);
  }

  #matches({ bytes, start, length }: RecordBatch, i: number): boolean {
    const { match } = this.#query;
    if (match === '') return true;
    const end = start[i]! + length[i]!;
    return textOf(bytes, start[i]!, end).toLowerCase().includes(match);
  }

  #lineOf(batch: RecordBatch, i: number, severity: number): string {
    const { timeMs, origin, message } = recordAt(batch, i);
    const shown = textOf(message, 0, cutAt(message));
    this.#time.truncate(0);
    this.#time.timestamp(timeMs);
    const record = {
      timestamp: this.#time.bytes.toString('latin1'),
      ...fieldsOf(origin, this.#metadata),
      level: severityName(severity),
      message: shown,
      ...(message.length > MESSAGE_MAX_BYTES && { cutBytes: message.length - cutAt(message) }),
    };
    return `${JSON.stringify(record)}\n`;
  }
}

const textOf = ({ buffer, byteOffset }: Uint8Array, start: number, end: number) =>
  Buffer.from(buffer, byteOffset + start, end - start).toString();

/** Where a message is cut: not within a character. */
function cutAt(message: Uint8Array): number {
  let at = Math.min(message.length, MESSAGE_MAX_BYTES);
  if (at === message.length) return at;
  for (let back = 0; back < 3 && (message[at]! & 0xc0) === 0x80; back++) at -= 1;
  return at;
}
