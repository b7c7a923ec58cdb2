import { compileExpression } from './compile-expression.js';

/** Whether the text has a match. Throws an Error when the engine does not know the syntax. */
export function matcherOf(expression: string): (text: string) => boolean {
  const pattern = compileExpression(expression);
  return (text) => pattern.test(text);
}
