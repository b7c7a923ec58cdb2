/** Prints outcomes: for people and their diffs as text, for programs as JSON lines. */
import { printable } from '../printable.js';
import type { Outcome } from './outcome.js';

export type Format = 'text' | 'json';

export function report(outcomes: readonly Outcome[], format: Format): string {
  const streams = new StreamLines();
  const described = outcomes.map((outcome) => describe(outcome, streams));
  if (format === 'json') return described.map((each) => `${JSON.stringify(each)}\n`).join('');
  return described.map(textOf).join('\n');
}

interface Described {
  /** `stdout`, `stderr` or the path of a file. */
  readonly stream: string;
  readonly container?: string;
  readonly process?: string;
  /** Number of the stream's record, from 1. */
  readonly record: number;
  readonly lines: number;
  /** The stage that made the record. */
  readonly madeBy?: string;
  readonly changedBy?: readonly string[];
  readonly withheldBy?: string;
  readonly reason?: string;
  readonly message: string;
}

/** Counts the records of each stream. */
class StreamLines {
  readonly #records = new Map<string, number>();

  next(id: string): number {
    const record = (this.#records.get(id) ?? 0) + 1;
    this.#records.set(id, record);
    return record;
  }
}

function describe({ origin, message, madeBy, changedBy, withheld }: Outcome, streams: StreamLines): Described {
  const text = message.toString('utf8');
  return {
    stream: origin.path ?? origin.stream,
    ...(origin.container !== '' && { container: origin.container }),
    ...(origin.process !== '' && { process: origin.process }),
    record: streams.next(origin.id),
    lines: text.split('\n').length,
    ...(madeBy !== undefined && { madeBy }),
    ...(changedBy.length > 0 && { changedBy }),
    ...(withheld !== undefined && { withheldBy: withheld.stage, reason: withheld.reason }),
    message: text,
  };
}

function textOf({ stream, container, process, record, lines, message, ...rest }: Described): string {
  const writer = [process, container && `in ${container}`].filter(Boolean).join(' ');
  const head = [
    `${stream} ${record}`,
    ...(writer === '' ? [] : [writer]),
    ...(lines === 1 ? [] : [`${lines} lines`]),
    ...(rest.madeBy === undefined ? [] : [`made by ${rest.madeBy}`]),
    ...(rest.changedBy === undefined ? [] : [`changed by ${rest.changedBy.join(', ')}`]),
    ...(rest.withheldBy === undefined ? [] : [`withheld by ${rest.withheldBy}: ${rest.reason}`]),
  ].join(', ');
  const body = message.split('\n').map((line) => `  | ${printable(line)}`);
  return `${[head, ...body].join('\n')}\n`;
}
