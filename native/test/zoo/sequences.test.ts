/** The zoo's comparisons see what they have to see. */
import fc from 'fast-check';
import { difference, disorder, linesOf, missingBlock, otherLines, unwoven } from './sequences.js';

const bytes = (text: string) => Buffer.from(text);

describe('unwoven', () => {
  const check = (whole: string, ...parts: string[]) => unwoven('x', bytes(whole), parts.map(bytes));

  test.each([
    ['', []],
    ['abc', ['abc']],
    ['abcd', ['ac', 'bd']],
    ['line 1\nline 2\nline 3\n', ['line 1\nline 3\n', 'line 2\n']],
    ['aaab', ['aab', 'a']],
    ['aabaac', ['aac', 'aab']],
    ['123456', ['14', '25', '36']],
  ])('%j is woven of %j', (whole, parts) => {
    expect(check(whole, ...parts)).toEqual([]);
  });

  test.each([
    ['abc', ['ab']],
    ['abc', ['ab', 'd']],
    ['abcd', ['ca', 'bd']],
    ['line 1\nline 2\n', ['line 2\n', 'line 3\n']],
    ['aab', ['ba', 'a']],
  ])('%j is not woven of %j', (whole, parts) => {
    expect(check(whole, ...parts)).toHaveLength(1);
  });

  /** All texts that two others can be woven to. */
  const allOf = (one: string, other: string): string[] => {
    if (one === '' || other === '') return [one + other];
    const [of1, of2] = [allOf(one.slice(1), other), allOf(one, other.slice(1))];
    return [...of1.map((rest) => one[0] + rest), ...of2.map((rest) => other[0] + rest)];
  };

  test('accepts of two parts exactly what they can be woven to', () => {
    const short = (maxLength: number) => fc.string({ unit: fc.constantFrom('a', 'b'), maxLength });
    const property = fc.property(short(5), short(5), short(10), (one, other, whole) => {
      expect(check(whole, one, other).length === 0).toBe(allOf(one, other).includes(whole));
      for (const woven of allOf(one, other)) expect(check(woven, one, other)).toEqual([]);
    });
    fc.assert(property, { numRuns: 200 });
  });

  test('says when a row repeats itself too much', () => {
    const half = 'a'.repeat(2000);
    expect(check(half + half, half, half)).toEqual([expect.stringContaining('repeats itself')]);
  });
});

test('difference says where', () => {
  expect(difference('x', bytes('same'), bytes('same'))).toEqual([]);
  expect(difference('x', bytes('abX'), bytes('abc'))[0]).toContain('at byte 2');
  expect(difference('x', bytes('ab'), bytes('abc'))[0]).toContain('2 bytes instead of 3');
});

test('missingBlock wants blocks unbroken and in order', () => {
  const check = (...blocks: string[]) => missingBlock('x', bytes('one two three'), blocks.map(bytes));
  expect(check('one', 'three')).toEqual([]);
  expect(check('three', 'one')).toHaveLength(1);
  expect(check('one', 'one')).toHaveLength(1);
  expect(check('onetwo')).toHaveLength(1);
});

test('lines may come in any order, but each as often as it was written, and a writer keeps its own', () => {
  const written = bytes('a 1\nb 1\na 2\nb 2\nb 2\n');
  const lines = (text: string) => linesOf(bytes(text));
  expect(linesOf(bytes('one\n\ntwo'))).toEqual(['one\n', '\n', 'two']);
  expect(otherLines('x', lines('b 1\nb 2\nb 2\na 1\na 2\n'), written)).toEqual([]);
  expect(otherLines('x', lines('b 1\na 1\na 2\nb 2\n'), written)).toHaveLength(1);
  expect(otherLines('x', lines('b 1\na 1\na 2\nb 2\n'), written, true)).toEqual([]);
  expect(otherLines('x', lines('a 1\na 1\n'), written, true)).toHaveLength(1);
  expect(disorder('x', lines('b 1\na 1\nb 2\na 2\n'), written)).toEqual([]);
  expect(disorder('x', lines('a 2\na 1\n'), written)).toHaveLength(1);
});
