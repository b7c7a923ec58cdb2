/** `logtap prove`: writes known lines through faults into the user's own service, and certifies what came of them. */
import { accessSync, chmodSync, constants, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants as osConstants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseCommand } from '../command-line/parse-command.js';
import { PROVE } from '../commands/proofs.js';
import { libraryFile, proofGuardFile, proofWriterFile, proveFile, shipperFile } from '../package-files.js';
import { type CommandStreams, write } from '../streams.js';
import { structured } from '../structured.js';
import { CommandError, EXIT, UsageError } from '../usage.js';
import { version } from '../version.js';
import type { Certificate, ProveModule } from './prove-module.js';
import { serviceOf } from './service-flags.js';

const EX_IOERR = 74;
const MEMORY = '/dev/shm';

/**
 * Runs the command and resolves to its exit code.
 *
 * @throws UsageError, or CommandError where the proof cannot be made
 */
export async function proveCommand(args: readonly string[], io: CommandStreams): Promise<number> {
  const { values } = parseCommand(PROVE, args);
  const { output, certificate: file, quiet, directory } = values;
  const service = serviceOf(values, process.env);
  if (!/^[1-9]\d{0,8}$/.test(values.lines))
    throw new UsageError(`--lines (${values.lines}) must be a whole number from 1`);
  const bundle = loadProve();
  if (file !== undefined)
    inCertificate(file, () => accessSync(existsSync(file) ? file : dirname(file), constants.W_OK));
  const certificate = await inDirectory(directory, (place) =>
    certify(bundle, {
      interrupted: interruption(),
      ...{ service, env: process.env, directory: place, lines: Number(values.lines) },
      parts: {
        ...{ shipper: shipperFile, writer: proofWriterFile, guard: proofGuardFile },
        ...{ library: libraryFile(), version: version() },
      },
      onProgress: (message) => {
        if (!quiet) io.stderr.write(`${message}\n`);
      },
    }),
  );
  const json = structured('json', certificate);
  if (file !== undefined) inCertificate(file, () => writeFileSync(file, json));
  const text = bundle.certificateText(certificate);
  const answers = { text, json, yaml: structured('yaml', certificate), log: `${text}${JSON.stringify(certificate)}\n` };
  await write(io.stdout, answers[output]);
  return certificate.verdict === 'proven' ? EXIT.OK : EXIT.FOUND;
}

/** Signals that end it. Without a handler the shipper would go on without limit, and its directory would stay in memory. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

class InterruptedError extends Error {
  constructor(readonly signal: (typeof SIGNALS)[number]) {
    super(`${signal}: the proof is interrupted, and nothing is proven`);
  }
}

function interruption(): Promise<never> {
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of SIGNALS) process.once(signal, () => reject(new InterruptedError(signal)));
  });
  // The proof asks for it once it has something to end.
  interrupted.catch(() => {});
  return interrupted;
}

/** The steps of the proof that still wait would keep the process from its end. */
function exitBy({ signal, message }: InterruptedError): never {
  process.stderr.write(`logtap: ${message}\n`);
  process.exit(128 + osConstants.signals[signal]);
}

async function certify(bundle: ProveModule, request: Parameters<ProveModule['prove']>[0]): Promise<Certificate> {
  try {
    return await bundle.prove(request);
  } catch (error) {
    if (error instanceof InterruptedError) throw error;
    const { name, message } = error as Error;
    throw new CommandError(message, name === 'ConfigError' ? EXIT.CONFIGURATION : EX_IOERR);
  }
}

async function inDirectory<T>(given: string | undefined, act: (directory: string) => Promise<T>): Promise<T> {
  const parent = given ?? (existsSync(MEMORY) ? MEMORY : tmpdir());
  const directory = created(parent);
  try {
    return await act(directory);
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    if (error instanceof InterruptedError) exitBy(error);
    throw error;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function created(parent: string): string {
  try {
    const directory = mkdtempSync(join(parent, 'logtap-proof-'));
    chmodSync(directory, 0o755);
    return directory;
  } catch (error) {
    const problem = `--directory (${parent}) cannot be used: ${(error as Error).message}`;
    throw new CommandError(`${problem}. Name a directory that this user can write`, EXIT.CONFIGURATION);
  }
}

/** Before the proof, so that none is lost for want of a place; and at its end. */
function inCertificate(file: string, act: () => void): void {
  try {
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) throw new Error('it is a directory');
    act();
  } catch (error) {
    const problem = `--certificate (${file}) cannot be written: ${(error as Error).message}`;
    throw new CommandError(`${problem}. Name a file that this user can write`, EXIT.CONFIGURATION);
  }
}

function loadProve(): ProveModule {
  if (existsSync(proveFile)) return require(proveFile);
  throw new CommandError(
    `${proveFile} does not exist. Install the npm package cdk8s-logtap, or run \`npm run build\``,
    EXIT.INTERNAL,
  );
}
