import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import { explainCommand } from '../../../src/cli/explain.js';
import { RULES } from '../../../src/constructs/findings/finding.js';

jest.mock('../../../src/cli/package-files.js', () => ({ findingsPage: 'docs/reference/findings.md' }));

async function explain(...args: string[]): Promise<string> {
  const stdout = new PassThrough();
  await explainCommand(args, { stdin: Readable.from([]), stdout, stderr: new PassThrough() });
  stdout.end();
  return text(stdout);
}

test.each(Object.keys(RULES))('%s: its heading and its text, and nothing of the next', async (code) => {
  const page = await explain(code.toLowerCase());
  expect(page.startsWith(`${code}\n\n*`)).toBe(true);
  expect(page.match(/LT\d{3}$/gm)).toEqual([code]);
  expect(page).not.toContain('## ');
});

test('for a program: the code, its severity, its cause and the text', async () => {
  const data = JSON.parse(await explain('lt001', '-o', 'json'));
  expect(data).toMatchObject({ code: 'LT001', severity: RULES.LT001.severity, cause: RULES.LT001.cause });
  expect((await explain('LT001')).trim()).toBe(`LT001\n\n${data.text}`);
  expect(parse(await explain('LT001', '-o', 'yaml'))).toEqual(data);
});

test.each<[string[], RegExp]>([
  [[], /CODE is missing: a code such as LT016/],
  [['LT001', 'LT002'], /explain takes CODE, but got 'LT002'/],
  [['LT099'], /no finding 'LT099'. Did you mean LT0/],
  [['network'], /no finding 'network'. Use one of LT001, LT002/],
])('refuses %j', async (args, says) => {
  await expect(explain(...args)).rejects.toThrow(says);
});
