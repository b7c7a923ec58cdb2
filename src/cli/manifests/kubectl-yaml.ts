/**
 * YAML as kubectl reads it: 1.1 with the octal numbers of 1.2, without dates and base-60 numbers. kubectl reads the written YAML
 * with the same values.
 */
import {
  type DocumentOptions,
  type ParseOptions,
  type ScalarTag,
  type SchemaOptions,
  stringify,
  type Tags,
  type ToStringOptions,
} from 'yaml';
import { stringifyString } from 'yaml/util';

/** The library's own number tags read `.` and `e1` as numbers. Both are common as keys and names. */
const number: ScalarTag = {
  identify: (value) => typeof value === 'number',
  default: true,
  tag: 'tag:yaml.org,2002:float',
  test: new RegExp(
    [
      // Underscores are ignored, except at the start and after a point at the start.
      String.raw`^(?:[-+]_*)?(?:0_*b_*[01][01_]*|0_*o_*[0-7][0-7_]*|0_*x_*[\da-f][\da-f_]*)$`,
      String.raw`^(?:[-+]_*)?\d[\d_]*(?:\.[\d_]*)?(?:e_*[-+]?_*\d[\d_]*)?$`,
      String.raw`^[-+]_*\._*\d[\d_]*(?:e_*[-+]?_*\d[\d_]*)?$`,
      String.raw`^\.\d+(?:_\d+)*(?:e[-+]?\d+(?:_\d+)*)?$`,
    ].join('|'),
    'i',
  ),
  resolve: (text, onError) => {
    const [, sign, digits = ''] = /^([-+]?)(.*)$/.exec(text.replaceAll('_', '')) ?? [];
    const octal = /^0o?([0-7]+)$/i.exec(digits)?.[1];
    const value = octal === undefined ? Number(digits) : Number.parseInt(octal, 8);
    const isWhole = !/[.e]/i.test(digits) || /^0x/i.test(digits);
    if (isWhole && !Number.isSafeInteger(value)) onError(`the number ${text} is too large to keep its value`);
    return sign === '-' ? -value : value;
  },
};
const integer: ScalarTag = { ...number, identify: () => false, tag: 'tag:yaml.org,2002:int' };

/** Tagged base64, which kubectl reads as the encoded text. */
const binary: ScalarTag = {
  identify: () => false,
  tag: 'tag:yaml.org,2002:binary',
  resolve: (text) => Buffer.from(text, 'base64').toString(),
};

/** Characters that kubectl reads as a line end, ignores or rejects, unless they are escaped. */
const ESCAPED = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/;
/** Text with another meaning without quotes: spaces at the end of a line, the end of a document, a merge key. */
const AMBIGUOUS = /^\s|[^\S\n]$|[^\S\n]\n|^\.\.\.|\n\.\.\.|^<<$/;

/** Text in quotes, on one line. */
export const quoted = (value: string): string =>
  JSON.stringify(value).replace(
    new RegExp(ESCAPED, 'g'),
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const text: ScalarTag = {
  identify: (value) => typeof value === 'string',
  default: true,
  tag: 'tag:yaml.org,2002:str',
  resolve: (value) => value,
  stringify: (item, context, onComment, onChompKeep) => {
    const value = item.value as string;
    if (ESCAPED.test(value) || AMBIGUOUS.test(value)) return quoted(value);
    return stringifyString({ ...item, value }, { ...context, actualString: true }, onComment, onChompKeep);
  },
};

const OWN: readonly ScalarTag[] = [number, integer, binary, text];

/** The library's tags without the replaced ones. */
const others = (tags: Tags) =>
  tags.filter(
    (tag) =>
      typeof tag === 'string' || tag.test?.test('.inf') || OWN.every((own) => own.tag !== tag.tag || isTime(tag)),
  );

const isTime = (tag: Tags[number]) =>
  typeof tag !== 'string' && (tag.format === 'TIME' || tag.tag === 'tag:yaml.org,2002:timestamp');
const isMerge = (tag: Tags[number]) => typeof tag !== 'string' && tag.tag === 'tag:yaml.org,2002:merge';

/** Options for reading with the library. */
export const AS_KUBECTL: ParseOptions & DocumentOptions & SchemaOptions = {
  version: '1.1',
  merge: true,
  customTags: (tags) => [...OWN, ...others(tags).filter((tag) => !isTime(tag))],
};

/** One document without aliases. Text that other readers of YAML 1.1 read as a date also gets quotes. */
export function toYaml(object: unknown, layout: Pick<ToStringOptions, 'indent' | 'indentSeq'> = {}): string {
  return stringify(object, {
    ...layout,
    version: '1.1',
    customTags: (tags) => [...OWN, ...others(tags).filter((tag) => !isMerge(tag))],
    aliasDuplicateObjects: false,
    lineWidth: 0,
  });
}
