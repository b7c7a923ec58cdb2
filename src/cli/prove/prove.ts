/** `logtap prove`: writes known lines through faults into the user's own service, and certifies what came of them. */
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandStreams, write } from '../manifests/rewrite-manifests.js';
import { libraryFile, proofWriterFile, proveFile, shipperFile } from '../package-files.js';
import { parseFlags } from '../parse-flags.js';
import { CommandError, EXIT, UsageError } from '../usage.js';
import { version } from '../version.js';
import type { Certificate, ProveModule } from './prove-module.js';
import { serviceOf } from './service-flags.js';

const USAGE = `Usage: logtap prove [--opensearch URL | --cloudwatch GROUP] [options]

Starts a shipper with your settings, lets known writers write through it, kills it, cuts its connections, loses answers, and fills its
hold. Then it compares each line with what the service has, audits the ledger, and prints a certificate. The lines stay in the service.
Settings and credentials come from the environment, as for \`logtap ship\`. Without a service flag, LOGTAP_SINK says which one.

  --opensearch URL       a node of OpenSearch   (default: LOGTAP_OPENSEARCH_URL)
  --index NAME           its index   (default: that of the settings)
  --cloudwatch GROUP     a log group of CloudWatch Logs   (default: LOGTAP_CLOUDWATCH_LOG_GROUP)
  --lines N              lines to write at least   (default: 20000)
  --directory DIR        directory in memory for rings and ledger   (default: a new one in /dev/shm)
  --certificate FILE     write the certificate to FILE as JSON, too
  --quiet                print no progress
  -o, --output FORMAT    text, json, or log: text, and JSON in the last line   (default: text)
  -h, --help

Exit codes: 0 proven, 1 not proven, 64 wrong use, 74 the proof could not be made, 78 wrong settings.
`;

const OPTIONS = {
  opensearch: { type: 'string' },
  index: { type: 'string' },
  cloudwatch: { type: 'string' },
  lines: { type: 'string', default: '20000' },
  directory: { type: 'string' },
  certificate: { type: 'string' },
  quiet: { type: 'boolean' },
  output: { type: 'string', short: 'o', default: 'text' },
  help: { type: 'boolean', short: 'h' },
} as const;

const FORMATS = ['text', 'json', 'log'] as const;
type Format = (typeof FORMATS)[number];
const isFormat = (text: string): text is Format => FORMATS.some((format) => format === text);

const EX_IOERR = 74;
const MEMORY = '/dev/shm';

/**
 * Runs the command and resolves to its exit code.
 *
 * @throws UsageError, or CommandError where the proof cannot be made
 */
export async function proveCommand(args: readonly string[], io: CommandStreams): Promise<number> {
  const { values, positionals } = parseFlags(args, OPTIONS, USAGE);
  if (values.help) {
    await write(io.stdout, USAGE);
    return EXIT.OK;
  }
  if (positionals.length > 0) {
    throw new UsageError(`prove takes no arguments without a flag, but got '${positionals[0]}'.\n\n${USAGE}`);
  }
  const { output, certificate: file, quiet, directory } = values;
  const service = serviceOf(values, process.env);
  if (!/^[1-9]\d{0,8}$/.test(values.lines))
    throw new UsageError(`--lines (${values.lines}) must be a whole number from 1`);
  if (!isFormat(output)) throw new UsageError(`--output (${output}) must be ${FORMATS.join(', ')}`);
  const bundle = loadProve();
  const certificate = await inDirectory(directory, (place) =>
    certify(bundle, {
      ...{ service, env: process.env, directory: place, lines: Number(values.lines) },
      parts: { shipper: shipperFile, writer: proofWriterFile, library: libraryFile(), version: version() },
      onProgress: (message) => {
        if (quiet !== true) io.stderr.write(`${message}\n`);
      },
    }),
  );
  const json = `${JSON.stringify(certificate, undefined, 2)}\n`;
  if (file !== undefined) writeFileSync(file, json);
  const text = bundle.certificateText(certificate);
  const answers = { text, json, log: `${text}${JSON.stringify(certificate)}\n` };
  await write(io.stdout, answers[output]);
  return certificate.verdict === 'proven' ? EXIT.OK : EXIT.FOUND;
}

async function certify(bundle: ProveModule, request: Parameters<ProveModule['prove']>[0]): Promise<Certificate> {
  try {
    return await bundle.prove(request);
  } catch (error) {
    const { name, message } = error as Error;
    throw new CommandError(message, name === 'ConfigError' ? EXIT.CONFIGURATION : EX_IOERR);
  }
}

async function inDirectory<T>(given: string | undefined, act: (directory: string) => Promise<T>): Promise<T> {
  const parent = given ?? (existsSync(MEMORY) ? MEMORY : tmpdir());
  const directory = mkdtempSync(join(parent, 'logtap-proof-'));
  chmodSync(directory, 0o755);
  try {
    return await act(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function loadProve(): ProveModule {
  if (existsSync(proveFile)) return require(proveFile);
  throw new CommandError(
    `${proveFile} does not exist. Install the npm package cdk8s-logtap, or run \`npm run build\``,
    EXIT.INTERNAL,
  );
}
