/** `logtap audit` and the emulator of CloudWatch Logs: kills and lost answers are explained, and changes are found. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  GetLogEventsCommand,
  type OutputLogEvent,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { type CloudWatchServer, startCloudWatch } from '../../scripts/cloudwatch.js';
import { LIBRARY_ENV } from '../../src/contract.js';
import { describeWith } from '../support/capability.js';
import { logtap, run, start, temporaryDirectory, until } from '../support/run.js';
import { AWS_ENV } from '../support/sinks-read-back.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

const LINES = 6000;
/** Ordinary lines, blank ones, bytes that are no characters, and one that is longer than an event. */
const WRITER = `
import os, sys, time
for i in range(${LINES}):
    # The last ones come once the second shipper runs.
    while i == 4500 and not os.path.exists(sys.argv[1]): time.sleep(0.05)
    if i % 97 == 5: os.write(1, b'\\n')
    elif i % 83 == 9: os.write(1, b'INFO %d \\xff\\xc3\\n' % i)
    elif i == 2500: os.write(1, b'INFO long ' + 'é'.encode() * 700000 + b'\\n')
    elif i % 10 == 3: os.write(1, b'DEBUG %d noise\\n' % i)
    else: os.write(1, b'INFO %d served\\n' % i)
    if i % 500 == 0: time.sleep(0.2)
`;
const GROUP = '/test/audited';

interface Answer {
  readonly verdict: string;
  readonly claimed: number;
  readonly found: number;
  readonly explained: { readonly listed: readonly Record<string, unknown>[] };
  readonly unexplained: { readonly records: number; readonly listed: readonly Record<string, unknown>[] };
}

/**
 * Passes requests on. While `loses` is set, answers to PutLogEvents are lost on their way back; while `deniesReading` is set, a
 * shipper cannot find out what became of such a request.
 */
async function startLossyProxy(target: string) {
  const state = { loses: 0, deniesReading: false };
  const server: Server = createServer(async (incoming, outgoing) => {
    const body = await buffer(incoming);
    if (state.deniesReading && String(incoming.headers['x-amz-target']).endsWith('GetLogEvents')) {
      outgoing.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' });
      outgoing.end('{"__type":"AccessDeniedException","message":"not authorized to perform logs:GetLogEvents"}');
      return;
    }
    const { hostname, port } = new URL(target);
    const onward = request(
      { hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers },
      async (answer) => {
        const text = await buffer(answer);
        // The question at the start whether the log stream may be written has no events.
        const isOfEvents =
          String(incoming.headers['x-amz-target']).endsWith('PutLogEvents') && body.includes('"message"');
        if (state.loses > 0 && isOfEvents) {
          state.loses -= 1;
          incoming.socket.destroy();
          return;
        }
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        outgoing.end(text);
      },
    );
    onward.on('error', () => incoming.socket.destroy());
    onward.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { state, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describeWith(['cloudwatch'], 'audit of CloudWatch Logs', () => {
  let cloud: CloudWatchServer;
  let rings: string;
  let proxy: Awaited<ReturnType<typeof startLossyProxy>>;
  let client: CloudWatchLogsClient;
  beforeAll(async () => {
    cloud = await startCloudWatch();
    rings = mkdtempSync('/dev/shm/logtap-rings-');
    proxy = await startLossyProxy(cloud.url);
    const credentials = { accessKeyId: AWS_ENV.AWS_ACCESS_KEY_ID, secretAccessKey: AWS_ENV.AWS_SECRET_ACCESS_KEY };
    client = new CloudWatchLogsClient({ endpoint: cloud.url, region: AWS_ENV.AWS_REGION, credentials });
  });
  afterAll(async () => {
    client?.destroy();
    proxy?.server.close();
    proxy?.server.closeAllConnections();
    rmSync(rings, { recursive: true, force: true });
    await cloud?.stop();
  });

  const audit = async (group: string, more: readonly string[] = []) => {
    const flags = ['--cloudwatch', group, '--ledger', join(rings, 'audit.ndjson'), '-o', 'json', '--quiet', ...more];
    const env = { ...AWS_ENV, AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: cloud.url };
    const { code, stdout, stderr } = await run(process.execPath, [logtap, 'audit', ...flags], { env });
    return { code, stderr, answer: (stdout === '' ? undefined : JSON.parse(stdout)) as Answer };
  };

  const eventsOf = async (stream: string): Promise<OutputLogEvent[]> => {
    const all: OutputLogEvent[] = [];
    for (let nextToken: string | undefined; ; ) {
      const page = await client.send(
        new GetLogEventsCommand({ logGroupName: GROUP, logStreamName: stream, startFromHead: true, nextToken }),
      );
      all.push(...(page.events ?? []));
      if (page.nextForwardToken === nextToken) return all;
      nextToken = page.nextForwardToken;
    }
  };

  /** A group with these events: those of a group cannot be changed. */
  const groupOf = async (group: string, stream: string, events: readonly OutputLogEvent[]): Promise<string> => {
    await client.send(new CreateLogGroupCommand({ logGroupName: group }));
    await client.send(new CreateLogStreamCommand({ logGroupName: group, logStreamName: stream }));
    for (let at = 0; at < events.length; at += 500) {
      const logEvents = events.slice(at, at + 500).map(({ timestamp = 0, message = '' }) => ({ timestamp, message }));
      await client.send(new PutLogEventsCommand({ logGroupName: group, logStreamName: stream, logEvents }));
    }
    return group;
  };

  test('a run with kills and lost answers is proven; a removed, a second and a changed event are found', async () => {
    const stream = 'shop/web-1';
    const settings = {
      ...AWS_ENV,
      AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: proxy.url,
      LOGTAP_RING_DIR: rings,
      LOGTAP_BATCH_LINGER_MS: '50',
      LOGTAP_SINK: 'cloudwatch',
      LOGTAP_CLOUDWATCH_LOG_GROUP: GROUP,
      LOGTAP_CLOUDWATCH_LOG_STREAM: stream,
      LOGTAP_RULES: 'drop level=debug',
    };
    const gate = join(temporaryDirectory(), 'gate');
    const writer = start('python3', ['-c', WRITER, gate], {
      env: {
        ...tapEnvironment('', { suppress: true }),
        [LIBRARY_ENV.TARGET.name]: `ring:${rings}`,
        [LIBRARY_ENV.ON_FULL.name]: 'block:60000',
      },
    });
    const killed = await startShipper(settings);
    await until('some are stored', async () => (await eventsOf(stream).catch(() => [])).length > 800);
    killed.child.kill('SIGKILL');
    await killed.ended;
    proxy.state.loses = 2;
    proxy.state.deniesReading = true;
    const last = await startShipper(settings);
    writeFileSync(gate, '');
    await writer.ended;
    await drain(last);
    const stored = await eventsOf(stream);

    const ended = await audit(GROUP);
    expect(ended).toMatchObject({ code: 0, answer: { verdict: 'proven', unexplained: { records: 0 } } });
    expect(ended.answer.found).toBe(stored.length);
    // What the service has twice is there with its reason: unlike ids, a log stream does not know that it has it.
    const kinds = ended.answer.explained.listed.map(({ kind }) => kind);
    expect(kinds).toContain('possible_duplicate');
    expect(ended.answer.claimed).toBeLessThan(stored.length);

    const at = stored.findIndex(({ message }) => message === `INFO ${LINES - 2} served`);
    const event = stored[at]!;
    const removed = await audit(await groupOf('/test/removed', stream, stored.toSpliced(at, 1)));
    expect(removed.code).toBe(1);
    // On a slow machine the answers that were lost are about these lines. What may be there twice hides which of both it is.
    const found = (kind: string) => ({ kind: expect.stringMatching(`^(${kind}|different)$`), of: stream });
    expect(removed.answer.unexplained.listed).toContainEqual(expect.objectContaining(found('missing')));

    const doubled = await audit(await groupOf('/test/doubled', stream, stored.toSpliced(at, 0, event)));
    expect(doubled.code).toBe(1);
    expect(doubled.answer.unexplained.listed).toContainEqual(expect.objectContaining(found('extra')));

    const other = { ...event, message: event.message!.replace('served', 'Served') };
    const changed = await audit(await groupOf('/test/changed', stream, stored.toSpliced(at, 1, other)));
    expect(changed.code).toBe(1);
    expect(changed.answer.unexplained.records).toBeGreaterThan(0);

    expect(await audit('/test/none')).toMatchObject({ code: 1, answer: { found: 0 } });
  });
});
