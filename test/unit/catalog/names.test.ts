/** Names with placeholders, filled with any values: what a service would refuse is an error, and nothing else changes. */
import fc from 'fast-check';
import { filled, NAMES_WITH_PLACEHOLDERS, type Name } from '../../../src/catalog/records/names.js';
import { inBraces, type Placeholder } from '../../../src/catalog/values/placeholders.js';

type Key = keyof typeof NAMES_WITH_PLACEHOLDERS;

/** The services' documented limits, written once more: the referee. Of indices, dates are already gone. */
const ACCEPTED: Readonly<Record<Key, (name: string) => boolean>> = {
  cloudwatchLogGroup: (name) => /^[.\-_/#A-Za-z0-9]{1,512}$/.test(name) && !/^aws\//.test(name),
  cloudwatchLogStream: (name) => name.length >= 1 && name.length <= 512 && !/[:*]/.test(name),
  cloudwatchService: (name) => /^[\x20-\x7e]{1,512}$/.test(name),
  cloudwatchEnvironment: (name) => /^[\x20-\x7e]{1,512}$/.test(name),
  firehoseStream: (name) => /^[a-zA-Z0-9_.-]{1,64}$/.test(name),
  s3Prefix: (name) => Buffer.byteLength(name) <= 1024 && !name.startsWith('/'),
  opensearchIndex: isIndex,
  opensearchDataStream: isIndex,
};

function isIndex(name: string): boolean {
  const isReserved = /[\\/*?"<>| ,#:]/.test(name) || /^[-_+]/.test(name) || name === '.' || name === '..';
  return name === name.toLowerCase() && !isReserved && name.length > 0 && Buffer.byteLength(name) <= 255;
}

const FIELDS: readonly Placeholder[] = [
  { kind: 'namespace', name: '' },
  { kind: 'label', name: 'app.kubernetes.io/name' },
  { kind: 'annotation', name: 'team' },
  { kind: 'field', name: 'tier' },
];
const literal = fc.constantFrom('', '/', '-', '.', 'shop', 'a/b', '_', 'x'.repeat(120));
const value = fc.oneof(
  fc.string({ minLength: 1, maxLength: 300, unit: 'binary' }),
  fc.constantFrom(
    'shop',
    'Shop',
    '{label:app}',
    '{container}',
    'a:b*c',
    '{yyyy}',
    '-',
    '..',
    '🛒'.repeat(200),
    '_a',
    'aws/',
  ),
);
const part = fc.oneof(literal, fc.constantFrom(...FIELDS));

test.each(Object.entries(NAMES_WITH_PLACEHOLDERS) as [Key, Name][])('%s', (key, name) => {
  fc.assert(
    fc.property(
      fc.array(part, { minLength: 1, maxLength: 5 }),
      fc.tuple(value, value, value, value),
      (parts, values) => {
        const text = parts.map((each) => (typeof each === 'string' ? each : inBraces(each))).join('');
        const read = ({ kind }: Placeholder) => values[FIELDS.findIndex((field) => field.kind === kind)]!;
        let full: string;
        try {
          full = filled(name, text, read);
        } catch (error) {
          // One error, with the name that the service would have seen.
          expect((error as Error).message).toMatch(/^becomes '.*', which must .*[:.] [^.]*\.$/su);
          return;
        }
        const seen = name.isOfRecords ? full.replaceAll('{namespace}', 'shop') : full;
        expect(ACCEPTED[key](seen)).toBe(true);
        // A value is never read as a placeholder again.
        expect(seen).not.toMatch(/[{}]/);
        expect(Buffer.from(full).toString()).toBe(full);
      },
    ),
    { numRuns: 500 },
  );
});

test.each(Object.entries(NAMES_WITH_PLACEHOLDERS) as [Key, Name][])(
  '%s has values of letters, digits and hyphens as they are',
  (_key, name) => {
    const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?$/);
    const property = fc.property(label, label, (app, tier) => {
      const read = ({ kind }: Placeholder) => (kind === 'label' ? app : tier);
      expect(filled(name, '{label:app}-{field:tier}', read)).toBe(`${app}-${tier}`);
    });
    fc.assert(property);
  },
);

test('values that are too long for the name together are an error with rule and remedy', () => {
  const read = () => 'x'.repeat(63);
  const { firehoseStream } = NAMES_WITH_PLACEHOLDERS;
  expect(() => filled(firehoseStream, '{namespace}-{label:app}', read)).toThrow(
    /^becomes 'x{63}-x{63}', which must be 1 to 64 of the characters .*: give the name of the stream, not its ARN\.$/,
  );
});
