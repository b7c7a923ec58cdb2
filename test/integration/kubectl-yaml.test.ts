/** What the command line reads and writes, compared with kubectl's own reader on random texts. */
import fc from 'fast-check';
import { formatManifests, parseManifests } from '../../src/cli/manifests/manifests.js';
import { describeWith } from '../support/capability.js';
import { asKubectl } from '../support/kubectl-yaml.js';

/** Pieces of numbers, booleans, nulls and dates. */
const NUMERIC = ['0', '1', '7', '8', '.', '_', 'e', 'E', '+', '-', '0x', '0O', '0b', 'f', '.5', '12:30', '2026-11-24'];
const WORDS = ['~', 'null', 'y', 'N', 'on', 'Off', 'true', 'T', 'Z', '=', 'NaN', 'inf'];
/** Pieces with a meaning in YAML, and characters that must be escaped. */
const SYNTAX = [...' \n\t\r#\'"%@`&*!|>[]{},?:\\', '<<', '---', '...', '$(A)', ': ', ' #', '- '];
const ODD = [...'\u0000\u0007\u001b\u007f\u0085\u00a0\u2028\u2029\ufeff\ufffe\uffff\ud7ffé日🚀'];

/** Different texts of up to five pieces. */
function texts(pieces: readonly string[], count: number): string[] {
  const piece = fc.constantFrom(...pieces);
  const text = fc.array(piece, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(''));
  return [...new Set(fc.sample(text, { numRuns: count, seed: 20_261_124 }))];
}

const header = { apiVersion: 'v1', kind: 'ConfigMap' };

describeWith(['kubectl yaml'], 'kubectl', () => {
  test.each(['yaml', 'json'] as const)(
    'reads every text as it was meant in %s: as value, as key, in a list',
    async (format) => {
      const objects = texts([...NUMERIC, ...WORDS, ...SYNTAX, ...ODD], 4000).map((text) => ({
        ...header,
        value: text,
        list: ['a', text, text],
        map: { [text]: { [text]: 1 }, [`-${text}`]: '' },
      }));
      expect(await asKubectl(formatManifests(objects, format))).toEqual(objects);
    },
  );

  test('reads values without quotes as the command line does', async () => {
    // A colon at the end makes a key of it, a dash alone a list. JSON knows no infinity.
    const plain = texts([...NUMERIC, ...WORDS], 4000).filter((text) => !/:$|^-$|\.inf|\.nan/i.test(text));
    // A binary number with a sign inside is one to kubectl, by accident.
    const values = plain.filter((text) => !/0b[-+]/i.test(text));
    const text = values.map((value) => `apiVersion: v1\nkind: ConfigMap\nvalue: ${value}\n`).join('---\n');
    // As JSON, where zero has no sign.
    const read = (objects: readonly object[]) =>
      objects.map((object, index) => [values[index], JSON.stringify((object as { value: unknown }).value)]);
    expect(read(parseManifests({ name: 'text', text }).map(({ object }) => object))).toEqual(
      read(await asKubectl(text)),
    );
  });

  test('reads numbers that it writes itself', async () => {
    const numbers = [0, 1, -1, 420, 0.5, 1e21, 1e-7, -2.5e-300, 2 ** 53 - 1];
    const objects = numbers.map((value) => ({ ...header, value }));
    expect(await asKubectl(formatManifests(objects, 'yaml'))).toEqual(objects);
  });
});
