/** Configurations of other tools after their documented samples, each with its meaning, written by hand, as the properties of a tap. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export interface Expected {
  /** The properties, without the keys below. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Keys that are not carried over, in the order of the input. */
  readonly left: readonly string[];
  readonly secrets: readonly string[];
  /** Properties that the input does not tell. */
  readonly gaps: readonly string[];
}

export interface Sample {
  readonly title: string;
  readonly text: string;
  readonly expected: Expected;
}

/** The samples of a kind: `=== title`, the configuration, `>>> expected` and the properties. */
export function samplesOf(kind: string): Sample[] {
  const file = join(__dirname, '../fixtures/migrate', kind, 'samples.txt');
  const parts = readFileSync(file, 'utf8')
    .split(/^=== (.+)\n/m)
    .slice(1);
  return parts.flatMap((title, index) => {
    if (index % 2 === 1) return [];
    const [text = '', after = ''] = parts[index + 1]!.split(/^>>> expected\n/m);
    const { left = [], secrets = [], gaps = [], ...data } = parse(after);
    return [{ title, text, expected: { data, left, secrets, gaps } }];
  });
}
