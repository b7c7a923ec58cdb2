/** The commands of docs/cli.md, run one after the other as they stand there: they print what stands below them. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { logtap, root, run, temporaryDirectory } from '../support/run.js';

const page = readFileSync(join(root, 'docs', 'cli.md'), 'utf8');

/** A file, or a command. */
type Step = { readonly file: string; readonly text: string } | { readonly command: string; readonly printed: string };

/** Files by their names, and commands with what they print, in the order of the page. */
const steps = [...page.matchAll(/```(yaml|console)\n(.*?)```/gs)].flatMap(([, kind, text = '']): Step[] => {
  if (kind === 'yaml') return [{ file: /^# (\S+)\n/.exec(text)?.[1] ?? '', text }];
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n');
      return { command: part.slice(0, end), printed: part.slice(end + 1) };
    });
});

test('the page has files and commands', () => {
  expect(steps.filter((step) => 'file' in step).map((step) => 'file' in step && step.file)).toEqual([
    'deployment.yaml',
    'logtap.yaml',
  ]);
  expect(steps.filter((step) => 'command' in step).length).toBeGreaterThan(8);
});

test('each command prints what the page says', async () => {
  const directory = temporaryDirectory();
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'logtap'), `#!/bin/sh\nexec '${process.execPath}' '${logtap}' "$@"\n`, { mode: 0o755 });
  const path = `${bin}:${process.env.PATH}`;
  for (const step of steps) {
    if ('file' in step) {
      writeFileSync(join(directory, step.file), step.text);
      continue;
    }
    const { stdout, stderr } = await run('sh', ['-c', step.command], { cwd: directory, env: { PATH: path } });
    expect({ command: step.command, printed: stdout + stderr }).toEqual(step);
  }
});
