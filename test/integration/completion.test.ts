/** The completion in real shells: a line is typed on a terminal, and all that the shell offers is put into it. */
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith } from '../support/capability.js';
import { startOnTerminal, type Terminal } from '../support/pty.js';
import { logtap, run, temporaryDirectory, until } from '../support/run.js';

const directory = temporaryDirectory();
const programs = ['bin', 'sbin'].map((name) => join(directory, 'programs', name));

const PATH = `${programs.join(':')}:${process.env.PATH}`;

beforeAll(async () => {
  for (const name of ['logs', 'programs/bin', 'programs/sbin']) mkdirSync(join(directory, name), { recursive: true });
  for (const name of ['app.log', 'app two.log', '$(touch run).log', 'logs/one.log'])
    writeFileSync(join(directory, name), '');
  // The same program in two directories of PATH.
  for (const path of programs) {
    writeFileSync(join(path, 'ecru'), '#!/bin/sh\n');
    chmodSync(join(path, 'ecru'), 0o755);
  }
  for (const [shell, file] of [
    ['bash', 'logtap.bash'],
    ['zsh', 'logtap.zsh'],
    ['fish', 'logtap.fish'],
  ] as const) {
    const { code, stdout } = await run(process.execPath, [logtap, 'completion', shell]);
    expect(code).toBe(0);
    writeFileSync(join(directory, file), stdout);
  }
});

/** What is typed, and the last words of the line afterwards. */
const CASES: readonly (readonly [title: string, typed: string, words: readonly string[]])[] = [
  ['commands', 'logtap st', ['status']],
  ['several commands', 'logtap un', ['uninject']],
  ['flags', 'logtap check --failure', ['--failure-policy']],
  ['values of a flag', 'logtap check --output s', ['sarif']],
  ['values of a short flag', 'logtap doctor -o j', ['json']],
  ['arguments with fixed words', 'logtap completion f', ['fish']],
  ['names of commands', 'logtap help mig', ['migrate']],
  ['files', 'logtap try app.', ['app.log']],
  ['files of a flag', 'logtap try --expect app.', ['app.log']],
  ['directories', 'logtap install lo', ['logs']],
  ['a program, once', 'logtap run -- ecr', ['ecru']],
  ['files of a program', 'logtap run -- ecru app.', ['app.log']],
];

/** A key puts all offers into the line, and one prints it. */
const KEYS = { offer: '\u000f', print: '\u0014', clear: '\u0015' };
const SHELLS = {
  bash: {
    args: ['--noprofile', '--rcfile', '.bashrc', '-i'],
    file: '.bashrc',
    setup: [
      // A user may load it more than once.
      'source ./logtap.bash; source ./logtap.bash',
      `bind '"\\C-o": insert-completions'`,
      `bind -x '"\\C-t": printf "LINE<%s>\\n" "$READLINE_LINE"'`,
    ],
  },
  zsh: {
    args: ['-d', '-i'],
    file: '.zshrc',
    setup: [
      'autoload -Uz compinit; compinit -u -D; source ./logtap.zsh',
      'show() { print -r -- "LINE<$BUFFER>" }; zle -N show',
      "bindkey -e; bindkey '^T' show; bindkey '^O' complete-word",
    ],
  },
} as const;

async function lineAfter(terminal: Terminal, typed: string): Promise<string> {
  const before = terminal.stdout().length;
  terminal.type(`${KEYS.clear}${typed}${KEYS.offer}${KEYS.print}`);
  const shown = () => /LINE<(.*)>/.exec(terminal.stdout().slice(before))?.[1];
  await until(`the line after '${typed}'`, () => shown() !== undefined);
  return shown()!;
}

function onTerminal(shell: keyof typeof SHELLS): void {
  let terminal: Terminal;
  beforeAll(async () => {
    const { args, file, setup } = SHELLS[shell];
    writeFileSync(join(directory, file), [...setup, "PS1='ready> '", ''].join('\n'));
    const env = { PATH, HOME: directory, ZDOTDIR: directory };
    terminal = startOnTerminal('sh', ['-c', `cd '${directory}' && exec "$@"`, 'sh', shell, ...args], { env });
    await until('it is ready', () => terminal.stdout().includes('ready> '));
  });
  afterAll(() => terminal.type(`${KEYS.clear}exit\r`));

  test.each(CASES)('%s', async (_, typed, words) => {
    const start = typed.slice(0, typed.lastIndexOf(' '));
    // A shell goes on with a space, a slash or an equals sign.
    const line = (await lineAfter(terminal, typed)).replace(/[ /=]$/, '');
    expect(line).toBe([start, ...words].join(' '));
  });

  test('what is being typed does not run', async () => {
    for (const typed of [
      'logtap try $(touch ran) app.',
      'logtap try --set "$(touch ran)" --exp',
      'logtap try `touch ran`',
    ])
      await lineAfter(terminal, typed);
    expect(existsSync(join(directory, 'ran'))).toBe(false);
  });
}

describe('bash', () => onTerminal('bash'));

describeWith(['zsh'], 'zsh', () => onTerminal('zsh'));

describeWith(['fish'], 'fish', () => {
  test.each(CASES)('%s', async (_, typed, words) => {
    const { stdout } = await run('fish', ['--no-config', '-c', `source logtap.fish; complete -C '${typed}'`], {
      cwd: directory,
      env: { PATH, HOME: directory },
    });
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t')[0]!.replace(/\/$/, '')),
    ).toEqual(words);
  });
});
