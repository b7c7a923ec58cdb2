/** `logtap migrate`: makes the properties of a tap from the configuration of another tool. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseCommand } from '../command-line/parse-command.js';
import { readWhole } from '../command-line/read-file.js';
import { MIGRATE } from '../commands/migrate.js';
import { propsOf } from '../config.js';
import { migrateFile } from '../package-files.js';
import { type CommandStreams, write } from '../streams.js';
import { CommandError, EXIT, UsageError } from '../usage.js';
import type { Migrated, MigrateModule, MigrateRequest } from './migrate-module.js';

/**
 * Runs the command and resolves to its exit code.
 *
 * @throws UsageError, or CommandError for unusable input; then nothing was written to `io.stdout`
 */
export async function migrateCommand(args: readonly string[], io: CommandStreams): Promise<number> {
  const { values, args: given } = parseCommand(MIGRATE, args);
  const path = given[0]!;
  const { from: kind, image, output } = values;
  const migrated = migrateWith({
    ...(kind === undefined ? {} : { kind }),
    ...(image === undefined ? {} : { image }),
    file: path === '-' ? 'standard input' : path,
    text: path === '-' ? await text(io.stdin) : mustRead(path),
    files: LOCAL_FILES,
    variables: variablesOf(values.env ?? []),
    output,
  });
  mustBeValid(migrated);
  await write(io.stderr, migrated.report);
  await write(io.stdout, migrated.text);
  return EXIT.OK;
}

function migrateWith(request: MigrateRequest): Migrated {
  if (!existsSync(migrateFile)) {
    throw new CommandError(
      `${migrateFile} does not exist. Install the npm package cdk8s-logtap, or run \`npm run build\``,
      EXIT.INTERNAL,
    );
  }
  const { migrate }: MigrateModule = require(migrateFile);
  try {
    return migrate(request);
  } catch (error) {
    const { name, message } = error as Error;
    if (name !== 'MigrateError') throw error;
    throw new CommandError(message, EXIT.DATA);
  }
}

/** Values of the input that the constructs reject are errors here, not later. */
function mustBeValid({ data }: Migrated): void {
  try {
    propsOf(structuredClone(data));
  } catch (error) {
    throw new CommandError(
      `the result would be invalid: ${(error as Error).message}. Correct the value in the configuration`,
      EXIT.DATA,
    );
  }
}

function variablesOf(given: readonly string[]): Map<string, string> {
  return new Map(
    given.map((pair) => {
      const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(pair) ?? [];
      if (name === undefined || value === undefined)
        throw new UsageError(`--env (${pair}) must be NAME=VALUE, such as AWS_REGION=eu-central-1`);
      return [name, value];
    }),
  );
}

function mustRead(path: string): string {
  try {
    return readWhole(path).toString('utf8');
  } catch (error) {
    throw new CommandError(`cannot read '${path}': ${(error as Error).message}. Give a file`, EXIT.NO_INPUT);
  }
}

const LOCAL_FILES: MigrateRequest['files'] = {
  read(path) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  },
  /** Of the last part of a path: the tools have patterns for names of files. */
  match(pattern) {
    const directory = dirname(pattern);
    const name = pattern.slice(pattern.lastIndexOf('/') + 1);
    const parts = name
      .split(/([*?])/)
      .map((part) => ({ '*': '.*', '?': '.' })[part] ?? part.replace(/[.+^${}()|[\]\\]/g, '\\$&'));
    const wanted = new RegExp(`^${parts.join('')}$`);
    try {
      return readdirSync(directory)
        .filter((each) => wanted.test(each))
        .sort()
        .map((each) => join(directory, each));
    } catch {
      return [];
    }
  },
};
