/**
 * Hides secrets in messages, before a record is buffered: what is on disk, sent, or a dead letter has none of them.
 *
 * A message is looked at as a whole, so a secret in an event of several lines is found. Of a PEM block that comes line by line,
 * the stage remembers by stream that it is open. Of a line that is cut for its length, a secret across the cut is found where
 * its beginning tells enough (keys with values, PEM blocks, tokens), not where its end does (numbers with check digits).
 */
import { REDACTION_KINDS, type RedactionKind } from '../../../catalog/redaction.js';
import type { Origin, RecordBatch, Stage, StageBooks, Withhold } from '../../parts.js';
import { EditedBatch } from '../edited-batch.js';
import type { Finds } from './finds.js';
import { KIND } from './kind-numbers.js';
import { continuation } from './kinds/pem.js';
import { findPatterns, type Pattern } from './patterns.js';
import { JsonNumbers, type Replace } from './replacement.js';
import { Scanner } from './scanner.js';

export interface RedactionOptions {
  readonly kinds: readonly RedactionKind[];
  readonly patterns: readonly Pattern[];
  readonly replace: Replace;
}

/** Messages of a stream in which an open block goes on at most. */
const BLOCK_MAX_RECORDS = 200;
/** Streams whose blocks are remembered. */
const BLOCKS_MAX = 10_000;
const QUOTE = 0x22;

export class Redaction implements Stage {
  readonly name = 'redact';
  readonly #options: RedactionOptions;
  readonly #names: readonly string[];
  readonly #scanner: Scanner;
  readonly #numbers: JsonNumbers;
  /** By id of a stream in a PEM block: how many of its messages may still belong to it. */
  readonly #blocks = new Map<string, number>();
  readonly #hasBlocks: boolean;

  constructor(options: RedactionOptions) {
    this.#options = options;
    this.#names = [...REDACTION_KINDS, ...options.patterns.map(({ name }) => name)];
    this.#scanner = new Scanner(options.kinds);
    this.#numbers = new JsonNumbers(this.#scanner.text);
    this.#hasBlocks = options.kinds.includes('pem');
  }

  apply(batch: RecordBatch, _: Withhold, books: StageBooks): RecordBatch {
    const { bytes, count, start, length, origin, origins } = batch;
    const counts = new Map<string, number>();
    let output: EditedBatch | undefined;
    for (let i = 0; i < count; i++) {
      const from = start[i]!;
      const finds = this.#find(bytes, from, from + length[i]!, origins[origin[i]!]!);
      if (finds.count === 0) continue;
      output ??= new EditedBatch(batch);
      this.#write(output, i, finds, counts);
    }
    if (output === undefined) return batch;
    books.redacted(counts);
    return output.finish();
  }

  /** A text of the shipper itself. */
  text(text: string): string {
    const bytes = Buffer.from(text);
    const finds = this.#find(bytes, 0, bytes.length, undefined);
    if (finds.count === 0) return text;
    const parts: Uint8Array[] = [];
    this.#numbers.begin();
    this.#parts(finds, bytes, 0, bytes.length, (part) => parts.push(part));
    return Buffer.concat(parts).toString();
  }

  #find(bytes: Uint8Array, from: number, to: number, origin: Origin | undefined): Finds {
    const { patterns } = this.#options;
    const finds = this.#scanner.scan(bytes, from, to);
    if (this.#hasBlocks && origin !== undefined) this.#followBlock(origin, finds);
    if (patterns.length > 0 && findPatterns(patterns, REDACTION_KINDS.length, this.#scanner.text, finds))
      finds.arrange();
    return finds;
  }

  #followBlock({ id }: Origin, finds: Finds): void {
    const left = this.#blocks.get(id);
    if (this.#scanner.isPemOpen) {
      this.#blocks.delete(id);
      this.#blocks.set(id, BLOCK_MAX_RECORDS);
      if (this.#blocks.size > BLOCKS_MAX) this.#blocks.delete(this.#blocks.keys().next().value!);
    } else if (left !== undefined) {
      const { from, to, isEnd } = continuation(this.#scanner.text);
      if (from < to) {
        finds.add(KIND.pem, from, to);
        finds.arrange();
      }
      if (isEnd || left === 1) this.#blocks.delete(id);
      else this.#blocks.set(id, left - 1);
    }
  }

  #write(output: EditedBatch, i: number, finds: Finds, counts: Map<string, number>): void {
    this.#numbers.begin();
    output.begin(i);
    const { bytes, start, end } = this.#scanner.text;
    this.#parts(finds, bytes, start, end, (part) => output.add(part));
    output.end(i);
    for (let k = 0; k < finds.count; k++) {
      const name = this.#names[finds.kind(k)]!;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }

  #parts(finds: Finds, bytes: Uint8Array, start: number, end: number, add: (part: Uint8Array) => void): void {
    let at = start;
    for (let k = 0; k < finds.count; k++) {
      const [from, to] = [finds.from(k), finds.to(k)];
      const replacement = this.#options.replace(this.#names[finds.kind(k)]!, bytes.subarray(from, to));
      add(bytes.subarray(at, from));
      const isNumber = this.#numbers.has(from, to);
      if (isNumber) add(QUOTES);
      add(replacement);
      if (isNumber) add(QUOTES);
      at = to;
    }
    add(bytes.subarray(at, end));
  }
}

const QUOTES = Uint8Array.of(QUOTE);
