/** The flags and arguments of a command, or all mistakes in them at once. */
import { parseArgs } from 'node:util';
import { closest, remedyFor } from '../../catalog/closest.js';
import type { Argument, Command, Flag, Flags, ValuesOf } from '../commands/command.js';
import { UsageError } from '../usage.js';

export interface Parsed<F extends Flags> {
  readonly values: ValuesOf<F>;
  readonly args: readonly string[];
  /** The program after `--`, with its arguments. */
  readonly program: readonly string[];
}

type Values = Record<string, string | boolean | string[]>;

/** @throws UsageError with every mistake */
export function parseCommand<F extends Flags>(command: Command<F>, given: readonly string[]): Parsed<F> {
  const separator = command.program === undefined ? -1 : given.indexOf('--');
  const [before, program] = separator < 0 ? [given, []] : [given.slice(0, separator), given.slice(separator + 1)];
  const problems: string[] = [];
  const { values, args, meant } = readFlags(command, before, problems);
  const required = Object.entries<Flag>(command.flags).filter(
    ([name, { isRequired }]) => isRequired === true && values[name] === undefined,
  );
  const missing = [
    ...required.map(([name]) => name),
    ...(command.missing?.({ ...Object.fromEntries([...meant].map((name) => [name, true])), ...values }) ?? []),
  ];
  problems.push(...missing.filter((name) => !meant.has(name)).map((name) => missingFlag(command, name, values.sink)));
  problems.push(...argumentProblems(command, args));
  if (command.program?.isRequired === true && program.length === 0)
    problems.push(`${command.name} needs a program after \`--\``);
  for (const names of command.oneOf ?? []) {
    const count = names.filter((name) => isGiven(command, name, values, args)).length;
    if (count !== 1 && !names.some((name) => meant.has(name.slice(2))))
      problems.push(
        `${command.name} takes one of ${names.map((name) => nameOf(command, name)).join(' and ')}, but got ${count === 0 ? 'none' : 'both'}`,
      );
  }
  if (problems.length > 0) throw new UsageError(mistakes(command, problems));
  for (const [name, flag] of Object.entries<Flag>(command.flags)) {
    if (flag.default !== undefined) values[name] ??= flag.default;
    else if (flag.value === undefined && flag.isNegatable !== true) values[name] ??= false;
  }
  return { values: values as ValuesOf<F>, args, program };
}

/** `--output FORMAT`, or `--quiet`. */
export const labelOf = (name: string, { value }: Flag) => `--${name}${value === undefined ? '' : ` ${value}`}`;

function missingFlag({ flags }: Command, name: string, sink: Values[string] | undefined): string {
  const flag = flags[name]!;
  return `${labelOf(name, flag)} is missing: ${(flag.sinkHelp?.[String(sink)] ?? flag.help).replace(/\.$/, '')}`;
}

function nameOf({ flags }: Command, name: string): string {
  const flag = name.startsWith('--') ? flags[name.slice(2)] : undefined;
  return flag === undefined ? name : labelOf(name.slice(2), flag);
}

function isGiven(command: Command, name: string, values: Values, args: readonly string[]): boolean {
  if (name.startsWith('--')) return values[name.slice(2)] !== undefined;
  return args.length > (command.args ?? []).findIndex((arg) => arg.name === name);
}

function mistakes({ name, examples: [example] }: Command, problems: readonly string[]): string {
  const help = `\`logtap ${name} --help\` lists its flags.`;
  const shown = example === undefined ? help : `Example: ${example.line}\n${help}`;
  const [only = ''] = problems;
  // A suggestion is the whole answer.
  if (problems.length === 1) return only.endsWith('?') ? only : `${only}${only.endsWith('.') ? '' : '.'}\n${shown}`;
  return [`${name}: ${problems.length} mistakes`, ...problems.map((problem) => `  - ${problem}`), shown].join('\n');
}

/** The flags by every name that `parseArgs` must know. */
function namesOf(flags: Flags): Map<string, { readonly name: string; readonly flag: Flag }> {
  const names = new Map<string, { name: string; flag: Flag }>();
  for (const [name, flag] of Object.entries(flags)) {
    for (const each of [name, ...(flag.aliases ?? [])]) {
      names.set(each, { name, flag });
      if (flag.isNegatable === true) names.set(`no-${each}`, { name: `no-${name}`, flag });
    }
  }
  return names;
}

interface Read {
  readonly values: Values;
  readonly args: readonly string[];
  /** Flags that a misspelt name most likely meant. */
  readonly meant: ReadonlySet<string>;
}

function readFlags({ flags }: Command, given: readonly string[], problems: string[]): Read {
  const names = namesOf(flags);
  const values: Values = {};
  const args: string[] = [];
  const meant = new Set<string>();
  for (const token of tokensOf(names, given, problems)) {
    if (token.kind === 'positional') args.push(token.value);
    if (token.kind !== 'option') continue;
    const { name: written, rawName, value } = token;
    const known = names.get(written);
    if (known === undefined) {
      const nearest = rawName.startsWith('--') ? closest(written, names.keys()) : undefined;
      if (nearest !== undefined) meant.add(names.get(nearest)!.name);
      problems.push(`no flag named ${rawName}.${nearest === undefined ? '' : ` Did you mean --${nearest}?`}`);
      continue;
    }
    const { name, flag } = known;
    const problem = valueProblem(written, flag, value);
    if (problem !== undefined) {
      problems.push(problem);
      meant.add(name);
    } else if (flag.isRepeatable === true) values[name] = [...((values[name] as string[] | undefined) ?? []), value!];
    else values[name] = value ?? true;
  }
  return { values, args, meant };
}

function valueProblem(written: string, flag: Flag, value: string | undefined): string | undefined {
  if (flag.value === undefined)
    return value === undefined ? undefined : `--${written} is a switch and takes no value, but got '${value}'`;
  // A variable of the shell that is not set leaves an empty text.
  if (value === undefined || value === '') return `--${written} needs a value: ${labelOf(written, flag)}`;
  if (flag.choices === undefined || flag.choices.includes(value)) return undefined;
  const all = flag.choices.join(', ');
  return `--${written} (${value}) must be one of ${all}: ${remedyFor(value, flag.choices, 'correct it')}`;
}

/** Tokens of `parseArgs`. A flag in the place of a value is a flag, and the value is missing. */
function tokensOf(names: ReturnType<typeof namesOf>, given: readonly string[], problems: string[]) {
  const options = Object.fromEntries(
    [...names].map(([each, { name, flag }]) => [
      each,
      {
        type: flag.value === undefined ? ('boolean' as const) : ('string' as const),
        // An alias has no letter of its own.
        ...(flag.short === undefined || each !== name ? {} : { short: flag.short }),
      },
    ]),
  );
  let args = [...given];
  for (;;) {
    const { tokens } = parseArgs({ args, options, allowPositionals: true, strict: false, tokens: true });
    const swallowed = tokens.find(
      (token) =>
        token.kind === 'option' && token.inlineValue === false && token.value !== undefined && /^-./.test(token.value),
    );
    if (swallowed?.kind !== 'option') return tokens;
    const label = labelOf(swallowed.name, names.get(swallowed.name)!.flag);
    problems.push(
      `${swallowed.rawName} needs a value: ${label}; --${swallowed.name}=${swallowed.value} takes one with a hyphen`,
    );
    args = args.filter((_, index) => index !== swallowed.index);
  }
}

function argumentProblems({ name, args = [], program }: Command, given: readonly string[]): string[] {
  const problems = args
    .slice(given.length)
    .filter(({ isRequired }) => isRequired === true)
    .map((arg) => `${arg.name} is missing: ${arg.help}`);
  if (args.at(-1)?.isRepeatable !== true && given.length > args.length) {
    const takes =
      program !== undefined
        ? 'takes only flags before `--`'
        : args.length === 0
          ? 'takes no arguments'
          : `takes ${args.map((arg) => arg.name).join(' ')}`;
    problems.push(`${name} ${takes}, but got '${given.slice(args.length).join(' ')}'`);
  }
  for (const [index, arg] of args.entries()) problems.push(...choiceProblem(arg, given[index]));
  return problems;
}

function choiceProblem({ name, choices }: Argument, value: string | undefined): string[] {
  if (choices === undefined || value === undefined || choices.includes(value)) return [];
  return [`${name} (${value}) must be one of ${choices.join(', ')}: ${remedyFor(value, choices, 'correct it')}`];
}
