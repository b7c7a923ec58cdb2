/**
 * What lines cost on their way to the cloud: CPU time of the shipper per million lines and its peak memory, by sink and source. Variants
 * alternate within one run: with kernels, without them, and the bundle that LOGTAP_BENCH_BASE names, such as another build's
 * dist/shipper/main.js.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from './median.js';
import { type RunningShipper, startShipper, type Usage, usageOf } from './running-shipper.js';
import { compile, directory, print, shipper, tapped } from './workshop.js';

const LINES = Number(process.env.LOGTAP_BENCH_LINES ?? 1_000_000);
const ROUNDS = Number(process.env.LOGTAP_BENCH_ROUNDS ?? 3);
/** Of one write of the program that a socket's lines come from. */
const WRITE_BYTES = 64 * 1024;
/** Lines of a socket, over and over. */
const DISTINCT = 10_000;
const NEWLINE = 0x0a;

interface Variant {
  readonly name: string;
  readonly bundle: string;
  readonly settings: Readonly<Record<string, string>>;
}

const VARIANTS: readonly Variant[] = [
  ...(process.env.LOGTAP_BENCH_BASE === undefined
    ? []
    : [{ name: 'base', bundle: process.env.LOGTAP_BENCH_BASE, settings: {} }]),
  { name: 'kernels off', bundle: shipper, settings: { LOGTAP_KERNELS: 'off' } },
  { name: 'kernels on', bundle: shipper, settings: {} },
];

const accessLine = (i: number) =>
  `10.1.${i & 255}.${(i >> 8) & 255} - - [23/Nov/2026:07:21:44 +0000] "GET /api/v1/items/${100_000 + (i % 900_000)} HTTP/1.1" 200 ${1000 + (i % 9000)} "-" "Mozilla/5.0 (X11; Linux x86_64) Gecko"`;
const jsonLine = (i: number) =>
  JSON.stringify({
    ...{ time: '2026-11-23T07:21:44.123Z', level: 'info', logger: 'com.example.shop.OrderService', thread: 'exec-12' },
    ...{ trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', msg: `order ${i} was accepted and will be shipped "today"` },
    ...{ customer: 100_000 + (i % 1000), items: i % 7, total: (i % 900) / 10, path: 'C:\\shop\\orders', region: 'eu' },
  });

/** Writes lines to a socket in large writes, as a program with a pipe in front of it does. */
async function writeLines(path: string, lineOf: (i: number) => string): Promise<void> {
  // A shipper that waits for the rest of a line makes a record of what it has: a machine under load must not cut lines.
  const writes: Buffer[] = [];
  let write = '';
  for (let i = 0; i < DISTINCT; i++) {
    write += `${lineOf(i)}\n`;
    if (write.length < WRITE_BYTES && i < DISTINCT - 1) continue;
    writes.push(Buffer.from(write));
    write = '';
  }
  const socket = connect(path);
  await once(socket, 'connect');
  for (let round = 0; round < LINES / DISTINCT; round++) {
    for (const each of writes) if (!socket.write(each)) await once(socket, 'drain');
  }
  socket.end();
  await once(socket, 'close');
}

/** One write a line, through the library. */
async function tapInto(rings: string): Promise<void> {
  const writer = spawn(compile('writes'), [String(LINES - 1)], {
    stdio: 'ignore',
    env: { ...tapped(`ring:${rings}`), LLT_ON_FULL: 'block:60000' },
  });
  await once(writer, 'exit');
}

interface Service {
  readonly settings: (url: string) => Readonly<Record<string, string>>;
  /** Records in a part of a body. */
  readonly count: (chunk: Buffer) => number;
  readonly answer: (records: number) => string;
  /** Of the answer. @default none */
  readonly type?: string;
}

function occurrences(chunk: Buffer, text: string | number): number {
  let found = 0;
  for (let at = chunk.indexOf(text); at >= 0; at = chunk.indexOf(text, at + 1)) found += 1;
  return found;
}

const SERVICES: Readonly<Record<string, Service>> = {
  OpenSearch: {
    settings: (url) => ({
      LOGTAP_SINK: 'opensearch',
      LOGTAP_OPENSEARCH_URL: url,
      LOGTAP_OPENSEARCH_INDEX: 'bench',
      LOGTAP_OPENSEARCH_SETUP: 'false',
    }),
    // An action and a document.
    count: (chunk) => occurrences(chunk, NEWLINE) / 2,
    answer: (records) => `{"errors":false,"items":[${'{"create":{"status":201}},'.repeat(records).slice(0, -1)}]}`,
  },
  CloudWatch: {
    settings: (url) => ({
      ...{ LOGTAP_SINK: 'cloudwatch', LOGTAP_CLOUDWATCH_LOG_GROUP: '/bench', AWS_REGION: 'eu-central-1' },
      ...{ AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: url, AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE' },
      AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    }),
    count: () => 0,
    answer: () => '{}',
  },
  OTLP: {
    settings: (url) => ({ LOGTAP_SINK: 'otlp', LOGTAP_OTLP_URL: url }),
    count: () => 0,
    // An empty message: all records are taken.
    answer: () => '',
    type: 'application/x-protobuf',
  },
};

/** Takes everything. */
async function serve({ count, answer, type }: Service) {
  const server = createServer((request: IncomingMessage, response) => {
    let records = 0;
    request.on('data', (chunk: Buffer) => {
      records += count(chunk);
    });
    if (type !== undefined) response.setHeader('content-type', type);
    request.on('end', () => response.end(answer(records)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

interface Case {
  readonly name: string;
  readonly service: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly write: (socket: string, rings: string) => Promise<void>;
}

const bySocket = (lineOf: (i: number) => string) => (socket: string) => writeLines(socket, lineOf);
const byRing = (_: string, rings: string) => tapInto(rings);
const CASES: readonly Case[] = [
  { name: 'OpenSearch, access lines with fields', service: 'OpenSearch', write: bySocket(accessLine) },
  {
    name: 'OpenSearch, access lines, without fields',
    service: 'OpenSearch',
    settings: { LOGTAP_FIELDS: 'off' },
    write: bySocket(accessLine),
  },
  { name: 'OpenSearch, JSON lines', service: 'OpenSearch', write: bySocket(jsonLine) },
  { name: 'OpenSearch, one write a line', service: 'OpenSearch', write: byRing },
  { name: 'CloudWatch, access lines', service: 'CloudWatch', write: bySocket(accessLine) },
  { name: 'OTLP, access lines', service: 'OTLP', write: bySocket(accessLine) },
];

/** Reads what it used until it ends. */
async function lastUsage({ pid, ended }: RunningShipper): Promise<Usage> {
  let isOver = false;
  ended.then(() => {
    isOver = true;
  });
  let usage = usageOf(pid);
  while (!isOver) {
    await sleep(5);
    try {
      usage = usageOf(pid);
    } catch {
      // It ended between two looks.
    }
  }
  return usage;
}

let runs = 0;

async function measure({ service: name, write, settings = {} }: Case, variant: Variant): Promise<Usage> {
  const service = SERVICES[name]!;
  const { url, close } = await serve(service);
  const socket = join(directory, `sinks-${runs}.sock`);
  const rings = join(directory, `sinks-${runs++}`);
  const running = await startShipper(
    {
      ...{ LOGTAP_SOCKET: socket, LOGTAP_RING_DIR: rings, LOGTAP_GRACE_SECONDS: '300' },
      ...{ ...service.settings(url), ...settings, ...variant.settings },
    },
    variant.bundle,
  );
  await sleep(200);
  const idle = usageOf(running.pid);
  await write(socket, rings);
  running.stop();
  const usage = await lastUsage(running);
  const { ledger } = await running.ended;
  close();
  if (ledger.read !== LINES || ledger.held !== 0 || !ledger.balanced) throw new Error(running.said());
  return { ...usage, cpuSeconds: ((usage.cpuSeconds - idle.cpuSeconds) * 1e6) / LINES };
}

export async function sinks(): Promise<void> {
  const wanted = process.env.LOGTAP_BENCH_CASES?.split(';') ?? [''];
  const rows = [['', ...VARIANTS.map(({ name }) => `${name}: CPU s (least to most), peak MB`)]];
  for (const each of CASES.filter(({ name }) => wanted.some((part) => name.includes(part)))) {
    const used = VARIANTS.map((): Usage[] => []);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [i, variant] of VARIANTS.entries()) used[i]!.push(await measure(each, variant));
    }
    const cells = used.map((runs) => {
      const cpu = runs.map(({ cpuSeconds }) => cpuSeconds).sort((one, other) => one - other);
      const peak = median(runs.map(({ peakMb }) => peakMb)).toFixed(0);
      return `${median(cpu).toFixed(2)} (${cpu[0]!.toFixed(2)} to ${cpu.at(-1)!.toFixed(2)}), ${peak}`;
    });
    rows.push([each.name, ...cells]);
  }
  print(`Sinks, per million lines, median of ${ROUNDS}`, rows);
}
