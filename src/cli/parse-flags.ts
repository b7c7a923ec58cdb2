/** The arguments of a command, or their errors with the usage of the command. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { closest } from '../catalog/closest.js';
import { UsageError } from './usage.js';

/** @throws UsageError */
export function parseFlags<const O extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: O,
  usage: string | (() => string),
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    const { message } = error as Error;
    const [, unknown] = /^Unknown option '--?([^']+)'/.exec(message) ?? [];
    const nearest = unknown === undefined ? undefined : closest(unknown, Object.keys(options));
    // The whole usage would hide the answer.
    if (nearest !== undefined) throw new UsageError(`no flag named --${unknown}. Did you mean --${nearest}?`);
    const problem = unknown === undefined ? message : `no flag named '${unknown.length > 1 ? '--' : '-'}${unknown}'.`;
    throw new UsageError(`${problem}\n\n${typeof usage === 'string' ? usage : usage()}`);
  }
}
