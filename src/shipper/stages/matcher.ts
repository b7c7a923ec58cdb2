/** Expressions of users, on an engine whose time is linear in the text. */
import { RE2JS } from 're2js';

/** Whether the text has a match. Throws an Error when the engine does not know the syntax. */
export function matcherOf(expression: string): (text: string) => boolean {
  const pattern = RE2JS.compile(expression);
  return (text) => pattern.test(text);
}
