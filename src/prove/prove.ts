/** A proof: known writers, faults, the end, and a comparison of what was written with what the service has. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { audit } from '../audit/main.js';
import type { AuditAnswer } from '../cli/audit/audit-module.js';
import type { Certificate, ProofRequest } from '../cli/prove/prove-module.js';
import { certificateText, checksOf, sumsOf } from './certificate.js';
import { shipperEnvironment, withoutProxy } from './environment.js';
import { FaultProxy } from './fault-proxy.js';
import { makeFaults } from './faults.js';
import { LineFinder, type Seen } from './lines.js';
import { ProofShipper } from './proof-shipper.js';
import { type StoredLines, storedLinesIn } from './service.js';
import { Writers } from './writers.js';

export { certificateText };

const MINUTE_MS = 60_000;
/** Between two readings of a service that may not show all yet. */
const SETTLE_LOOK_MS = 1000;

export async function prove(request: ProofRequest): Promise<Certificate> {
  const proof = randomBytes(6)
    .toString('hex')
    .replace(/\d/g, (digit) => 'ghijklmnop'[Number(digit)]!);
  const { directory, parts, onProgress, lines } = request;
  const began = new Date();
  const endGuard = startGuard(parts.guard, directory);
  const proxy = new FaultProxy();
  await proxy.listen();
  const rings = join(directory, 'rings');
  const port = await freePort();
  const env = shipperEnvironment(request, { rings, port, proxy: proxy.url });
  const shipper = new ProofShipper(parts.shipper, env, port);
  const writers = new Writers({ proof, program: parts.writer, library: parts.library, rings, env: request.env });
  const ledger = join(env.LOGTAP_SPOOL_DIR ?? rings, 'audit.ndjson');
  const direct = withoutProxy(env);
  let service = undefined as StoredLines | undefined;
  const make = async (): Promise<Certificate> => {
    service = storedLinesIn(request.service, direct, ledger);
    await service.mustAnswer(windowSince(began));
    await shipper.start();
    writers.start();
    const faults = await makeFaults({ sink: request.service.kind, shipper, proxy, writers, onProgress });
    const versions = await versionsOf(shipper, parts.version);
    while ((await linesSoFar(shipper)) < lines) await sleep(100);
    const written = await writers.end();
    onProgress(`${written.reduce((sum, count) => sum + count, 0)} lines are written; the shipper ends`);
    const end = await shipper.stop();
    onProgress('what the service has is read');
    const comparison = { proof, began, ledger, env: direct, onProgress };
    const { stored, answer } = await compared(service, comparison);
    const { lastLines } = shipper;
    const found = { proof, written, stored, original: writers.original, lastLines, end, auditVerdict: answer.verdict };
    const sums = sumsOf(found);
    const checks = checksOf(found, sums);
    return {
      proof,
      verdict: checks.every(({ holds }) => holds) ? 'proven' : 'failed',
      ...{ began: began.toISOString(), ended: new Date().toISOString() },
      versions,
      service: service.name,
      settings: Object.keys(request.env)
        .filter((name) => /^L(OGTAP|LT)_/.test(name))
        .sort(),
      ...{ faults, sums, checks },
      audit: JSON.parse(answer.text),
    };
  };
  try {
    return await Promise.race([make(), request.interrupted]);
  } finally {
    await service?.close();
    writers.kill();
    await shipper.close();
    await proxy.close();
    endGuard();
  }
}

/** It ends the proof if this process is killed. Not with the signals that end this process's group. @returns what ends it */
function startGuard(program: string, directory: string): () => void {
  const guard = spawn(process.execPath, [program, directory], {
    detached: true,
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // A proof does not need it.
  guard.on('error', () => {});
  return () => guard.kill('SIGKILL');
}

/** Lines of the proof since its beginning, and the audit. What is accepted may not be visible yet: a service has time to settle. */
async function compared(
  service: StoredLines,
  { proof, began, ledger, env, onProgress }: Comparison,
): Promise<{ readonly stored: Seen; readonly answer: AuditAnswer }> {
  const deadline = performance.now() + service.settleMs;
  const finder = new LineFinder(proof);
  for (;;) {
    const stored = await service.find(finder, windowSince(began));
    const answer = await audit({ service: service.audited, ledgers: [ledger], format: 'json', env, onProgress });
    if (answer.verdict === 'proven' || performance.now() >= deadline) return { stored, answer };
    await sleep(SETTLE_LOOK_MS);
  }
}

/** In minutes, up to the present one. */
const windowSince = (began: Date) => ({
  from: Math.floor(began.getTime() / MINUTE_MS),
  to: Math.floor(Date.now() / MINUTE_MS) + 1,
});

interface Comparison {
  readonly proof: string;
  readonly began: Date;
  readonly ledger: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onProgress: (message: string) => void;
}

async function versionsOf(shipper: ProofShipper, version: string): Promise<Record<string, string>> {
  const ledger = await shipper.ledger();
  const library = ledger?.libraries[0];
  return {
    logtap: version,
    shipper: ledger?.shipper.version ?? 'unknown',
    library: library === undefined ? 'unknown' : `${library.library} (frames ${library.frames})`,
    node: process.versions.node,
  };
}

async function linesSoFar(shipper: ProofShipper): Promise<number> {
  const ledger = await shipper.ledger();
  return Object.values(ledger?.read ?? {}).reduce((sum, { records }) => sum + records, 0);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
