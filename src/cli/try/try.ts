/** `logtap try`: shows what the shipper makes of a text or a tape, so that a pipeline can test its configuration. */
import { readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { createTwoFilesPatch } from 'diff';
import { shipperSettings } from '../../constructs/sidecar/shipper-settings.js';
import { type CommandStreams, write } from '../manifests/rewrite-manifests.js';
import { tapProps } from '../manifests/tap-flags.js';
import { parseFlags } from '../parse-flags.js';
import { CommandError, EXIT, UsageError } from '../usage.js';
import { loadTry } from './load.js';
import type { TryModule } from './try-module.js';

const USAGE = `Usage: logtap try [--config logtap.yaml] FILE|TAPE|- [options]

Shows each record that the shipper makes of a log: its lines, its stages, and the reason if it is withheld. Nothing is sent.
The settings are those of logtap.yaml. LOGTAP_* variables override them.

  FILE                   a log; only the text of its lines decides which of them are one record
  TAPE                   a recording of \`logtap run --record TAPE -- CMD\`, with the times and the boundaries of writes
  --config FILE          a logtap.yaml
  --set PATH=VALUE       a property that overrides the file, such as shipper.settings.LOGTAP_LINE_MAX_BYTES=2000
  --stream STREAM        stdout, stderr or the path of a log file; the stream of FILE   (default: stdout)
  --container NAME       the container of FILE
  --expect FILE          compare with an earlier output, print the differences instead
  -o, --output FORMAT    text or json, one object per line   (default: text)
  -h, --help

Exit codes: 0 done, or as expected, 1 differences, 64 wrong use, 65 damaged tape, 66 no input, 78 wrong config.
`;

const OPTIONS = {
  config: { type: 'string' },
  set: { type: 'string', multiple: true },
  stream: { type: 'string', default: 'stdout' },
  container: { type: 'string', default: '' },
  expect: { type: 'string' },
  output: { type: 'string', short: 'o', default: 'text' },
  help: { type: 'boolean', short: 'h' },
} as const;

const EX_DATAERR = 65;

/**
 * Runs the command and resolves to its exit code.
 *
 * @throws UsageError, or CommandError for unusable input or settings
 */
export async function tryCommand(args: readonly string[], io: CommandStreams): Promise<number> {
  const { values, positionals } = parseFlags(args, OPTIONS, USAGE);
  if (values.help) {
    await write(io.stdout, USAGE);
    return EXIT.OK;
  }
  const [path, ...others] = positionals;
  if (path === undefined || others.length > 0) {
    throw new UsageError(`try takes one FILE, TAPE or -, but got ${positionals.length}.\n\n${USAGE}`);
  }
  const { stream, output } = values;
  if (!/^(stdout|stderr|\/.+)$/.test(stream)) {
    throw new UsageError(`--stream (${stream}) must be stdout, stderr or the absolute path of a file`);
  }
  if (output !== 'text' && output !== 'json') throw new UsageError(`--output (${output}) must be text or json`);
  const settings = settingsOf(values);
  const input = path === '-' ? await buffer(io.stdin) : read(path);
  const text = await explain({ settings, input, stream, container: values.container, format: output });
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
    return readFileSync(path);
  } catch (error) {
    throw new CommandError(`cannot read '${path}': ${(error as Error).message}. Give a file`, EXIT.NO_INPUT);
  }
}

const patch = (expectedName: string, expected: string, name: string, text: string) =>
  createTwoFilesPatch(expectedName, name === '-' ? 'standard input' : name, expected, text, undefined, undefined, {
    headerOptions: { includeIndex: false, includeUnderline: false, includeFileHeaders: true },
  });
