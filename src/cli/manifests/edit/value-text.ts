/** The text of a new value, in the form of the place that it comes to. */
import { isScalar, parseDocument, Scalar } from 'yaml';
import { AS_KUBECTL, quoted, toYaml } from '../kubectl-yaml.js';
import type { Layout } from './nodes.js';

const isCollection = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Whether a value is written on the line of its key. */
export const isInline = (value: unknown) => !isCollection(value) || Object.keys(value).length === 0;

/** Lines of a mapping or a list, each behind `column` spaces. */
export function blockText(value: object, column: number, { step, listStep, newline }: Layout): string {
  const spaces = ' '.repeat(column);
  return toYaml(value, { indent: step, indentSeq: listStep > 0 })
    .replace(/^(?=.)/gm, spaces)
    .replaceAll('\n', newline);
}

/** A value between braces, or one without items. */
export function flowText(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${value.map(flowText).join(', ')}]`;
  if (isCollection(value)) {
    const pairs = Object.entries(value).map(([key, each]) => flowPair(key, each));
    return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
  }
  return typeof value !== 'string' || isPlain(value) ? String(value) : quoted(value);
}

/** A pair between braces. */
export const flowPair = (key: string, value: unknown) => `${flowText(key)}: ${flowText(value)}`;

/** A value in the line of its key. A scalar keeps the quotes of the one that it replaces. */
export function inlineText(value: unknown, before: unknown, isInFlow: boolean): string {
  if (typeof value !== 'string') return flowText(value);
  const quotes = isScalar(before) ? before.type : undefined;
  if (quotes === Scalar.QUOTE_SINGLE && /^[\x20-\x7e]*$/.test(value)) return `'${value.replaceAll("'", "''")}'`;
  if (quotes === Scalar.QUOTE_DOUBLE) return quoted(value);
  const text = isInFlow ? flowText(value) : toYaml(value).trimEnd();
  return text.includes('\n') ? quoted(value) : text;
}

/** With a suffix that no reader takes for a part of a number. */
const QUANTITY = /^\d+(\.\d+)?(m|k|M|G|T|P|[KMGTPE]i)$/;

/** Whether every reader takes the text for itself without quotes, also between braces. */
function isPlain(value: string): boolean {
  if (QUANTITY.test(value)) return true;
  if (!/^[A-Za-z/_$.][^\n\t,[\]{}#"'`]*$/.test(value) || /: |[: ]$/.test(value)) return false;
  return parseDocument(value, AS_KUBECTL).toJS() === value;
}
