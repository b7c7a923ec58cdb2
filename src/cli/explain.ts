/** `logtap explain CODE`: the page of a finding, from the documentation that comes with the package. */
import { readFileSync } from 'node:fs';
import { closest } from '../catalog/closest.js';
import { type Code, RULES } from '../constructs/findings/finding.js';
import { parseCommand } from './command-line/parse-command.js';
import { EXPLAIN } from './commands/manifests.js';
import { findingsPage } from './package-files.js';
import { type CommandStreams, write } from './streams.js';
import { structured } from './structured.js';
import { CommandError, EXIT } from './usage.js';

/**
 * Runs the command and resolves to its exit code.
 *
 * @throws UsageError, or CommandError for an unknown code
 */
export async function explainCommand(args: readonly string[], io: CommandStreams): Promise<number> {
  const {
    values: { output },
    args: [code = ''],
  } = parseCommand(EXPLAIN, args);
  const sections = sectionsOf(readFileSync(findingsPage, 'utf8'));
  const text = sections.get(code.toUpperCase());
  if (text === undefined) {
    const nearest = closest(code.toUpperCase(), sections.keys());
    const remedy = nearest === undefined ? `Use one of ${[...sections.keys()].join(', ')}` : `Did you mean ${nearest}?`;
    throw new CommandError(`there is no finding '${code}'. ${remedy}`, EXIT.NO_INPUT);
  }
  await write(io.stdout, output === 'text' ? text : structured(output, entryOf(code.toUpperCase(), text)));
  return EXIT.OK;
}

/** `text` is Markdown, without its heading. A code of an earlier release has no rule any more. */
function entryOf(code: string, text: string) {
  const rules: Readonly<Record<string, (typeof RULES)[Code]>> = RULES;
  const { severity, cause } = rules[code] ?? {};
  return { code, severity, cause, text: text.slice(code.length).trim() };
}

/** Heading and text of each code. */
function sectionsOf(page: string): Map<string, string> {
  const sections = page.split(/^(?=### LT\d{3}$)/m).slice(1);
  return new Map(sections.map((text) => [text.slice(4, 9), `${text.slice(4).split(/^## /m)[0]!.trimEnd()}\n`]));
}
