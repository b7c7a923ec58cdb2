/** The options of `logtap run`. */
import { resolve } from 'node:path';
import { type Colours, coloursFor, wantsColour } from '../../colours.js';
import { parseCommand } from '../command-line/parse-command.js';
import { RUN } from '../commands/local.js';
import { UsageError } from '../usage.js';

export interface RunOptions {
  /** File to record the writes to, instead of a shipper. */
  readonly record: string | undefined;
  readonly sink: string | undefined;
  /** Absolute paths and patterns. */
  readonly files: readonly string[];
  readonly suppressStreams: boolean;
  /** Whether the shipper has its console. */
  readonly console: boolean;
  readonly suppressFiles: boolean;
  /** Whether records and counts are for people. */
  readonly isText: boolean;
  /** Whether the only sink is standard output, so that no line has a place to go when its reader has gone. */
  readonly isStdoutOnly: boolean;
  readonly colours: Colours;
  /** Whether a line can be redrawn. */
  readonly hasStatusLine: boolean;
  readonly isStrict: boolean;
  readonly command: string;
  readonly args: readonly string[];
}

/** @throws UsageError */
export function parseRun(given: readonly string[]): RunOptions {
  const { values, program } = parseCommand(RUN, given);
  const [command = '', ...args] = program;
  const { record, sink, strict, color, output, file: files = [] } = values;
  const divided = files.find((file) => file.includes(':'));
  if (divided !== undefined) {
    throw new UsageError(
      `--file (${divided}) must not contain ':', which separates paths. Give --file once for each path.`,
    );
  }
  const isSuppressed = values['no-suppress'] === true ? false : values.suppress;
  if (record !== undefined && (sink !== undefined || isSuppressed === true || values.console)) {
    throw new UsageError('--record excludes --sink, --suppress and --console, because no shipper runs: leave them out');
  }
  const isTerminal = process.stdout.isTTY === true;
  const isText = record === undefined && (output === undefined ? isTerminal : output === 'text');
  const sinks = (sink ?? process.env.LOGTAP_SINK ?? 'stdout').split(',').map((each) => each.trim());
  const isShown = isText && sinks.includes('stdout');
  const suppressStreams = isSuppressed ?? isShown;
  return {
    record,
    sink,
    files: files.map((file) => resolve(file)),
    suppressStreams,
    console: values.console,
    suppressFiles: isSuppressed ?? false,
    isText,
    isStdoutOnly: sinks.length === 1 && sinks[0] === 'stdout',
    colours: coloursFor(wantsColour(color, process.env, isTerminal)),
    // Not beside a program that writes to the same terminal.
    hasStatusLine: isText && suppressStreams && process.stderr.isTTY === true && process.env.TERM !== 'dumb',
    isStrict: strict,
    command,
    args,
  };
}
