/** Gives a text of JSON another value, with the order of keys and the indentation that it has. */
import { isDeepStrictEqual } from 'node:util';
import { aligned, placeOfKey } from './alignment.js';
import { isFields } from './fields.js';

export const BYTE_ORDER_MARK = /^\ufeff/;

/** The value of a text of JSON; `undefined` if it is none. */
export function jsonValue(text: string): object | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    return JSON.parse(text.replace(BYTE_ORDER_MARK, ''));
  } catch {
    return undefined;
  }
}

/** The text starts and ends as it did. It stays as it is where nothing changes. */
export function editJson(text: string, before: unknown, after: unknown): string {
  if (isDeepStrictEqual(before, after)) return text;
  const [, indent] = /^\s*[{[]\s*?\n([ \t]+)/.exec(text) ?? [];
  const [mark] = BYTE_ORDER_MARK.exec(text) ?? [''];
  return mark + JSON.stringify(inOrder(before, after), null, indent) + /\s*$/.exec(text)![0];
}

/** A copy of the value with the keys that it had before in the order that they had. */
export function inOrder(before: unknown, after: unknown): unknown {
  if (Array.isArray(before) && Array.isArray(after)) {
    const origins = new Map(aligned(before, after).map((match) => [match.after, before[match.before]]));
    return after.map((item, index) => inOrder(origins.get(index), item));
  }
  if (!isFields(before) || !isFields(after)) return after;
  const keys = Object.keys(before);
  const order = new Map(keys.map((key, index) => [key, index]));
  const rank = (key: string) => order.get(key) ?? placeOfKey(key, keys) + 0.5;
  return Object.fromEntries(
    Object.keys(after)
      .sort((a, b) => rank(a) - rank(b))
      .map((key) => [key, inOrder(before[key], after[key])]),
  );
}
