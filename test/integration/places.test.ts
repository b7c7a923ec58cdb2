/** One place of a sink refuses, a log stream or an index: the lines of the others are delivered, its own wait, and follow in order. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { freePort } from '../../scripts/free-port.js';
import { STREAMS } from '../../src/contract.js';
import { EMPTY } from '../support/empty.js';
import { data, hello, magic } from '../support/frames.js';
import { temporaryDirectory, until } from '../support/run.js';
import { drain, startShipper } from '../support/tapped.js';

const DAY_MS = 86_400_000;
/** A frame's time is believed when it lies in the last month. */
const YESTERDAY_MS = Date.now() - DAY_MS;
const BEFORE_MS = YESTERDAY_MS - DAY_MS;
const ns = (ms: number) => BigInt(ms) * 1_000_000n;
/** As `logs-{yyyy.MM.dd}` is filled. */
const SHUT_INDEX = `logs-${new Date(BEFORE_MS).toISOString().slice(0, 10).replaceAll('-', '.')}`;
const LINES = 200;

interface Place {
  readonly settings: Readonly<Record<string, string>>;
  /** The body of the answer, or the status of a refusal. */
  readonly answer: (body: string, isClosed: boolean, store: (line: string) => void) => string | number;
}

const PLACES: Readonly<Record<string, Place>> = {
  'a log stream': {
    settings: {
      LOGTAP_SINK: 'cloudwatch',
      LOGTAP_CLOUDWATCH_LOG_GROUP: '/g',
      LOGTAP_CLOUDWATCH_LOG_STREAM: 'p/{stream}',
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
    },
    answer(body, isClosed, store) {
      const { logStreamName, logEvents } = JSON.parse(body) as {
        logStreamName: string;
        logEvents: { message: string }[];
      };
      if (isClosed && logStreamName === 'p/stderr') return 400;
      for (const { message } of logEvents) store(message);
      return '{}';
    },
  },
  'an index': {
    settings: { LOGTAP_SINK: 'opensearch', LOGTAP_OPENSEARCH_INDEX: 'logs-{yyyy.MM.dd}' },
    answer(body, isClosed, store) {
      const lines = body.trimEnd().split('\n');
      const items = lines.flatMap((line, i) => {
        if (i % 2 === 1) return [];
        const { _index } = (Object.values(JSON.parse(line)) as { _index: string }[])[0]!;
        if (isClosed && _index === SHUT_INDEX) {
          return [{ create: { status: 403, error: { type: 'cluster_block_exception', reason: 'read-only' } } }];
        }
        store(JSON.parse(lines[i + 1]!).body);
        return [{ create: { status: 201 } }];
      });
      return JSON.stringify({ errors: items.some(({ create }) => create.status > 201), items });
    },
  },
};

describe.each(Object.keys(PLACES))('%s that refuses', (name) => {
  test.each(['memory', 'disk'])('held in %s', async (holding) => {
    const { settings, answer } = PLACES[name]!;
    let isClosed = true;
    const stored: Record<string, string[]> = { open: [], shut: [] };
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        const store = (line: string) => stored[line.split(' ')[0]!]?.push(line);
        const said = body === '\n' ? 400 : answer(body, isClosed, store);
        if (typeof said === 'string') return response.end(said);
        return response.writeHead(said).end('{"__type":"AccessDeniedException","message":"not authorized"}');
      });
    });
    server.listen(0, '127.0.0.1').unref();
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const port = await freePort();
    const shipper = await startShipper({
      ...settings,
      LOGTAP_OPENSEARCH_URL: url,
      AWS_ENDPOINT_URL: url,
      LOGTAP_STATUS_PORT: String(port),
      LOGTAP_STATUS_HOST: '127.0.0.1',
      LOGTAP_BATCH_LINGER_MS: '10',
      ...(holding === 'disk' && { LOGTAP_SPOOL_DIR: temporaryDirectory() }),
    });
    const ask = async (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
    const peer = connect(shipper.socket).resume();
    peer.write(Buffer.concat([magic, hello()]));
    const line = (kind: string, i: number) => `${kind} ${i}`;
    for (let i = 0; i < LINES; i++) {
      // Both kinds in turn, in many small batches. The stream and the day tell them apart.
      peer.write(data(STREAMS.STDERR, BigInt(2 * i + 1), `${line('shut', i)}\n`, ns(BEFORE_MS)));
      peer.write(data(STREAMS.STDOUT, BigInt(2 * i + 2), `${line('open', i)}\n`, ns(YESTERDAY_MS)));
      if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 15));
    }
    const all = (kind: string) => Array.from({ length: LINES }, (_, i) => line(kind, i));
    await until('the others are delivered', () => stored.open!.length === LINES);
    expect(stored).toEqual({ open: all('open'), shut: [] });
    expect((await ask('/readyz')).status).toBe(503);
    const { sinks } = (await (await ask('/ledger')).json()) as {
      sinks: Record<string, { held: { records: number }; balanced: boolean }>;
    };
    expect(Object.values(sinks)).toEqual([expect.objectContaining({ held: expect.anything(), balanced: true })]);
    expect(Object.values(sinks)[0]!.held.records).toBe(LINES);

    isClosed = false;
    peer.end();
    const { code, stderr } = await drain(shipper);
    expect([code, stored.shut]).toEqual([0, all('shut')]);
    expect(stored.open).toEqual(all('open'));
    const last = JSON.parse(stderr.trim().split('\n').at(-1) ?? '{}');
    expect(last).toMatchObject({ read: 2 * LINES, held: 0, dropped: EMPTY, balanced: true });
    server.closeAllConnections();
    server.close();
  });
});
