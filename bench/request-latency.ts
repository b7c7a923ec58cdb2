/** What one request at a time costs where the service is far away: lines a second to one that answers after a while. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startShipper } from './running-shipper.js';
import { compile, directory, print, tapped } from './workshop.js';

const LINES = 500_000;
const LATENCIES_MS = [0, 20, 100, 250];
/** What a process can write while its records are out: the default, and more. */
const RING_BYTES = [1024 * 1024, 8 * 1024 * 1024];

/** Reads requests whole and takes everything, `latencyMs` later. */
async function service(latencyMs: number) {
  let requests = 0;
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      requests += 1;
      setTimeout(() => response.end('{}'), latencyMs);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, count: () => requests, server };
}

async function measure(program: string, latencyMs: number, ringBytes: number): Promise<string[]> {
  const { url, count, server } = await service(latencyMs);
  const rings = join(directory, `rings-${latencyMs}-${ringBytes}`);
  const running = await startShipper({
    LOGTAP_SOCKET: join(directory, `latency-${latencyMs}-${ringBytes}.sock`),
    LOGTAP_RING_DIR: rings,
    LOGTAP_RING_BYTES: String(ringBytes),
    LOGTAP_SINK: 'cloudwatch',
    LOGTAP_CLOUDWATCH_LOG_GROUP: '/bench',
    LOGTAP_GRACE_SECONDS: '300',
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: url,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
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
  for (const latencyMs of LATENCIES_MS) {
    for (const ringBytes of RING_BYTES) rows.push(await measure(program, latencyMs, ringBytes));
  }
  print(
    `One request at a time, ${LINES.toLocaleString('en')} lines of 120 bytes, to CloudWatch Logs played by a server`,
    [['answers after', 'ring', 'lines/s', 'MB/s', 'requests'], ...rows],
  );
}
