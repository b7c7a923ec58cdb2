/** A proof: known writers, faults, the end, and a comparison of what was written with what the service has. */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { audit } from '../audit/main.js';
import { OpenSearchReader } from '../audit/opensearch.js';
import type { Certificate, ProofRequest } from '../cli/prove/prove-module.js';
import { Secrets } from '../shipper/secrets.js';
import { certificateText, checksOf, sumsOf } from './certificate.js';
import { FaultProxy } from './fault-proxy.js';
import { makeFaults } from './faults.js';
import { LineFinder, Seen } from './lines.js';
import { ProofShipper } from './proof-shipper.js';
import { Writers } from './writers.js';

export { certificateText };

const MIB = 1024 * 1024;
const MINUTE_MS = 60_000;
/** Small, so that a hold and the rings are full within seconds. */
const BOUNDS = {
  LOGTAP_MEMORY_MAX_BYTES: String(MIB),
  LOGTAP_SPOOL_MAX_BYTES: String(MIB),
  LOGTAP_RING_BYTES: String(MIB / 8),
};
/** They belong to a pod, or to another shipper. */
const FOREIGN = [
  'LD_PRELOAD',
  'LOGTAP_EXIT_WITHOUT_WRITERS_SECONDS',
  'LOGTAP_TERMINATION_GRACE_SECONDS',
  'NO_PROXY',
  'no_proxy',
  'http_proxy',
  'https_proxy',
];

export async function prove(request: ProofRequest): Promise<Certificate> {
  const proof = randomBytes(6)
    .toString('hex')
    .replace(/\d/g, (digit) => 'ghijklmnop'[Number(digit)]!);
  const { directory, parts, onProgress, lines } = request;
  const began = new Date();
  const proxy = new FaultProxy();
  await proxy.listen();
  const rings = join(directory, 'rings');
  const port = await freePort();
  const env = shipperEnvironment(request, { rings, port, proxy: proxy.url });
  const shipper = new ProofShipper(parts.shipper, env, port);
  const writers = new Writers({ proof, program: parts.writer, library: parts.library, rings, env: request.env });
  try {
    await shipper.start();
    writers.start();
    const faults = await makeFaults({ shipper, proxy, writers, onProgress });
    const versions = await versionsOf(shipper, parts.version);
    while ((await linesSoFar(shipper)) < lines) await sleep(100);
    const written = await writers.end();
    onProgress(`${written.reduce((sum, count) => sum + count, 0)} lines are written; the shipper ends`);
    const end = await shipper.stop();
    onProgress('what the service has is read');
    const reader = readerOf(request, env);
    const stored = await storedLines(reader, proof, began).finally(() => reader.close());
    const answer = await audit({
      service: { kind: 'opensearch', url: request.url, index: reader.index },
      ledgers: [join(env.LOGTAP_SPOOL_DIR ?? rings, 'audit.ndjson')],
      format: 'json',
      env: direct(env),
      onProgress,
    });
    const { lastLines } = shipper;
    const found = { proof, written, stored, original: writers.original, lastLines, end, auditVerdict: answer.verdict };
    const sums = sumsOf(found);
    const checks = checksOf(found, sums);
    return {
      proof,
      verdict: checks.every(({ holds }) => holds) ? 'proven' : 'failed',
      ...{ began: began.toISOString(), ended: new Date().toISOString() },
      versions,
      service: { url: withoutUser(request.url), index: reader.index },
      settings: Object.keys(request.env)
        .filter((name) => /^L(OGTAP|LT)_/.test(name))
        .sort(),
      ...{ faults, sums, checks },
      audit: JSON.parse(answer.text),
    };
  } finally {
    writers.kill();
    await shipper.kill();
    await proxy.close();
  }
}

function shipperEnvironment(
  { env, url, index, directory }: ProofRequest,
  { rings, port, proxy }: { readonly rings: string; readonly port: number; readonly proxy: string },
): Record<string, string> {
  const given = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !FOREIGN.includes(entry[0]),
  );
  const own = (name: string, file: string) => (env[name] === undefined ? {} : { [name]: join(directory, file) });
  mkdirSync(rings, { recursive: true });
  return {
    ...Object.fromEntries(given),
    ...BOUNDS,
    LOGTAP_SINK: 'opensearch',
    LOGTAP_OPENSEARCH_URL: url,
    ...(index !== undefined && { LOGTAP_OPENSEARCH_INDEX: index }),
    LOGTAP_RING_DIR: rings,
    LOGTAP_SOCKET: join(directory, 'logtap.sock'),
    LOGTAP_STATUS_HOST: '127.0.0.1',
    LOGTAP_STATUS_PORT: String(port),
    ...own('LOGTAP_SPOOL_DIR', 'spool'),
    ...own('LOGTAP_DEAD_LETTER_FILE', 'dead-letters'),
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    NO_PROXY: '',
  };
}

/** The audit asks the service itself, not through the faults. */
const direct = (env: Readonly<Record<string, string>>) => ({ ...env, HTTP_PROXY: undefined, HTTPS_PROXY: undefined });

function readerOf({ url }: ProofRequest, env: Readonly<Record<string, string>>): OpenSearchReader {
  const from = direct(env);
  const secrets = Secrets.of(from);
  return new OpenSearchReader({ url, index: undefined, env: from, secrets, onNotice: () => {} });
}

/** Lines of the proof among the records since its beginning. */
async function storedLines(reader: OpenSearchReader, proof: string, began: Date): Promise<Seen> {
  const finder = new LineFinder(proof);
  const stored = new Seen();
  const window = { from: Math.floor(began.getTime() / MINUTE_MS), to: Math.floor(Date.now() / MINUTE_MS) + 1 };
  for await (const { records } of reader.pages(window)) {
    for (const { message } of records) {
      for (const [writer, number] of finder.find(message.toString('utf8'))) stored.add(writer, number);
    }
  }
  return stored;
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

function withoutUser(url: string): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
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
