/** The arguments of a command, or what is wrong with them and how it is used. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { UsageError } from './usage.js';

/** @throws UsageError */
export function parseFlags<const O extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: O,
  usage: string,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${usage}`);
  }
}
