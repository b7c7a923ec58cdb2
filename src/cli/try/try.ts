/** `logtap try`: shows what the shipper makes of a text or a tape, so that a pipeline can test its configuration. */
import { buffer } from 'node:stream/consumers';
import { createTwoFilesPatch } from 'diff';
import { shipperSettings } from '../../constructs/sidecar/shipper-settings.js';
import { parseCommand } from '../command-line/parse-command.js';
import { readWhole } from '../command-line/read-file.js';
import { TRY } from '../commands/local.js';
import { tapProps } from '../manifests/tap-flags.js';
import { type CommandStreams, write } from '../streams.js';
import { structured } from '../structured.js';
import { CommandError, EXIT, UsageError } from '../usage.js';
import { loadTry } from './load.js';
import type { TryModule } from './try-module.js';

const EX_DATAERR = 65;

/**
 * Runs the command and resolves to its exit code.
 *
 * @throws UsageError, or CommandError for unusable input or settings
 */
export async function tryCommand(args: readonly string[], io: CommandStreams): Promise<number> {
  const { values, args: paths } = parseCommand(TRY, args);
  const [path = ''] = paths;
  const { stream, output } = values;
  if (!/^(stdout|stderr|\/.+)$/.test(stream)) {
    throw new UsageError(`--stream (${stream}) must be stdout, stderr or the absolute path of a file`);
  }
  const settings = settingsOf(values);
  const input = path === '-' ? await buffer(io.stdin) : read(path);
  const explained = await explain({
    settings,
    input,
    stream,
    container: values.container,
    format: output === 'text' ? 'text' : 'json',
  });
  const text =
    output === 'yaml'
      ? structured(
          'yaml',
          explained
            .split('\n')
            .filter(Boolean)
            .map((line) => JSON.parse(line)),
        )
      : explained;
  if (values.expect === undefined) {
    await write(io.stdout, text);
    return EXIT.OK;
  }
  const expected = read(values.expect).toString('utf8');
  if (expected === text) return EXIT.OK;
  await write(io.stdout, patch(values.expect, expected, path, text));
  return EXIT.FOUND;
}

/** Those of the file, overridden by the environment. Nothing is sent, so that no sink is needed. */
function settingsOf(values: { readonly config?: string; readonly set?: string[] }): Record<string, string> {
  const isGiven = values.config !== undefined || values.set !== undefined;
  const sink = values.config === undefined ? { sink: 'stdout' } : {};
  const fromFile = isGiven ? shipperSettings(tapProps({ ...sink, ...values })) : {};
  const fromEnvironment = Object.entries(process.env).filter(([name]) => name.startsWith('LOGTAP_'));
  return { ...fromFile, ...(Object.fromEntries(fromEnvironment) as Record<string, string>) };
}

const explain: TryModule['explain'] = async (request) => {
  try {
    return await loadTry().explain(request);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const { name, message } = error as Error;
    throw new CommandError(message, name === 'ConfigError' ? EXIT.CONFIGURATION : EX_DATAERR);
  }
};

function read(path: string): Buffer {
  try {
    return readWhole(path);
  } catch (error) {
    throw new CommandError(`cannot read '${path}': ${(error as Error).message}. Give a file`, EXIT.NO_INPUT);
  }
}

const patch = (expectedName: string, expected: string, name: string, text: string) =>
  createTwoFilesPatch(expectedName, name === '-' ? 'standard input' : name, expected, text, undefined, undefined, {
    headerOptions: { includeIndex: false, includeUnderline: false, includeFileHeaders: true },
  });
