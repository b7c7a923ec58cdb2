/** Expressions of users: what is accepted, the engine of the shipper compiles. */
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { regularExpression } from '../../../src/catalog/values/regular-expression.js';

const isAccepted = (expression: string) => {
  try {
    regularExpression(expression);
    return true;
  } catch {
    return false;
  }
};

test.each([
  'timeout',
  '^\\d{4}-\\d\\d-\\d\\d[T ]',
  '(?i)error|(?i:fatal)|(?-s:.)|(?P<level>WARN)|(?<other>x)',
  '[^\\]\\[a-z[:alpha:]\\d-]+?',
  'a{0,1000}',
  '(?:[0-9]{1,3}\\.){3}[0-9]{1,3}',
  '\\x41\\x{1F600}\\pL\\p{Greek}\\P{Lu}',
  '\\Q(as it is)*\\E+',
  'GET /health\\b.*\\s200$',
  '',
])('%j is accepted', (expression) => {
  expect(regularExpression(expression)).toBe(expression);
  RE2JS.compile(expression);
});

test.each([
  ['(?=x)', 'look ahead or behind'],
  ['(?<!x)y', 'look ahead or behind'],
  ['(a)\\1', 'refer back'],
  ['(?<n>a)\\k<n>', 'refer back'],
  ['(?>a)', '(? begins'],
  ['(a', 'a ( is not closed'],
  ['a)', 'a ) closes no group'],
  ['[a', 'a [ is not closed'],
  ['[]', 'a class has no character'],
  ['[z-a]', 'ends before it begins'],
  ['*a', 'repeats nothing'],
  ['a**', 'repeats nothing, or a repetition'],
  ['a{1001}', 'more than 1000 repetitions'],
  ['(?:a{100}){100}', 'make more than 1000'],
  ['a{3,2}', 'ends before it begins'],
  ['\\e', '\\e is not known'],
  ['\\Z', '\\Z is not known'],
  ['\\u0041', '\\u is not known'],
  ['\\p{Foo}', 'names no class of Unicode'],
  ['\\x{110000}', 'is no character'],
  ['a\\', 'no character behind it'],
  ['(?P<n>a)(?P<n>b)', 'two groups have the name n'],
  ['('.repeat(101), 'nested more than 100 deep'],
])('%j is refused: %s', (expression, rule) => {
  expect(() => regularExpression(expression)).toThrow(rule);
});

test('no expression that is accepted is refused by the engine', () => {
  const parts =
    'a b é . * + ? ?? {2} {1,} {1001} {0,1000} {3,2} ( ) (?: (?i) (?i: (?P<n> (?<n> (?-s) | [ [^ ] [a-z] [z-a] [[:alpha:]] [^] [] ^ $ \\b \\B \\d \\w \\z \\A \\Z \\G \\e \\y \\_ \\- \\/ \\k<n> \\1 \\0 \\x41 \\x{41} \\u0041 \\pL \\p{Greek} \\P{L} \\p{Foo} \\Q \\E \\n \\cA \\C - && (?= (?! (?<= (?# (?> \\ #'.split(
      ' ',
    );
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...parts, ' '), { maxLength: 8 }), (chosen) => {
      const expression = chosen.join('');
      if (isAccepted(expression)) RE2JS.compile(expression);
    }),
    { numRuns: 20_000 },
  );
});

test('any text is accepted or refused, in bounded time', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      if (isAccepted(text)) RE2JS.compile(text);
    }),
    { numRuns: 5000 },
  );
  expect(isAccepted(`${'a?'.repeat(20_000)}`)).toBe(true);
});
