/** Notes of S3 sinks: of the records that are under way, and of those that an earlier shipper may have stored under another key. */
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '../../../../src/shipper/log.js';
import { openSinks } from '../../../../src/shipper/open-deliveries.js';
import { slice } from '../../../../src/shipper/records/record-batch.js';
import { Secrets } from '../../../../src/shipper/secrets.js';
import { parseSettings } from '../../../../src/shipper/settings.js';
import { openSink } from '../../../../src/shipper/sinks/index.js';
import { DoubtfulRecords } from '../../../../src/shipper/sinks/s3/doubtful-records.js';
import { IntentFile } from '../../../../src/shipper/sinks/s3/intent.js';
import { batchOf, messagesOf, stdoutOrigin } from '../../../support/batches.js';

const NAMES = { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-central-1' };

test('one sink neither replaces nor removes the note of the other', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'logtap-s3-notes-'));
  const server = createServer((request, response) => request.resume().on('end', () => response.writeHead(503).end()));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  Object.assign(process.env, NAMES);
  try {
    const env = {
      ...{ ...NAMES, LOGTAP_SINK: 's3', LOGTAP_S3_BUCKET: 'archive', LOGTAP_SPOOL_DIR: directory },
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      LOGTAP_CONTAINER_SETTINGS: JSON.stringify({ audit: { LOGTAP_S3_STORAGE_CLASS: 'GLACIER' } }),
    };
    const settings = parseSettings(env, () => {});
    const log = createLog({ write: () => {}, now: Date.now });
    const sinks = await openSinks({ settings, log, secrets: new Secrets() });
    const origin = (container: string) => ({ ...stdoutOrigin, container });
    const batch = batchOf([
      { message: 'w', origin: origin('web') },
      { message: 'a', origin: origin('audit') },
    ]);
    for (const sink of sinks) expect((await sink.send(batch, new AbortController().signal)).retry).toHaveLength(1);
    expect(readdirSync(directory)).toHaveLength(2);
    for (const sink of sinks) await sink.close();
  } finally {
    for (const name of Object.keys(NAMES)) delete process.env[name];
    server.close();
    rmSync(directory, { recursive: true });
  }
});

// Reading the pipe would hold the start without limit; the link would lead the note out of the directory.
test('a named pipe or a link of another user of the directory neither holds the start nor is followed', () => {
  const directory = mkdtempSync(join(tmpdir(), 'logtap-s3-notes-'));
  try {
    const notices: string[] = [];
    const note = {
      intent: { count: 1, numbers: { a: [1, 1] }, digest: 'd' },
      doubtful: new DoubtfulRecords(),
    } as const;
    const file = new IntentFile(directory, 's3', (message) => notices.push(message));
    file.write(note);
    const path = join(directory, readdirSync(directory)[0]!);
    rmSync(path);
    execFileSync('mkfifo', [path]);
    expect(() => file.read()).toThrow(/no regular file/);
    writeFileSync(join(directory, 'other'), 'kept');
    symlinkSync(join(directory, 'other'), `${path}.new`);
    file.write(note);
    expect(file.read().intent).toEqual(note.intent);
    expect(readFileSync(join(directory, 'other'), 'utf8')).toBe('kept');
    expect(notices).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

describe('records of an object that a killed shipper was writing, and of which others take parts', () => {
  let directory: string;
  let server: Server;
  /** Answers 503, or acknowledges. */
  let isWell: boolean;
  let repeated: string[];
  let notices: string[];
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'logtap-s3-notes-'));
    [isWell, repeated, notices] = [false, [], []];
    server = createServer((request, response) =>
      request.resume().on('end', () => response.writeHead(isWell ? 200 : 503, isWell ? { etag: '"1"' } : {}).end()),
    );
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    Object.assign(process.env, NAMES);
  });
  afterEach(() => {
    for (const name of Object.keys(NAMES)) delete process.env[name];
    server.close();
    rmSync(directory, { recursive: true });
  });

  const five = batchOf(['0', '1', '2', '3', '4']);
  const open = () => {
    const env = {
      ...{ ...NAMES, LOGTAP_SINK: 's3', LOGTAP_S3_BUCKET: 'archive', LOGTAP_SPOOL_DIR: directory },
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    };
    return openSink('s3', {
      ...{ settings: parseSettings(env, () => {}), secrets: new Secrets(), onRequest: () => {} },
      onNotice: (message) => notices.push(message),
      isContinued: true,
      onPossibleDuplicates: (records) => repeated.push(...messagesOf(records)),
    });
  };
  /** One shipper, which takes these records in one object each, and is killed or stopped. */
  async function ship(objects: readonly (readonly [from: number, to: number])[], isStopped = false) {
    const sink = await open();
    for (const [from, to] of objects) await sink.send(slice(five, from, to), new AbortController().signal);
    if (isStopped) await sink.close();
  }

  test.each([false, true])(
    'are counted once, by the shipper that resends them; those between are stopped: %s',
    async (isStopped) => {
      await ship([[0, 5]]);
      isWell = true;
      await ship([[0, 2]], isStopped);
      expect(repeated).toEqual(['0', '1']);
      await ship([[2, 3]], isStopped);
      await ship([[3, 5]], true);
      expect(repeated).toEqual(['0', '1', '2', '3', '4']);
      expect(readdirSync(directory)).toEqual([]);
    },
  );

  test('and that are left twice, on disk and in a ring: each second copy is counted', async () => {
    isWell = true;
    const sink = await open();
    await send(sink, 0, 2);
    await send(sink, 1, 3);
    expect(repeated).toEqual(['1']);
    const twice = batchOf(['3', '4', '3'].map((message) => ({ message, seq: Number(message) })));
    await sink.send(twice, new AbortController().signal);
    expect(repeated).toEqual(['1', '3']);
  });

  test('are not counted where they have the key of before', async () => {
    await ship([[0, 5]]);
    isWell = true;
    await ship([[0, 5]], true);
    expect(repeated).toEqual([]);
  });

  const send = async (sink: Awaited<ReturnType<typeof open>>, from: number, to: number) =>
    (await sink.send(slice(five, from, to), new AbortController().signal)).retry.length;
  /** The note of a killed shipper cannot be read, until this is called. */
  function hideNote(): () => void {
    const note = join(directory, readdirSync(directory)[0]!);
    const kept = `${directory}.kept`;
    renameSync(note, kept);
    mkdirSync(note);
    return () => {
      rmdirSync(note);
      renameSync(kept, note);
    };
  }

  test('are counted where the note could not be read at first: nothing is sent before it is', async () => {
    await ship([[0, 5]]);
    isWell = true;
    const show = hideNote();
    const sink = await open();
    expect(await send(sink, 0, 2)).toBe(2);
    show();
    expect(sink.limits.maxRecords).toBe(5);
    expect(await send(sink, 0, 2)).toBe(0);
    expect([repeated, notices]).toEqual([['0', '1'], []]);
  });

  test('a note that stays unreadable is reported, and keeps no record back', async () => {
    await ship([[0, 5]]);
    isWell = true;
    const show = hideNote();
    const sink = await open();
    let sends = 1;
    while ((await send(sink, 0, 2)) > 0 && sends < 20) sends += 1;
    show();
    await sink.close();
    expect([sends, repeated]).toEqual([6, []]);
    expect(notices[0]).toMatch(/cannot be read: EISDIR.*may be stored twice/);
  });

  test('a note without sense is reported', async () => {
    await ship([[0, 5]]);
    isWell = true;
    writeFileSync(join(directory, readdirSync(directory)[0]!), '{"count":');
    await ship([[0, 5]]);
    expect([repeated, notices]).toEqual([[], [expect.stringMatching(/has no sense.*may be stored twice/)]]);
  });
});
