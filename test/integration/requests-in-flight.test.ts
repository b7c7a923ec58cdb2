/**
 * A service that answers late, out of order, and sometimes not at all, while the shipper is killed with several requests out: every
 * line is stored once. The service keeps documents by their ids and nothing else; real ones are in ring-kills.test.ts.
 */
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { LIBRARY_ENV } from '../../src/contract.js';
import { start, until } from '../support/run.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

const LINES = 60_000;
const KILLS = 3;
jest.setTimeout(300_000);

/** As fast as it can, 100 lines a write. */
const WRITER = `
import os
for first in range(0, ${LINES}, 100):
    os.write(1, "".join(f"{i} {'x' * (i % 200)}\\n" for i in range(first, first + 100)).encode())
`;

import { EMPTY } from '../support/empty.js';

/** Answers after these times, in turn: a later request may be answered first. */
const ANSWERS_MS = [150, 20, 90, 40];
/** Of so many requests one is stored, and its answer lost. */
const LOST_OF = 7;

interface Stored {
  readonly body: string;
  readonly seq: number;
}

class Service {
  readonly documents = new Map<string, Stored>();
  readonly #server: Server;
  #requests = 0;
  /** Requests that are out now. */
  out = 0;
  constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part) => parts.push(part));
      request.on('end', () => {
        const number = this.#requests++;
        this.out += 1;
        const answer = this.#bulk(Buffer.concat(parts).toString());
        setTimeout(
          () => {
            this.out -= 1;
            if (number % LOST_OF === LOST_OF - 1) response.destroy();
            else response.end(answer);
          },
          ANSWERS_MS[number % ANSWERS_MS.length],
        );
      });
    });
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #bulk(body: string): string {
    const lines = body.trimEnd().split('\n');
    const items = [];
    for (let i = 0; i + 1 < lines.length; i += 2) {
      const id: string = JSON.parse(lines[i]!).create._id;
      const document = JSON.parse(lines[i + 1]!);
      if (this.documents.has(id)) items.push({ create: CONFLICT });
      else {
        this.documents.set(id, { body: document.body, seq: Number(id.split('-').at(-1)) });
        items.push({ create: { status: 201 } });
      }
    }
    const errors = items.some(({ create }) => create.status !== 201);
    return JSON.stringify({ errors, items });
  }
}

const CONFLICT = { status: 409, error: { type: 'version_conflict_engine_exception', reason: 'is there' } };

let rings: string;
let service: Service;
beforeEach(() => {
  rings = mkdtempSync('/dev/shm/logtap-rings-');
  service = new Service();
});
afterEach(() => {
  service.stop();
  rmSync(rings, { recursive: true, force: true });
});

test.each([
  ['a ring of 8 MiB', 8 * 1024 * 1024],
  // Each next one is larger, up to a quarter of the room for all.
  ['rings that grow', 64 * 1024],
])(
  'killed with several requests out, %s: every line is stored once, and its place is that of its stream',
  async (_, ringBytes) => {
    const settings = {
      LOGTAP_RING_DIR: rings,
      LOGTAP_RING_BYTES: String(ringBytes),
      LOGTAP_SINK: 'opensearch',
      LOGTAP_OPENSEARCH_URL: await service.start(),
      LOGTAP_OPENSEARCH_INDEX: 'logs',
      LOGTAP_GRACE_SECONDS: '120',
    };
    let shipper = await startShipper(settings);
    const writer = start('python3', ['-c', WRITER], {
      env: {
        ...tapEnvironment(shipper.socket, { suppress: true }),
        [LIBRARY_ENV.TARGET.name]: `ring:${rings}`,
        [LIBRARY_ENV.ON_FULL.name]: 'block:120000',
      },
    });
    let largest = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const enough = (LINES * kill) / KILLS / 2;
      await until('several requests are out', () => service.documents.size > enough && service.out > 1);
      largest = Math.max(largest, ...readdirSync(rings).map((name) => statSync(join(rings, name)).size));
      shipper.child.kill('SIGKILL');
      await shipper.ended;
      shipper = await startShipper(settings);
    }
    expect(await writer.ended).toMatchObject({ code: 0 });
    if (ringBytes === 64 * 1024) expect(largest).toBeGreaterThan(ringBytes * 4);
    const { code, stderr } = await drain(shipper);
    expect({ code, ledger: JSON.parse(stderr.trim().split('\n').at(-1) ?? '') }).toMatchObject({
      code: 0,
      ledger: { balanced: true, held: 0, dropped: EMPTY },
    });
    const stored = [...service.documents.values()].sort((one, other) => one.seq - other.seq);
    expect(stored).toHaveLength(LINES);
    stored.forEach(({ body }, i) => {
      if (body !== `${i} ${'x'.repeat(i % 200)}`) throw new Error(`line ${i} is '${body.slice(0, 40)}'`);
    });
  },
);
