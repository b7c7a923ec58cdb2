/** Patterns of tags. */

import { literal } from '../../catalog/values/regular-expression.js';
import type { Selection } from '../description.js';
import type { Entry } from '../input.js';
import type { Plugin } from '../plugin.js';

/** Of Fluent Bit: `*` matches any characters. */
export function wildcard(entry: Entry | undefined): Selection {
  const text = entry?.value ?? '*';
  const pattern = new RegExp(`^${text.split('*').map(literal).join('.*')}$`, 's');
  return { text, ...(entry ? { entry } : {}), matches: (tag) => pattern.test(tag) };
}

/**
 * Of Fluent Bit, whose `match_regex` decides if there is no `match`. An expression in a syntax of its own takes every tag, as no tag
 * of it is known.
 */
export function ofKeys(plugin: Plugin): Selection {
  const match = plugin.all('match').at(-1);
  const regex = plugin.all('match_regex').at(-1);
  if (match !== undefined || regex === undefined) return wildcard(match);
  try {
    const pattern = new RegExp(regex.value.replace(/^\/(.*)\/$/s, '$1'));
    return { text: regex.value, entry: regex, matches: (tag) => pattern.test(tag) };
  } catch {
    return { text: regex.value, entry: regex, matches: () => true };
  }
}

/** A tag whose `*` is the path of the file; with several paths, it has several values. */
export const ofPaths = (tag: string, paths: readonly string[]): string =>
  paths.length === 1 ? tag.replace('*', paths[0]!.replace(/^\//, '').replace(/\//g, '.')) : tag;

/** Of paths: `*` is any part of a name, and `?` is one character. */
export const pathPattern = (path: string): RegExp =>
  new RegExp(
    `^${path
      .split(/([*?])/)
      .map((part) => ({ '*': '[^/]*', '?': '[^/]' })[part] ?? literal(part))
      .join('')}$`,
  );

/** Of Fluentd: `*` is one part of a tag, `**` any number of parts, `{a,b}` alternatives, and blanks separate patterns. */
export function tagPattern(text: string): Selection {
  const patterns = splitPatterns(text.trim() || '**').map((part) => new RegExp(`^${partsOf(part)}$`));
  return { text, matches: (tag) => patterns.some((pattern) => pattern.test(tag)) };
}

/** Blanks within braces separate nothing. */
const splitPatterns = (text: string) => text.match(/(?:\{[^}]*\}|\S)+/g) ?? [];

function partsOf(pattern: string): string {
  return pattern
    .split(/(\.?\*\*\.?|\*|\{[^}]*\})/)
    .map((part) => {
      if (part === '*') return '[^.]*';
      // `a.**` matches `a` as well.
      if (part === '.**') return '(?:\\..*)?';
      if (part === '**.') return '(?:.*\\.)?';
      if (part === '.**.') return '(?:\\..*)?\\.';
      if (part === '**') return '.*';
      if (!part.startsWith('{')) return literal(part);
      return `(?:${part
        .slice(1, -1)
        .split(',')
        .map((each) => partsOf(each.trim()))
        .join('|')})`;
    })
    .join('');
}
