/** Expressions of CEL, the language of admission policies, as text. */

/** An expression among values that are literals. */
export class Expression {
  public constructor(public readonly text: string) {}
}

/** A name of a policy, and the expression that it holds. */
export interface Variable {
  readonly name: string;
  readonly expression: string;
}

/** Longest literal on one line. */
const WIDTH = 100;

const quoted = (value: string) => JSON.stringify(value);

/** The expression of a JSON value. Strings of JSON are strings of CEL. */
export function literal(value: unknown): string {
  if (value instanceof Expression) return value.text;
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return within('[', value.map(elementOf(value)), ']');
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  const element = elementOf(entries.map(([, each]) => each));
  return within(
    '{',
    entries.map(([key, each]) => `${quoted(key)}: ${element(each)}`),
    '}',
  );
}

/** The elements of a list and the values of a map have one type, which is `dyn` unless all are strings. */
function elementOf(all: readonly unknown[]): (value: unknown) => string {
  const areTexts = all.every((each) => typeof each === 'string');
  return (each) => (areTexts ? literal(each) : `dyn(${literal(each)})`);
}

function within(open: string, items: readonly string[], close: string): string {
  const line = `${open}${items.join(', ')}${close}`;
  if (line.length <= WIDTH && !line.includes('\n')) return line;
  return `${open}\n${items.map((item) => `  ${item.replaceAll('\n', '\n  ')}`).join(',\n')}\n${close}`;
}

/** One expression or the other. Each of them may have any type. */
export const choice = (condition: string, yes: string, no: string) => `(${condition} ? dyn(${yes}) : dyn(${no}))`;

/** All items of lists, one list a line. */
export const joined = (lists: readonly string[]) => lists.join('\n+ ');
