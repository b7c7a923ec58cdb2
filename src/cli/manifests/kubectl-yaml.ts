/**
 * YAML as kubectl reads it: 1.1 with the octal numbers of 1.2 and without dates and base-60 numbers. What is written here is read
 * by kubectl as it was meant.
 */
import {
  type DocumentOptions,
  type ParseOptions,
  type ScalarTag,
  type SchemaOptions,
  stringify,
  type Tags,
} from 'yaml';
import { stringifyString } from 'yaml/util';

/** The library's own number tags take `.` and `e1` for numbers, both of them common as keys and names. */
const number: ScalarTag = {
  identify: (value) => typeof value === 'number',
  default: true,
  tag: 'tag:yaml.org,2002:float',
  test: new RegExp(
    [
      // Underscores do not count, but at the start, and after a point at the start.
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
    if (isWhole && !Number.isSafeInteger(value)) onError(`the number ${text} is too large to be kept as it is`);
    return sign === '-' ? -value : value;
  },
};
const integer: ScalarTag = { ...number, identify: () => false, tag: 'tag:yaml.org,2002:int' };

/** Tagged base64, which kubectl takes for the text that it encodes. */
const binary: ScalarTag = {
  identify: () => false,
  tag: 'tag:yaml.org,2002:binary',
  resolve: (text) => Buffer.from(text, 'base64').toString(),
};

/** What kubectl takes for the end of a line or for nothing, or refuses, unless it is escaped. */
const ESCAPED = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/;
/** What means something else without quotes: spaces at the end of a line, the end of a document, a merge key. */
const AMBIGUOUS = /^\s|[^\S\n]$|[^\S\n]\n|^\.\.\.|\n\.\.\.|^<<$/;

const text: ScalarTag = {
  identify: (value) => typeof value === 'string',
  default: true,
  tag: 'tag:yaml.org,2002:str',
  resolve: (value) => value,
  stringify: (item, context, onComment, onChompKeep) => {
    const value = item.value as string;
    if (ESCAPED.test(value) || AMBIGUOUS.test(value)) {
      return JSON.stringify(value).replace(
        new RegExp(ESCAPED, 'g'),
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );
    }
    return stringifyString({ ...item, value }, { ...context, actualString: true }, onComment, onChompKeep);
  },
};

const OWN: readonly ScalarTag[] = [number, integer, binary, text];

/** The library's tags without those that are replaced. */
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

/** One document, without aliases. What is a date to other readers of YAML 1.1 gets quotes, too. */
export function toYaml(object: unknown): string {
  return stringify(object, {
    version: '1.1',
    customTags: (tags) => [...OWN, ...others(tags).filter((tag) => !isMerge(tag))],
    aliasDuplicateObjects: false,
    lineWidth: 0,
  });
}
