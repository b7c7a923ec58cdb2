/** The table of commands: what a user types is parsed by it, or every mistake is named at once. */
import { parseArgs } from 'node:util';
import { ACTS } from '../../../src/cli/acts.js';
import { helpOf, overview } from '../../../src/cli/command-line/help.js';
import { parseCommand } from '../../../src/cli/command-line/parse-command.js';
import { type Command, command, type Flag, output } from '../../../src/cli/commands/command.js';
import { COMMANDS } from '../../../src/cli/commands/table.js';
import { UsageError } from '../../../src/cli/usage.js';

const BAKE = command({
  name: 'bake',
  summary: 'bake bread',
  synopsis: '--flour KIND LOAF... [options]',
  description: 'Bakes.',
  args: [{ name: 'LOAF', isRequired: true, isRepeatable: true, help: 'its name' }],
  flags: {
    flour: { value: 'KIND', isRequired: true, help: 'the flour' },
    minutes: { short: 'm', value: 'N', default: '40', help: 'how long' },
    seed: { value: 'SEED', isRepeatable: true, help: 'on top' },
    dry: { help: 'without water' },
    crust: { isNegatable: true, aliases: ['rind'], help: 'with a crust' },
    gas: { value: 'N', help: 'gas' },
    power: { value: 'N', help: 'power' },
    output: output(['text', 'json'], 'text'),
  },
  oneOf: [['--gas', '--power']],
  examples: [{ purpose: 'Bake', line: 'logtap bake --flour rye --gas 4 one' }],
  exitCodes: [[0, 'done']],
});

const bake = (...args: string[]) => parseCommand(BAKE, args);

function mistakesOf(...args: string[]): string {
  try {
    bake(...args);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
  throw new Error('it was accepted');
}

describe('flags and arguments', () => {
  test('have their values and defaults', () => {
    const { values, args } = bake(
      '--flour',
      'rye',
      '-m5',
      'one',
      '--seed=a',
      '--seed',
      'b',
      '--power',
      '1',
      '--',
      '-two',
    );
    expect(values).toEqual({ flour: 'rye', minutes: '5', seed: ['a', 'b'], dry: false, power: '1', output: 'text' });
    expect(args).toEqual(['one', '-two']);
  });

  test('a negated flag and an alias have the name of the flag', () => {
    const most = ['--flour', 'rye', '--gas', '1', 'one'];
    expect(bake(...most, '--rind').values).toMatchObject({ crust: true });
    expect(bake(...most, '--no-rind').values).toMatchObject({ 'no-crust': true });
    expect(bake(...most).values).not.toHaveProperty('crust');
  });

  test('a value may begin with a hyphen after an equals sign, and may be a single hyphen', () => {
    const { values } = bake('--flour', '-', '--gas=-1', 'one');
    expect(values).toMatchObject({ flour: '-', gas: '-1' });
  });
});

describe('mistakes', () => {
  test('all of them are named at once', () => {
    expect(mistakesOf('--watering', '--minutes', '--dry=yes', '-o', 'xml', '-x').split('\n')).toEqual([
      'bake: 8 mistakes',
      '  - --minutes needs a value: --minutes N; --minutes=--dry=yes takes one with a hyphen',
      '  - no flag named --watering.',
      "  - --dry is a switch and takes no value, but got 'yes'",
      '  - --output (xml) must be one of text, json: correct it',
      '  - no flag named -x.',
      '  - --flour KIND is missing: the flour',
      '  - LOAF is missing: its name',
      '  - bake takes one of --gas N and --power N, but got none',
      'Example: logtap bake --flour rye --gas 4 one',
      '`logtap bake --help` lists its flags.',
    ]);
  });

  test.each([
    [
      'one that is misspelt is not missing as well',
      ['--flor', 'rye', '--gas', '1', 'one'],
      /^no flag named --flor. Did you mean --flour\?$/,
    ],
    [
      'a misspelt alias',
      ['--flour', 'a', '--gas', '1', 'one', '--rnid'],
      /^no flag named --rnid. Did you mean --rind\?$/,
    ],
    [
      'both of two',
      ['--flour', 'a', '--gas', '1', '--power', '1', 'one'],
      /one of --gas N and --power N, but got both/,
    ],
    ['a value that is missing at the end', ['--gas', '1', 'one', '--flour'], /^--flour needs a value: --flour KIND\./],
    [
      'names that every object has',
      ['--flour', 'a', '--gas', '1', 'one', '--constructor'],
      /no flag named --constructor/,
    ],
    ['and as a value', ['--flour', 'a', '--gas', '1', 'one', '-o', 'toString'], /--output \(toString\) must be one of/],
  ])('%s', (_, args, says) => {
    expect(mistakesOf(...args)).toMatch(says);
  });
});

const all = [...COMMANDS.values()];

describe('the table', () => {
  test('has a module for each command', () => {
    expect(Object.keys(ACTS)).toEqual([...COMMANDS.keys()]);
  });

  test.each(all.map((each) => [each.name, each]))('%s: its own examples are right', (_, each: Command) => {
    expect(each.examples.length).toBeGreaterThan(0);
    for (const { line } of each.examples) expect(() => parseCommand(each, argumentsOf(line, each.name))).not.toThrow();
  });

  test.each(all.map((each) => [each.name, each]))('%s: its help names each flag, and fits', (_, each: Command) => {
    const help = helpOf(each, undefined);
    for (const [name, { sinks }] of Object.entries(each.flags))
      if (sinks === undefined) expect(help).toMatch(new RegExp(`--(\\[no-\\])?${name}[ \n]`));
    expect(help.split('\n').filter((line) => line.length > 120 && !line.includes('logtap '))).toEqual([]);
  });

  test('a command that reports in text reports with -o json and -o yaml, too', () => {
    const forms = all.flatMap(({ name, flags }) => {
      const { output } = flags as Readonly<Record<string, Flag>>;
      return output === undefined ? [] : [[name, output.short, output.choices ?? []] as const];
    });
    for (const [name, short, choices] of forms) {
      expect([name, short]).toEqual([name, 'o']);
      if (!choices.includes('text')) continue;
      // The records of `run` come as its shipper writes them: one object per line.
      expect([name, ...choices]).toEqual(expect.arrayContaining(name === 'run' ? ['json'] : ['json', 'yaml']));
    }
    expect(forms.length).toBeGreaterThan(10);
  });

  test('the overview has every command', () => {
    for (const { name, summary } of all) expect(overview()).toContain(summary.slice(0, 10) && `  ${name}`);
  });

  test.each(all.map((each) => [each.name, each]))(
    '%s: every name of a flag is one that parseArgs takes, once',
    (_, each: Command) => {
      const names = Object.entries(each.flags).flatMap(([name, { aliases = [] }]) => [name, ...aliases]);
      expect(new Set(names).size).toBe(names.length);
      const letters = Object.values(each.flags).flatMap(({ short }) => short ?? []);
      expect(new Set([...letters, 'h']).size).toBe(letters.length + 1);
      expect(() =>
        parseArgs({ args: [], options: Object.fromEntries(names.map((name) => [name, { type: 'boolean' }])) }),
      ).not.toThrow();
    },
  );
});

/** Those of the command in a line for a shell, without what only a shell does. */
function argumentsOf(line: string, name: string): string[] {
  const [, rest = ''] = line.split(`logtap ${name}`);
  const words = rest.replace(/ (2?>|\|).*$|\)$/, '').match(/(?:'[^']*'|"[^"]*"|\S)+/g) ?? [];
  return words.map((word) => word.replace(/['"]/g, ''));
}
