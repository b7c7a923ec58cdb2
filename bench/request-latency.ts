/** Lines a second to a service that is far away: one request at a time to CloudWatch Logs, several to OpenSearch. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startShipper } from './running-shipper.js';
import { compile, directory, print, tapped } from './workshop.js';

const LINES = 500_000;
const LATENCIES_MS = [0, 20, 100];
/** What a process can write while its records are out: the default, and more. */
const RING_BYTES = [1024 * 1024, 8 * 1024 * 1024];

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

async function measure(program: string, sink: string, latencyMs: number, ringBytes: number): Promise<string[]> {
  const { settings, answer } = TARGETS[sink]!;
  const { url, count, server } = await service(latencyMs, answer);
  const rings = join(directory, `rings-${sink}-${latencyMs}-${ringBytes}`);
  const running = await startShipper({
    LOGTAP_SOCKET: join(directory, `latency-${sink}-${latencyMs}-${ringBytes}.sock`),
    LOGTAP_RING_DIR: rings,
    LOGTAP_RING_BYTES: String(ringBytes),
    LOGTAP_SINK: sink,
    LOGTAP_GRACE_SECONDS: '300',
    ...settings(url),
  });
  const begin = performance.now();
  const writer = spawn(program, [String(LINES - 1)], {
    stdio: 'ignore',
    env: { ...tapped(`ring:${rings}`), LLT_ON_FULL: 'block:60000' },
  });
  await once(writer, 'exit');
  running.stop();
  const { ledger } = await running.ended;
  const seconds = (performance.now() - begin) / 1000;
  server.close();
  if (ledger.read !== LINES || ledger.held !== 0 || !ledger.balanced) throw new Error(running.said());
  return [
    sink,
    `${latencyMs} ms`,
    `${ringBytes >> 20} MiB`,
    Math.round(LINES / seconds).toLocaleString('en'),
    ((LINES * 120) / seconds / 1e6).toFixed(1),
    String(count()),
  ];
}

export async function requestLatency(): Promise<void> {
  const program = compile('writes');
  const rows = [];
  for (const sink of Object.keys(TARGETS)) {
    for (const latencyMs of LATENCIES_MS) {
      for (const ringBytes of RING_BYTES) rows.push(await measure(program, sink, latencyMs, ringBytes));
    }
  }
  print(`${LINES.toLocaleString('en')} lines of 120 bytes to services played by a server`, [
    ['sink', 'answers after', 'ring', 'lines/s', 'MB/s', 'requests'],
    ...rows,
  ]);
}
