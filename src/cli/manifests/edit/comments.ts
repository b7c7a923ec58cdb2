/** The comments of a text of YAML. */
import { CST, Lexer } from 'yaml';

export function commentsIn(text: string): string[] {
  const comments: string[] = [];
  let before = '';
  for (const token of new Lexer().lex(text)) {
    // A token of its own announces a scalar, whose text may start with '#'.
    if (CST.tokenType(token) === 'comment' && before !== CST.SCALAR) comments.push(token.trim());
    before = token;
  }
  return comments;
}

/** The comments of a text that another one does not have, or has less often. */
export function lostComments(before: string, after: string): string[] {
  const left = new Map<string, number>();
  for (const comment of commentsIn(after)) left.set(comment, (left.get(comment) ?? 0) + 1);
  return commentsIn(before).filter((comment) => {
    const count = left.get(comment) ?? 0;
    left.set(comment, count - 1);
    return count <= 0;
  });
}
