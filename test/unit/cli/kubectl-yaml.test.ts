/** YAML as kubectl reads it; test/integration/kubectl-yaml.test.ts compares it with kubectl's own reader. */
import { parseDocument } from 'yaml';
import { AS_KUBECTL, toYaml } from '../../../src/cli/manifests/kubectl-yaml.js';

const read = (value: string) => parseDocument(`value: ${value}\n`, AS_KUBECTL).toJS().value;

describe('a value without quotes', () => {
  test.each([
    ['0644', 420],
    ['0o644', 420],
    ['-0O17', -15],
    ['0x1F', 31],
    ['0b101', 5],
    ['1_000', 1000],
    ['08', 8],
    ['+.5', 0.5],
    ['.5e3', 500],
    ['6E10', 6e10],
    ['yes', true],
    ['Off', false],
    ['~', null],
  ])('%s is %p', (text, value) => {
    expect(read(text)).toBe(value);
  });

  test.each(['.', 'e1', '_1', '0x', '1e', '1.2.3', '0o8', '12:30:45', '2026-11-24', '=', '._5', '1:30.5'])(
    '%s is text',
    (text) => {
      expect(read(`[${text}]`)).toEqual([text]);
    },
  );

  test('is rejected if a number would lose its value', () => {
    const problems = (value: string) =>
      parseDocument(`value: ${value}`, AS_KUBECTL).errors.map(({ message }) => message);
    expect(problems('9007199254740993')).toEqual([
      expect.stringContaining('the number 9007199254740993 is too large to keep its value'),
    ]);
    expect(problems('0xffffffffffffff')).toHaveLength(1);
    for (const value of ['9007199254740991', '0xe0', '1e300', '"9007199254740993"'])
      expect(problems(value)).toEqual([]);
  });

  test('tagged as base64 is read as the encoded text', () => {
    expect(read('!!binary aGVsbG8=')).toBe('hello');
  });

  test('as a key is read the same way: the point of managed fields remains a point', () => {
    expect(parseDocument('{.: {}, e1: 1}', AS_KUBECTL).toJS()).toEqual({ '.': {}, e1: 1 });
  });
});

describe('text is written', () => {
  test.each([
    ['0o644', '"0o644"'],
    ['<<', '"<<"'],
    ['12:30', '"12:30"'],
    ['2026-11-24', '"2026-11-24"'],
    ['...', '"..."'],
    ['a\u0085b', '"a\\u0085b"'],
    ['\ufeff', '"\\ufeff"'],
    ['line \nend', '"line \\nend"'],
    ['plain', 'plain'],
    ['a\nb\n', '|\n  a\n  b'],
  ])('%j as %s', (text, written) => {
    expect(toYaml({ value: text })).toBe(`value: ${written}\n`);
    expect(toYaml({ [text]: 1 })).not.toContain('\u0085');
  });
});
