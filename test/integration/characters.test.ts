/** The page about character sets, each example executed: the output of its command through a real shipper. */

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root, temporaryDirectory } from '../support/run.js';
import { drain, startShipper } from '../support/tapped.js';

const page = readFileSync(join(root, 'docs', 'guides', 'characters.md'), 'utf8');

interface Example {
  readonly settings: Readonly<Record<string, string>>;
  readonly command: string;
  readonly messages: readonly string[];
}

function examples(): Example[] {
  const blocks = [...page.matchAll(/```(env|sh|diff)\n(.*?)```/gs)].map(([, kind, text = '']) => ({
    kind,
    text: text.trim(),
  }));
  return blocks.flatMap(({ kind, text }, i) => {
    if (kind !== 'diff') return [];
    const [env, sh] = [blocks[i - 2]!.text, blocks[i - 1]!.text];
    const at = env.indexOf('=');
    const messages = text.split('\n').map((line) => line.slice(2).replaceAll('\\r', '\r'));
    return [{ settings: { [env.slice(0, at)]: env.slice(at + 1) }, command: sh, messages }];
  });
}

test.each(examples().map((example) => [example.command, example] as const))('%s', async (_, example) => {
  const output = join(temporaryDirectory(), 'output');
  const running = await startShipper({ LOGTAP_SINK: 'file', LOGTAP_FILE_PATH: output, ...example.settings });
  const { stdout } = await promisify(execFile)('bash', ['-c', example.command], { encoding: 'buffer' });
  connect(running.socket).end(stdout);
  await drain(running);
  const lines = readFileSync(output, 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual(example.messages);
});

test('the page has every example', () => {
  expect(examples()).toHaveLength(5);
});
