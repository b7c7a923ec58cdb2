/**
 * Memory in an outage: a program writes at a steady rate, the sink is down all the time; then it comes back.
 *
 *     tsx bench/outage-memory.ts [SECONDS] [LINES_A_SECOND]     600 seconds, 20,000 lines a second
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../scripts/free-port.js';
import { STDIO_PLACEHOLDER } from '../src/contract.js';
import { startShipper, usageOf } from './running-shipper.js';
import { directory, library, print } from './workshop.js';

const [SECONDS = 600, RATE = 20_000] = process.argv.slice(2).map(Number);
const MEMORY_MAX_BYTES = 64 * 1024 * 1024;
const WRITER = `
import os, time
line = b"x" * 119 + b"\\n"
start = time.time()
for tick in range(${SECONDS * 100}):
    for i in range(${RATE / 100}):
        os.write(1, line)
    time.sleep(max(0, start + (tick + 1) / 100 - time.time()))
`;

/** Takes everything at once, and counts it. */
async function serve(port: number): Promise<() => number> {
  let documents = 0;
  const server = createServer((request, response) => {
    let lines = 0;
    request.on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, at + 1)) lines += 1;
    });
    request.on('end', () => {
      documents += lines / 2;
      response.end(JSON.stringify({ errors: false, items: Array(lines / 2).fill({ create: { status: 201 } }) }));
    });
  });
  server.listen(port, '127.0.0.1').unref();
  await once(server, 'listening');
  return () => documents;
}

async function outage(target: 'ring' | 'socket'): Promise<readonly string[]> {
  const port = await freePort();
  const rings = join(directory, `rings-${target}`);
  mkdirSync(rings);
  const socket = join(directory, `outage-${target}.sock`);
  const running = await startShipper({
    LOGTAP_SOCKET: socket,
    LOGTAP_RING_DIR: rings,
    LOGTAP_SINK: 'opensearch',
    LOGTAP_OPENSEARCH_URL: `http://127.0.0.1:${port}`,
    LOGTAP_MEMORY_MAX_BYTES: String(MEMORY_MAX_BYTES),
    LOGTAP_GRACE_SECONDS: '60',
  });
  const idle = usageOf(running.pid).rssMb;
  const writer = spawn('python3', ['-c', WRITER], {
    stdio: 'ignore',
    env: {
      PATH: process.env.PATH,
      LD_PRELOAD: library,
      LLT_TAP_INTO: '1',
      LLT_TARGET: target === 'ring' ? `ring:${rings}` : `socket:${socket}`,
      LLT_FORMAT: 'frame',
      LLT_STDIO: STDIO_PLACEHOLDER,
    },
  });
  const written = once(writer, 'exit');
  let isOver = false;
  written.then(() => {
    isOver = true;
  });
  let peak = 0;
  while (!isOver) {
    peak = Math.max(peak, usageOf(running.pid).rssMb);
    await sleep(200);
  }
  const delivered = await serve(port);
  running.stop();
  const { code, ledger } = await running.ended;
  const { read, dropped, balanced } = ledger;
  const lost = dropped.application?.not_handed_over ?? 0;
  const all = SECONDS * RATE;
  // A loss is a record of its own in the stream.
  const isRight = balanced && code === 0 && read + lost - all < 100 && read + lost >= all;
  return [
    target,
    idle.toFixed(0),
    peak.toFixed(0),
    (peak - idle).toFixed(0),
    String(delivered()),
    String(lost),
    isRight ? 'balanced' : `NOT: ${running.said().slice(-500)}`,
  ];
}

async function main(): Promise<void> {
  const rows = [['target', 'idle MB', 'peak MB', 'more', 'delivered', 'not handed over', 'ledger']];
  for (const target of ['ring', 'socket'] as const) rows.push([...(await outage(target))]);
  print(`${SECONDS} s without the sink, ${RATE} lines/s, LOGTAP_MEMORY_MAX_BYTES 64 MiB`, rows);
}

main().catch((error) => {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
