/** The manual page and the reference: a reader finds there each command with its flags, examples and exit codes. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { manPage } from '../../../scripts/man-page.js';
import type { Command, Flags } from '../../../src/cli/commands/command.js';
import { INJECT } from '../../../src/cli/commands/manifests.js';
import { COMMANDS } from '../../../src/cli/commands/table.js';
import { TAP_FLAG_TABLE } from '../../../src/cli/commands/tap-flag-table.js';
import { describeWith } from '../../support/capability.js';

const root = join(__dirname, '../../..');
const path = join(root, 'man/logtap.1');
const manual = readFileSync(path, 'utf8');
const commands = [...COMMANDS.values()].map((each) => [each.name, each] as const);

/** As a reader sees it, with the requests that divide it. */
const shown = (roff: string) =>
  roff
    .replaceAll('\\-', '-')
    .replaceAll('\\&', '')
    .replaceAll('\\e', '\\')
    .replace(/\\f[BIR]/g, '');

/** The text of a command's section in either page. */
function sectionOf(text: string, heading: string, name: string): string {
  const [, rest = ''] = text.split(`\n${heading} ${name}\n`);
  return rest.split(/\n(?:\.S[SH]|#{2,3}) /)[0]!;
}

/** The flags that the section must have: those of the tap are in that of `inject` alone. */
function flagsOf({ name, flags }: Command): string[] {
  const isShared = name !== INJECT.name && 'failure-policy' in flags;
  return Object.keys(flags).filter((flag) => !(isShared && flag in TAP_FLAG_TABLE));
}

describe.each([
  ['the manual page', shown(manual), '.SS'],
  ['the reference', readFileSync(join(root, 'docs/reference/commands.md'), 'utf8').replaceAll('\\|', '|'), '###'],
])('%s', (_, text, heading) => {
  test.each(commands)('%s: has each flag, example and exit code', (name, command) => {
    const section = sectionOf(text, heading, name);
    for (const flag of flagsOf(command)) expect(section).toMatch(new RegExp(`--(\\[no-\\])?${flag}[ \`\\n]`));
    for (const { line } of command.examples) expect(section).toContain(line);
    for (const [code] of command.exitCodes) expect(section).toMatch(new RegExp(`^(\\| )?${code}( \\||$)`, 'm'));
  });

  test('has the flags of each sink', () => {
    const section = sectionOf(text, heading, 'inject');
    const sinks = new Set(Object.values(INJECT.flags as Flags).flatMap((flag) => flag.sinks ?? []));
    expect(sinks.size).toBeGreaterThan(4);
    for (const sink of sinks) expect(section).toMatch(new RegExp(`of the sink \`?${sink}\\b`));
  });
});

test('text of the manual page is not taken for a request', () => {
  const requests = manual.match(/^[.'].*$/gm) ?? [];
  expect(requests.filter((line) => !/^\.(\\" |TH |SH |SS |TP$|PP$|EX$|EE$)/.test(line))).toEqual([]);
  expect(manPage('1.0')).toContain('cdk8s\\-logtap 1.0');
});

describeWith(['mandoc'], 'mandoc', () => {
  test('reads the manual page without a warning, but for its date, which a release does not have', () => {
    const { status, stdout } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', path], { encoding: 'utf8' });
    expect(stdout.split('\n').filter((line) => line !== '' && !line.includes('missing date'))).toEqual([]);
    expect(status).not.toBeNull();
  });

  test('shows the lines of examples as they are typed', () => {
    const { stdout } = spawnSync('mandoc', ['-T', 'ascii', '-O', 'width=200', path], { encoding: 'utf8' });
    const page = stdout.replace(/.[\b]/g, '');
    for (const [, { examples }] of commands) for (const { line } of examples) expect(page).toContain(line);
  });
});
