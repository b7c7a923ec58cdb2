/**
 * Lines a second to a service that is far away, of which several requests are out at once. With LOGTAP_BENCH_BASE each case is
 * measured with that bundle, too, such as another build's dist/shipper/main.js; LOGTAP_BENCH_LATENCIES has the answer times.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startShipper } from './running-shipper.js';
import { compile, directory, print, shipper, tapped } from './workshop.js';

const LINES = Number(process.env.LOGTAP_BENCH_LINES ?? 500_000);
const LINE_BYTES = 150;
const LATENCIES_MS = (process.env.LOGTAP_BENCH_LATENCIES ?? '0,20,100').split(',').map(Number);
/** Lines a second of all processes, and for how long. */
const RATE = 100_000;
const RATE_SECONDS = 8;
const MIB = 1024 * 1024;
/** The ring of a process at its beginning, or 0 for a socket, and how many processes write. */
const WRITERS = [
  { ringBytes: 0, processes: 1 },
  { ringBytes: MIB, processes: 1 },
  { ringBytes: 4 * MIB, processes: 1 },
  { ringBytes: 8 * MIB, processes: 1 },
  { ringBytes: MIB, processes: 4 },
];
const BUNDLES = [process.env.LOGTAP_BENCH_BASE, shipper].filter((bundle) => bundle !== undefined);

/** Settings of a sink, and what its service answers to a request. */
interface Target {
  readonly settings: (url: string) => Readonly<Record<string, string>>;
  readonly answer: (body: Buffer) => string;
}

const TARGETS: Readonly<Record<string, Target>> = {
  cloudwatch: {
    settings: (url) => ({
      LOGTAP_CLOUDWATCH_LOG_GROUP: '/bench',
      AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    }),
    answer: () => '{}',
  },
  opensearch: {
    settings: (url) => ({ LOGTAP_OPENSEARCH_URL: url, LOGTAP_OPENSEARCH_INDEX: 'bench' }),
    answer: (body) => {
      let lines = 0;
      for (let at = body.indexOf(10); at >= 0; at = body.indexOf(10, at + 1)) lines += 1;
      return `{"errors":false,"items":[${'{"create":{"status":201}},'.repeat(lines / 2).slice(0, -1)}]}`;
    },
  },
};

/** Reads requests whole and takes everything, `latencyMs` later. */
async function service(latencyMs: number, answer: Target['answer']) {
  let requests = 0;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request
      .on('data', (part) => parts.push(part))
      .on('end', () => {
        requests += 1;
        const body = answer(Buffer.concat(parts));
        setTimeout(() => response.end(body), latencyMs);
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, count: () => requests, server };
}

/** Writes lines, and what becomes of those that find no room. */
interface Writing {
  readonly program: string;
  readonly args: (lines: number) => readonly number[];
  readonly onFull: string;
  readonly lines: number;
}

interface Case {
  readonly writing: Writing;
  readonly bundle: string;
  readonly sink: string;
  readonly latencyMs: number;
  readonly ringBytes: number;
  readonly processes: number;
}

let runs = 0;

async function measure({ writing, bundle, sink, latencyMs, ringBytes, processes }: Case): Promise<string[]> {
  const { program, args, onFull, lines } = writing;
  const { settings, answer } = TARGETS[sink]!;
  const { url, count, server } = await service(latencyMs, answer);
  const rings = join(directory, `rings-${runs}`);
  const socket = join(directory, `latency-${runs++}.sock`);
  const running = await startShipper(
    {
      LOGTAP_SOCKET: socket,
      LOGTAP_RING_DIR: rings,
      ...(ringBytes > 0 && { LOGTAP_RING_BYTES: String(ringBytes) }),
      LOGTAP_RING_TOTAL_BYTES: String(64 * MIB),
      LOGTAP_SINK: sink,
      LOGTAP_GRACE_SECONDS: '300',
      ...settings(url),
    },
    bundle,
  );
  const begin = performance.now();
  const ended = Array.from({ length: processes }, () => {
    const writer = spawn(program, args(lines / processes).map(String), {
      stdio: 'ignore',
      env: { ...tapped(ringBytes > 0 ? `ring:${rings}` : `socket:${socket}`), LLT_ON_FULL: onFull },
    });
    return once(writer, 'exit');
  });
  await Promise.all(ended);
  running.stop();
  const { ledger } = await running.ended;
  const seconds = (performance.now() - begin) / 1000;
  server.close();
  const lost = ledger.dropped.application?.not_handed_over ?? 0;
  // A stream with losses has lines that say so.
  const isWhole = lost === 0 ? ledger.read === lines : ledger.read + lost >= lines;
  if (!isWhole || ledger.held !== 0 || !ledger.balanced) throw new Error(running.said());
  return [
    ...(BUNDLES.length > 1 ? [bundle === shipper ? 'this' : 'base'] : []),
    sink,
    `${latencyMs} ms`,
    ringBytes > 0 ? `${ringBytes / MIB} MiB` : 'socket',
    String(processes),
    Math.round(ledger.read / seconds).toLocaleString('en'),
    ((ledger.read * LINE_BYTES) / seconds / 1e6).toFixed(1),
    String(count()),
    ...(onFull === 'pass' ? [String(lost)] : []),
  ];
}

const COLUMNS = [
  ...(BUNDLES.length > 1 ? ['build'] : []),
  ...['sink', 'answers after', 'first ring', 'processes', 'lines/s', 'MB/s', 'requests'],
];
const TITLE = `lines of ${LINE_BYTES} bytes to services played by a server`;

/** As fast as the rings let them. */
async function fullSpeed(): Promise<void> {
  const writing: Writing = {
    program: compile('writes'),
    args: (lines) => [lines - 1, 1, LINE_BYTES],
    onFull: 'block:60000',
    lines: LINES,
  };
  const rows = [COLUMNS];
  for (const sink of Object.keys(TARGETS)) {
    for (const latencyMs of LATENCIES_MS) {
      for (const writers of WRITERS) {
        for (const bundle of BUNDLES) rows.push(await measure({ writing, bundle, sink, latencyMs, ...writers }));
      }
    }
  }
  print(`${LINES.toLocaleString('en')} ${TITLE}`, rows);
}

/** At an even rate, which is that of an application that is not a benchmark: how many lines find their ring full? */
async function evenRate(): Promise<void> {
  const program = compile('paced');
  const rows = [[...COLUMNS, 'not handed over']];
  for (const sink of Object.keys(TARGETS)) {
    for (const writers of WRITERS) {
      const writing: Writing = {
        program,
        args: (lines) => [RATE / writers.processes, lines, LINE_BYTES],
        onFull: 'pass',
        lines: RATE * RATE_SECONDS,
      };
      const latencyMs = LATENCIES_MS.at(-1)!;
      for (const bundle of BUNDLES) rows.push(await measure({ writing, bundle, sink, latencyMs, ...writers }));
    }
  }
  print(`${RATE.toLocaleString('en')} lines a second for ${RATE_SECONDS} s, one write per line: ${TITLE}`, rows);
}

export async function requestLatency(): Promise<void> {
  await fullSpeed();
  await evenRate();
}
