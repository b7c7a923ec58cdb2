/** Prints outcomes: for people and their diffs as text, for programs as JSON lines. */
import { LEVELS, severitiesOf } from '../catalog/values/record-rules.js';
import { printable } from '../printable.js';
import { FORMED } from '../shipper/events/formed.js';
import { fieldsOf } from '../shipper/fields/fields.js';
import { levelOf } from '../shipper/fields/level/level.js';
import type { Fields } from '../shipper/fields/read-fields.js';
import type { Origin } from '../shipper/parts.js';
import type { Outcome } from './outcome.js';

export interface ReportOptions {
  readonly format: 'text' | 'json';
  /** The texts of the rules of LOGTAP_RULES. */
  readonly rules: readonly string[];
  /** Whether sinks read fields from messages of an origin. */
  readonly hasFields: (origin: Origin) => boolean;
}

export function report(outcomes: readonly Outcome[], options: ReportOptions): string {
  const streams = new StreamRecords();
  // Streams end their events at different times.
  const sorted = [...outcomes].sort((a, b) => a.timeMs - b.timeMs);
  const described = sorted.map((outcome) => describe(outcome, streams, options));
  if (options.format === 'json') return described.map((each) => `${JSON.stringify(each)}\n`).join('');
  return described.map(textOf).join('\n');
}

const FORMS = Object.entries(FORMED).map(([name, bit]) => [name.toLowerCase(), bit] as const);

interface Described {
  /** `stdout`, `stderr` or the path of a file. */
  readonly stream: string;
  readonly container?: string;
  readonly process?: string;
  /** Number of the stream's record, from 1. */
  readonly record: number;
  readonly lines: number;
  /** What joined the lines, or cut the record; absent for a single line. */
  readonly formed?: readonly string[];
  readonly level?: string;
  /** Fields that sinks put on the record: logger, thread, trace and so on. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** The stage that made the record. */
  readonly madeBy?: string;
  readonly changedBy?: readonly string[];
  readonly withheldBy?: string;
  readonly reason?: string;
  /** The rule of LOGTAP_RULES that decided. */
  readonly rule?: string;
  readonly message: string;
}

/** Counts the records of each stream. */
class StreamRecords {
  readonly #records = new Map<string, number>();

  next(id: string): number {
    const record = (this.#records.get(id) ?? 0) + 1;
    this.#records.set(id, record);
    return record;
  }
}

function describe(
  { origin, formed, message, madeBy, changedBy, withheld }: Outcome,
  streams: StreamRecords,
  { rules, hasFields }: ReportOptions,
): Described {
  const text = message.toString('utf8');
  return {
    stream: origin.path ?? origin.stream,
    ...(origin.container !== '' && { container: origin.container }),
    ...(origin.process !== '' && { process: origin.process }),
    record: streams.next(origin.id),
    lines: text.split('\n').length,
    ...(formed !== 0 && { formed: FORMS.filter(([, bit]) => (formed & bit) !== 0).map(([name]) => name) }),
    ...levelIn(message),
    ...(hasFields(origin) && fieldsIn(message)),
    ...(madeBy !== undefined && { madeBy }),
    ...(changedBy.length > 0 && { changedBy }),
    ...(withheld !== undefined && {
      withheldBy: withheld.stage,
      reason: withheld.reason,
      ...ruleOf(withheld.reason, rules),
    }),
    message: text,
  };
}

/** `rule_2` names the second rule. */
function ruleOf(reason: string, rules: readonly string[]): { readonly rule?: string } {
  const [, number] = /^rule_(\d+)$/.exec(reason) ?? [];
  const rule = rules[Number(number) - 1];
  return rule === undefined ? {} : { rule };
}

/** The level that the rules see. */
function levelIn(message: Buffer): { readonly level?: string } {
  const severity = levelOf(message, 0, message.length);
  const level = LEVELS.find((name) => severity >= severitiesOf(name)[0] && severity <= severitiesOf(name)[1]);
  return level === undefined ? {} : { level };
}

function fieldsIn(message: Buffer): { readonly fields?: Readonly<Record<string, unknown>> } {
  const {
    severity: _severity,
    object: _object,
    attributes,
    ...named
  }: Partial<Fields> = fieldsOf(message, 0, message.length) ?? {};
  const fields = { ...named, ...attributes };
  return Object.keys(fields).length === 0 ? {} : { fields };
}

function textOf({ stream, container, process, record, lines, message, ...rest }: Described): string {
  const writer = [process, container && `in ${container}`].filter(Boolean).join(' ');
  const head = [
    `${stream} ${record}`,
    ...(writer === '' ? [] : [writer]),
    ...(lines === 1 ? [] : [`${lines} lines`]),
    ...(rest.formed === undefined ? [] : [`formed by ${rest.formed.join(' and ')}`]),
    ...(rest.level === undefined ? [] : [rest.level]),
    ...(rest.madeBy === undefined ? [] : [`made by ${rest.madeBy}`]),
    ...(rest.changedBy === undefined ? [] : [`changed by ${rest.changedBy.join(', ')}`]),
    ...(rest.reason === undefined
      ? []
      : [`withheld: ${rest.reason}${rest.rule === undefined ? '' : ` (${rest.rule})`}`]),
  ].join(', ');
  const body = message.split('\n').map((line) => `  | ${printable(line)}`);
  const fields = Object.entries(rest.fields ?? {}).map(([name, value]) => `  ${name}: ${printable(String(value))}`);
  return `${[head, ...body, ...fields].join('\n')}\n`;
}
