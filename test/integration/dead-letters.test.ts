/** Records that OpenSearch refuses are kept, and resent when the index is repaired: each is stored once. */
import { readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import type { OpenSearchServer } from '../../scripts/opensearch.js';
import { startOpenSearch } from '../../scripts/opensearch.js';
import { STREAMS } from '../../src/contract.js';
import { describeWith } from '../support/capability.js';
import { EMPTY } from '../support/empty.js';
import { data, hello, magic } from '../support/frames.js';
import { logtap, run, temporaryDirectory } from '../support/run.js';
import { readOpenSearch } from '../support/sinks-read-back.js';
import { drain, startShipper } from '../support/tapped.js';

const LINES = 90;
/** Every third one is longer than a keyword can be. */
const line = (i: number) => (i % 3 === 0 ? `text ${i} ${'é'.repeat(20_000)}` : String(i));

describeWith(['opensearch'], 'dead letters', () => {
  let search: OpenSearchServer;
  beforeAll(async () => {
    search = await startOpenSearch();
  });
  afterAll(() => search?.stop());
  const ask = async (method: string, path: string, body: unknown) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${search.url}${path}`, { method, headers, body: JSON.stringify(body) });
    expect(response.ok).toBe(true);
  };
  const replay = async (file: string, settings: Record<string, string>) => {
    const { code, stderr } = await run(process.execPath, [logtap, 'replay', file], { env: settings });
    // Node's warnings are none of it: each line is JSON.
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    return { code, said: lines.at(-1) };
  };

  test('rule 92: what an index refuses is kept, and stored when it is resent', async () => {
    const file = join(temporaryDirectory(), 'dead.ndjson');
    const settings = {
      LOGTAP_SINK: 'opensearch',
      LOGTAP_OPENSEARCH_URL: search.url,
      LOGTAP_OPENSEARCH_INDEX: 'refused',
    };
    await ask('PUT', '/refused', { mappings: { properties: { body: { type: 'keyword' } } } });
    const shipper = await startShipper({ ...settings, LOGTAP_DEAD_LETTER_FILE: file });
    const writes = Array.from({ length: LINES }, (_, i) => `${line(i)}\n`).flatMap(
      (text) => text.match(/.{1,9000}\n?/gs)!,
    );
    const frames = writes.map((text, i) => data(STREAMS.STDERR, BigInt(i + 1), text));
    await new Promise<void>((resolve, reject) => {
      const peer = createConnection(shipper.socket, () => peer.end(Buffer.concat([magic, hello(), ...frames])));
      peer.on('close', () => resolve()).on('error', reject);
      peer.resume();
    });
    const { code, stderr } = await drain(shipper);
    const refused = Math.ceil(LINES / 3);
    expect(code).toBe(0);
    expect(JSON.parse(stderr.trim().split('\n').at(-1) ?? '')).toMatchObject({
      read: LINES,
      delivered: { opensearch: LINES - refused },
      deadLettered: { opensearch: { illegal_argument_exception: refused } },
      dropped: EMPTY,
      balanced: true,
    });
    const letters = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(letters.map((letter) => JSON.parse(letter).record.message)).toEqual(
      Array.from({ length: refused }, (_, i) => line(3 * i)),
    );

    // Not repaired yet: refused again, and nothing is stored.
    const again = join(temporaryDirectory(), 'again.ndjson');
    const vain = await replay(file, { ...settings, LOGTAP_DEAD_LETTER_FILE: again });
    expect(vain.code).toBe(74);
    expect(vain.said.sinks.opensearch).toMatchObject({
      deadLettered: { opensearch: expect.anything() },
      balanced: true,
    });
    expect(readFileSync(again, 'utf8').trimEnd().split('\n')).toHaveLength(refused);

    const repaired = { ...settings, LOGTAP_OPENSEARCH_INDEX: 'repaired' };
    // Twice: by their ids the second time stores nothing.
    for (const attempt of [file, again]) {
      const { code: replayed, said } = await replay(attempt, repaired);
      expect([replayed, said.message]).toEqual([0, 'replayed: every letter is delivered']);
    }
    const stored = await readOpenSearch(search.url, 'repaired');
    expect(stored.map(({ body, stream }) => [body, stream])).toEqual(
      Array.from({ length: refused }, (_, i) => [line(3 * i), 'stderr']),
    );
  });
});

test.each([
  [['replay'], 64, 'FILE is missing: a file of dead letters'],
  [['replay', '/nowhere/dead.ndjson'], 78, 'there is no such file'],
  [['replay', '/dev/null'], 78, 'there is no dead letter in it'],
])('logtap %j: exit code %i', async (args, code, message) => {
  const ended = await run(process.execPath, [logtap, ...args]);
  expect(ended.code).toBe(code);
  expect(ended.stderr).toContain(message);
});
