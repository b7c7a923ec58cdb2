/** What a line costs where few come: one write per line at an even rate, through ring and socket, to a service in memory. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startShipper, usageOf } from './running-shipper.js';
import { compile, directory, print, tapped } from './workshop.js';

/** Compiling the pipeline takes some tenths of a second, once: 30 us a line of the first ten seconds at 1,000 lines per second. */
const WARM_UP_SECONDS = 10;
const SECONDS = 30;
const RATES = [1000, 10_000];

/** Accepts every document, and any other request. */
async function service() {
  const server = createServer((request, response) => {
    let lines = 0;
    request.on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, at + 1)) lines += 1;
    });
    request.on('end', () => {
      const isBulk = request.url?.includes('_bulk');
      const items = Array(isBulk ? Math.floor(lines / 2) : 0).fill({ create: { status: 201 } });
      response.end(JSON.stringify(isBulk ? { errors: false, items } : {}));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function measure(program: string, target: 'ring' | 'socket', rate: number): Promise<string[]> {
  const { server, url } = await service();
  const rings = join(directory, `rings-low-${target}-${rate}`);
  const socket = join(directory, `low-${target}-${rate}.sock`);
  const running = await startShipper({
    LOGTAP_SOCKET: socket,
    LOGTAP_RING_DIR: rings,
    LOGTAP_SINK: 'opensearch',
    LOGTAP_OPENSEARCH_URL: url,
  });
  // Its set-up of the service is over.
  await sleep(2000);
  const idleMb = usageOf(running.pid).rssMb;
  const lines = rate * (WARM_UP_SECONDS + SECONDS);
  const writer = spawn(program, [String(rate), String(lines)], {
    stdio: 'ignore',
    env: tapped(target === 'ring' ? `ring:${rings}` : `socket:${socket}`),
  });
  const exit = once(writer, 'exit');
  await sleep(WARM_UP_SECONDS * 1000);
  const warm = usageOf(running.pid);
  const [status] = await exit;
  if (status !== 0) throw new Error(`the writing program ended with ${status}`);
  const used = usageOf(running.pid);
  running.stop();
  const { ledger } = await running.ended;
  server.close();
  const lost = ledger.dropped.application?.not_handed_over ?? 0;
  if (ledger.read + lost < lines || !ledger.balanced) throw new Error(`lines are missing: ${running.said()}`);
  const micros = ((used.cpuSeconds - warm.cpuSeconds) * 1e6) / (rate * SECONDS);
  return [target, String(rate), micros.toFixed(1), String(lost), idleMb.toFixed(0), used.peakMb.toFixed(0)];
}

export async function lowRates(): Promise<void> {
  const program = compile('paced');
  const rows = [['target', 'lines/s', 'us of CPU per line', 'not handed over', 'idle MB', 'peak MB']];
  for (const rate of RATES) {
    for (const target of ['ring', 'socket'] as const) rows.push(await measure(program, target, rate));
  }
  print(`Low rates: one write of 120 bytes per line, ${SECONDS} s after a warm-up of ${WARM_UP_SECONDS} s`, rows);
}
