/** The README's examples, as they are there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.js';

/** The first code block of a language. */
export function firstBlock(language: string): string {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const found = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(readme)?.[1];
  if (found === undefined) throw new Error(`README.md has no block of ${language}`);
  return found;
}
