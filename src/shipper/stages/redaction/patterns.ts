/** Patterns of users, on an engine whose time is linear in the message. */
import { isUtf8 } from 'node:buffer';
import type { RE2JS } from 're2js';
import { regularExpression } from '../../../catalog/values/regular-expression.js';
import { ConfigError, messageOf } from '../../errors.js';
import { compileExpression } from '../compile-expression.js';
import type { Text } from './bytes.js';
import type { Finds } from './finds.js';

export interface Pattern {
  readonly name: string;
  readonly expression: RE2JS;
}

const NAME = /^[a-z0-9][a-z0-9_-]{0,39}$/;
const LINE = /^(\S+)[ \t]+(\S.*?)\s*$/;

/** Reads the lines of a file. Throws a ConfigError with every problem; a pattern itself is never printed, as it may be a secret. */
export function patternsOf(file: string, text: string, taken: readonly string[]): readonly Pattern[] {
  const problems: string[] = [];
  const patterns: Pattern[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const place = `LOGTAP_REDACT_PATTERNS_FILE: ${file}, line ${i + 1}`;
    const [, name = '', expression = ''] = LINE.exec(line) ?? [];
    try {
      if (!NAME.test(name) || expression === '') {
        throw new Error('must be a name of a-z, 0-9, _ and -, a blank, and a regular expression. Correct it.');
      }
      if (taken.includes(name) || patterns.some((each) => each.name === name)) {
        throw new Error(`the name '${name}' is taken. Choose another one.`);
      }
      const compiled = compileExpression(regularExpression(expression));
      if (compiled.matcher('').matches())
        throw new Error('the expression matches empty text. Write what has to be there.');
      patterns.push({ name, expression: compiled });
    } catch (error) {
      problems.push(`${place}: ${messageOf(error)}`);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  if (patterns.length === 0) {
    throw new ConfigError([
      `LOGTAP_REDACT_PATTERNS_FILE: ${file} has no pattern. Add one per line, or remove the setting.`,
    ]);
  }
  return patterns;
}

/** Adds the matches of the patterns in a message. Kind `firstKind + i` is pattern i. A message that is not UTF-8 is read byte by byte. */
export function findPatterns(patterns: readonly Pattern[], firstKind: number, text: Text, finds: Finds): boolean {
  const bytes = Buffer.from(text.bytes.buffer, text.bytes.byteOffset + text.start, text.end - text.start);
  const latin1 = bytes.toString('latin1');
  const isWide = /[\x80-\xff]/.test(latin1) && isUtf8(bytes);
  const message = isWide ? bytes.toString('utf8') : latin1;
  let isFound = false;
  for (const [i, { expression }] of patterns.entries()) {
    const matcher = expression.matcher(message);
    const group = matcher.groupCount() > 0 ? 1 : 0;
    let [characters, place] = [0, text.start];
    const placeOf = (character: number) => {
      place += isWide ? Buffer.byteLength(message.slice(characters, character)) : character - characters;
      characters = character;
      return place;
    };
    while (matcher.find()) {
      const [from, to] = [matcher.start(group), matcher.end(group)];
      if (from < 0 || from === to) continue;
      finds.add(firstKind + i, placeOf(from), placeOf(to));
      isFound = true;
    }
  }
  return isFound;
}
