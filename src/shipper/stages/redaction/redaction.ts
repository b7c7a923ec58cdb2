/**
 * Hides secrets in messages before a record is buffered: nothing on disk, sent, or in a dead letter contains one.
 *
 * A message is looked at as a whole, so a secret in an event of several lines is found. Of a PEM block that comes line by line,
 * the stage remembers by stream that it is open. Of a line that is cut for its length, a secret across the cut is found where
 * its beginning tells enough (keys with values, PEM blocks, tokens), not where its end does (numbers with check digits).
 *
 * A process names its container itself, so the name of a container only adds kinds to those that are hidden in every record, and
 * in the records of a process without a known name all kinds are hidden that any container adds.
 */
import { REDACTION_KINDS, type RedactionKind } from '../../../catalog/records/redaction.js';
import type { Origin, RecordBatch, Stage, StageBooks, Withhold } from '../../parts.js';
import { EditedBatch } from '../edited-batch.js';
import { CardMarks } from './card-marks.js';
import type { Finds } from './finds.js';
import { KIND } from './kind-numbers.js';
import { continuation } from './kinds/pem.js';
import { findPatterns, type Pattern } from './patterns.js';
import { JsonNumbers, type Replace } from './replacement.js';
import { Scanner } from './scanner.js';

export interface RedactionOptions {
  /** Hidden in every record. */
  readonly kinds: readonly RedactionKind[];
  /** By each known container, the kinds that are also hidden in its records. */
  readonly byContainer?: ReadonlyMap<string, readonly RedactionKind[]> | undefined;
  readonly patterns: readonly Pattern[];
  readonly replace: Replace;
}

/** The kinds and patterns for the messages of a container. */
interface Search {
  readonly isEmpty: boolean;
  readonly scanner: Scanner;
  readonly numbers: JsonNumbers;
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
  /** For records of no known container, and for all records where no container adds kinds. */
  readonly #strictest: Search;
  readonly #searches: ReadonlyMap<string, Search>;
  /** By id of a stream in a PEM block: how many of its messages may still belong to it. */
  readonly #blocks = new Map<string, number>();
  readonly #hasBlocks: boolean;
  /** Where cards are all that is hidden. Absent without kernels, too. */
  readonly #cards: CardMarks | undefined;

  constructor(options: RedactionOptions) {
    this.#options = options;
    this.#names = [...REDACTION_KINDS, ...options.patterns.map(({ name }) => name)];
    const { kinds, patterns, byContainer = new Map<string, readonly RedactionKind[]>() } = options;
    const all = [...new Set([...kinds, ...[...byContainer.values()].flat()])];
    this.#strictest = searchFor(all, patterns);
    this.#searches = new Map(
      [...byContainer].map(([name, added]) => [name, searchFor([...new Set([...kinds, ...added])], patterns)]),
    );
    this.#hasBlocks = all.includes('pem');
    const isCards = patterns.length === 0 && all.length > 0 && all.every((kind) => kind === 'card');
    this.#cards = isCards ? CardMarks.open() : undefined;
  }

  apply(batch: RecordBatch, _: Withhold, books: StageBooks): RecordBatch {
    const { bytes, count, start, length, origin, origins } = batch;
    const counts = new Map<string, number>();
    let output: EditedBatch | undefined;
    const searches = origins.map(({ container }) => this.#searches.get(container) ?? this.#strictest);
    const look = (i: number) => {
      const search = searches[origin[i]!]!;
      if (search.isEmpty) return;
      const from = start[i]!;
      const finds = this.#find(search, bytes, from, from + length[i]!, origins[origin[i]!]!);
      if (finds.count === 0) return;
      output ??= new EditedBatch(batch);
      this.#write(output, i, search, finds, counts);
    };
    if (this.#cards !== undefined) this.#cards.each(batch, look);
    else for (let i = 0; i < count; i++) look(i);
    if (output === undefined) return batch;
    books.redacted(counts);
    return output.finish();
  }

  /** A text of the shipper itself. */
  text(text: string): string {
    const bytes = Buffer.from(text);
    const search = this.#strictest;
    const finds = this.#find(search, bytes, 0, bytes.length, undefined);
    if (finds.count === 0) return text;
    const parts: Uint8Array[] = [];
    this.#parts(search, finds, (part) => parts.push(part));
    return Buffer.concat(parts).toString();
  }

  #find({ scanner }: Search, bytes: Uint8Array, from: number, to: number, origin: Origin | undefined): Finds {
    const { patterns } = this.#options;
    const finds = scanner.scan(bytes, from, to);
    if (this.#hasBlocks && origin !== undefined) this.#followBlock(origin, scanner, finds);
    if (patterns.length > 0 && findPatterns(patterns, REDACTION_KINDS.length, scanner.text, finds)) finds.arrange();
    return finds;
  }

  #followBlock({ id }: Origin, scanner: Scanner, finds: Finds): void {
    const left = this.#blocks.get(id);
    if (scanner.isPemOpen) {
      this.#blocks.delete(id);
      this.#blocks.set(id, BLOCK_MAX_RECORDS);
      if (this.#blocks.size > BLOCKS_MAX) this.#blocks.delete(this.#blocks.keys().next().value!);
    } else if (left !== undefined) {
      const { from, to, isEnd } = continuation(scanner.text);
      if (from < to) {
        finds.add(KIND.pem, from, to);
        finds.arrange();
      }
      if (isEnd || left === 1) this.#blocks.delete(id);
      else this.#blocks.set(id, left - 1);
    }
  }

  #write(output: EditedBatch, i: number, search: Search, finds: Finds, counts: Map<string, number>): void {
    output.begin(i);
    this.#parts(search, finds, (part) => output.add(part));
    output.end(i);
    for (let k = 0; k < finds.count; k++) {
      const name = this.#names[finds.kind(k)]!;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }

  /** The message that was searched last, with replacements. */
  #parts({ scanner, numbers }: Search, finds: Finds, add: (part: Uint8Array) => void): void {
    const { bytes, start, end } = scanner.text;
    numbers.begin();
    let at = start;
    for (let k = 0; k < finds.count; k++) {
      const [from, to] = [finds.from(k), finds.to(k)];
      const replacement = this.#options.replace(this.#names[finds.kind(k)]!, bytes.subarray(from, to));
      const begin = numbers.beginOf(from, to);
      const isNumber = begin >= at;
      add(bytes.subarray(at, isNumber ? begin : from));
      if (isNumber) add(QUOTES);
      add(replacement);
      if (isNumber) add(QUOTES);
      at = to;
    }
    add(bytes.subarray(at, end));
  }
}

const searchFor = (kinds: readonly RedactionKind[], patterns: readonly Pattern[]): Search => {
  const scanner = new Scanner(kinds);
  return { isEmpty: kinds.length + patterns.length === 0, scanner, numbers: new JsonNumbers(scanner.text) };
};

const QUOTES = Uint8Array.of(QUOTE);
