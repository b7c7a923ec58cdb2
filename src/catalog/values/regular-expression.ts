/** Regular expressions of users. The shipper runs them on an engine of linear time, which lacks what needs backtracking. */

const LOOKAROUND = /(?<!\\)(?:\\\\)*\(\?<?[=!]/;
const REFERENCE = /(?<!\\)(?:\\\\)*\\[1-9]/;
/** Flags as the engine writes them, which JavaScript does not know: `(?i)` and `(?i:`. */
const FLAGS = /\(\?[imsU-]+(?:\)|(:))/g;
/** A named group as the engine also writes it. */
const NAMED = /\(\?P</g;

/** The expression itself. Throws an Error whose message states the rule and the remedy. */
export function regularExpression(expression: string): string {
  if (LOOKAROUND.test(expression)) {
    throw new Error(
      'an expression must not look ahead or behind, which would need unbounded time. Write it without (?= (?! (?<= (?<!',
    );
  }
  if (REFERENCE.test(expression)) {
    throw new Error(
      'an expression must not refer back to a group, which would need unbounded time. Write it without \\1 to \\9',
    );
  }
  try {
    new RegExp(expression.replace(FLAGS, (_, colon) => (colon === undefined ? '' : '(?:')).replace(NAMED, '(?<'));
  } catch (error) {
    throw new Error(
      `it is no regular expression: ${(error as Error).message.replace(/^Invalid regular expression: /, '')}`,
    );
  }
  return expression;
}
