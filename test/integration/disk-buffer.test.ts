/** A shipper with a spool that is killed during an outage: by their ids, no record is lost, and none is stored twice. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { freePort } from '../../scripts/free-port.js';
import { STREAMS } from '../../src/contract.js';
import type { Statement } from '../../src/shipper/accounting/statement.js';
import { data, hello, magic } from '../support/frames.js';
import { temporaryDirectory, until } from '../support/run.js';
import { drain, type Shipper, startShipper } from '../support/tapped.js';

const LINES = 20_000;
const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `line ${from + i} é`);

/** Speaks `_bulk`; takes as many requests as it is allowed to, and is unavailable for all others. */
class Service {
  readonly stored = new Map<string, string>();
  allowed = 0;
  sentAgain = 0;
  readonly #server: Server = createServer((request, response) => {
    read(request).then((body) => {
      // The check of a start asks with no records.
      const isCheck = body.toString().trim() === '';
      if (isCheck || request.method !== 'POST' || this.allowed === 0) {
        response.writeHead(isCheck ? 400 : 503).end();
        return;
      }
      this.allowed -= 1;
      const rows = body.toString().trimEnd().split('\n');
      const items = [];
      for (let i = 0; i < rows.length; i += 2) {
        const { _id } = JSON.parse(rows[i]!).create as { _id: string };
        const text = JSON.parse(rows[i + 1]!).body as string;
        const known = this.stored.get(_id);
        // The same id must always name the same record.
        if (known !== undefined) expect(known).toBe(text);
        if (known !== undefined) this.sentAgain += 1;
        this.stored.set(_id, text);
        items.push({ create: { status: known === undefined ? 201 : 409 } });
      }
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ errors: this.sentAgain > 0, items }));
    });
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}

/** Frames of one process, as the library sends them. */
function write(socket: string, from: number, to: number): Promise<void> {
  const frames = lines(from, to).map((line, i) => data(STREAMS.STDOUT, BigInt(from + i + 1), `${line}\n`));
  return new Promise((resolve, reject) => {
    const peer = connect(socket, () => peer.end(Buffer.concat([magic, hello(), ...frames])));
    peer.on('close', () => resolve()).on('error', reject);
    peer.resume();
  });
}

test('rules 68, 87, 90: killed twice during an outage: everything arrives, under the ids of old', async () => {
  const service = new Service();
  const port = await freePort();
  const settings = {
    LOGTAP_SINK: 'opensearch',
    LOGTAP_OPENSEARCH_URL: await service.listen(),
    LOGTAP_SPOOL_DIR: join(temporaryDirectory(), 'spool'),
    LOGTAP_STATUS_HOST: '127.0.0.1',
    LOGTAP_STATUS_PORT: String(port),
    LOGTAP_GRACE_SECONDS: '60',
  };
  const ledger = async () => (await (await fetch(`http://127.0.0.1:${port}/ledger`)).json()) as Statement;
  const counts = async () => {
    const { read: each, sinks, balanced } = await ledger();
    const { recovered, delivered, held } = sinks.opensearch!;
    expect(balanced).toBe(true);
    return [each.stdout, recovered, delivered, held].map((count) => count?.records ?? 0);
  };
  const kill = async (shipper: Shipper) => {
    shipper.child.kill('SIGKILL');
    await shipper.ended;
  };
  try {
    let shipper = await startShipper(settings);
    await write(shipper.socket, 0, LINES / 2);
    await until('all is held', async () => (await counts())[3] === LINES / 2);
    await kill(shipper);

    shipper = await startShipper(settings);
    expect(await counts()).toEqual([0, LINES / 2, 0, LINES / 2]);
    service.allowed = 1;
    await until('some is delivered', async () => (await counts())[2]! > 0);
    await write(shipper.socket, LINES / 2, LINES);
    await until('the second half is read', async () => (await counts())[0] === LINES / 2);
    await kill(shipper);
    expect(service.stored.size).toBeGreaterThan(0);

    shipper = await startShipper(settings);
    const [, recovered] = await counts();
    expect(recovered).toBeGreaterThanOrEqual(LINES - service.stored.size);
    service.allowed = Number.POSITIVE_INFINITY;
    const ended = await drain(shipper);
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.stderr.trimEnd().split('\n').at(-1)!)).toMatchObject({
      read: 0,
      recovered: { opensearch: recovered },
      delivered: { opensearch: recovered },
      held: 0,
      balanced: true,
    });
    // Several requests are in flight, so the order of arrival is not the order of the lines.
    const number = (line: string) => Number(line.split(' ')[1]);
    expect([...service.stored.values()].sort((a, b) => number(a) - number(b))).toEqual(lines(0, LINES));
  } finally {
    service.close();
  }
});
