/** Regular expressions of the tools, which are Onigmo or Go's, as expressions of RE2 in rules and events. */

import { recordRules } from '../catalog/values/record-rules.js';
import { regularExpression } from '../catalog/values/regular-expression.js';

/** The expression in the syntax of RE2, or the reason why there is none. */
export function expression(text: string): { readonly is: string } | { readonly not: string } {
  const bare = /^\/(.*)\/([imx]*)$/s.exec(text);
  const [source, flags] = bare ? [bare[1]!, bare[2]!] : [text, ''];
  if (flags.includes('x')) return { not: 'free spacing (flag x) has no counterpart in RE2' };
  // In Ruby, the flag m lets a dot match a line end, as s does in RE2.
  const known = flags.replace(/m/g, 's');
  try {
    return { is: regularExpression(`${known && `(?${known})`}${source.replace(/\\\//g, '/')}`) };
  } catch (error) {
    return { not: `RE2 does not accept the expression: ${(error as Error).message}` };
  }
}

/** A condition of a rule. */
export function textCondition(is: '~' | '!~', re2: string): string | undefined {
  const condition = `text${is}/${re2.replace(/\\\//g, '/').replace(/\//g, '\\/')}/`;
  try {
    recordRules(`drop ${condition}`);
    return condition;
  } catch {
    return undefined;
  }
}
