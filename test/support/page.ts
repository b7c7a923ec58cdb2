/**
 * A page of documentation, run from its first command to its last. Its blocks:
 *
 *     ```yaml      a file, whose name is in its first line: `# NAME`; without a name it is not for the commands
 *     ```console   commands after `$ `, each with what it prints; `…` in there means any text
 *
 * A command that ends with ` &` goes on beside the others, and prints nothing.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { logtap, root, run, start, temporaryDirectory } from './run.js';

export type Step =
  | { readonly file: string; readonly text: string }
  | { readonly command: string; readonly prints: string };

export function stepsOf(page: string): Step[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/```(yaml|console)\n(.*?)```/gs)].flatMap(([, kind, block = '']): Step[] => {
    if (kind === 'yaml') {
      const [, file] = /^# (\S+\.ya?ml)\n/.exec(block) ?? [];
      return file === undefined ? [] : [{ file, text: block }];
    }
    return block
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const end = part.indexOf('\n');
        return { command: part.slice(0, end), prints: part.slice(end + 1) };
      });
  });
}

export interface PageOptions {
  /** Where commands run; a new directory when absent. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Replaces in commands and in what they print what the machine at hand has differently, such as a port. */
  readonly replace?: Readonly<Record<string, string>>;
}

/** Runs every step, with `logtap` on the path, and expects of each command what the page says. */
export async function runPage(steps: readonly Step[], options: PageOptions = {}): Promise<void> {
  const directory = options.cwd ?? temporaryDirectory();
  const bin = join(temporaryDirectory(), 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'logtap'), `#!/bin/sh\nexec '${process.execPath}' '${logtap}' "$@"\n`, { mode: 0o755 });
  // News of npm itself, between what the commands print, depend on the day.
  const quiet = { NPM_CONFIG_UPDATE_NOTIFIER: 'false' };
  const env = { ...quiet, ...options.env, PATH: `${bin}:${options.env?.PATH ?? process.env.PATH}` };
  const here = (text: string) => {
    return Object.entries(options.replace ?? {}).reduce((all, [from, to]) => all.replaceAll(from, to), text);
  };
  for (const step of steps) {
    if ('file' in step) {
      mkdirSync(dirname(join(directory, step.file)), { recursive: true });
      writeFileSync(join(directory, step.file), here(step.text));
      continue;
    }
    const command = here(step.command);
    const [, background] = /^(.*) &$/.exec(command) ?? [];
    if (background !== undefined) {
      start('sh', ['-c', `exec env ${background}`], { cwd: directory, env });
      continue;
    }
    const { stdout, stderr } = await run('sh', ['-c', command], { cwd: directory, env });
    expect({ command, prints: stdout + stderr }).toEqual({
      command,
      prints: expect.stringMatching(patternOf(here(step.prints))),
    });
  }
}

function patternOf(prints: string): RegExp {
  const parts = prints.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
