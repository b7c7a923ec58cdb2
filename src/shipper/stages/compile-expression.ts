/** Expressions of users, on an engine whose time is linear in the text. Loaded with the first of them: it needs 3 MB. */
import type { RE2JS } from 're2js';

/** Throws an Error when the engine does not know the syntax. */
export function compileExpression(expression: string): RE2JS {
  const engine: typeof import('re2js') = require('re2js');
  return engine.RE2JS.compile(expression);
}
