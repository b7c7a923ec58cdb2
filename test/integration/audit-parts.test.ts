/** `logtap audit` in parts: one that is killed in its middle and resumed, one of a data stream that rolls over, and one of a buffer that drops. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type OpenSearchServer, startOpenSearch } from '../../scripts/opensearch.js';
import { describeWith } from '../support/capability.js';
import { ask, tell } from '../support/opensearch-engine.js';
import { startFront } from '../support/opensearch-front.js';
import { logtap, run, start, temporaryDirectory, until } from '../support/run.js';
import { readOpenSearch } from '../support/sinks-read-back.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

const LINES = 30_000;
/** A thousand lines a minute, as their text says. */
const WRITER = `
import datetime
first = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=40)
for i in range(${LINES}):
    print((first + datetime.timedelta(milliseconds=60 * i)).strftime('%Y-%m-%d %H:%M:%S,%f')[:-3], 'INFO', i)
`;

interface Hit {
  readonly _index: string;
  readonly _id: string;
  readonly _source: Record<string, unknown>;
}

describeWith(['opensearch'], 'audit of OpenSearch in parts', () => {
  let search: OpenSearchServer;
  beforeAll(async () => {
    search = await startOpenSearch();
  });
  afterAll(() => search?.stop());

  const ship = (settings: Readonly<Record<string, string>>, program: readonly string[]) => {
    const env = { LOGTAP_OPENSEARCH_URL: search.url, ...settings };
    return start(process.execPath, [logtap, 'run', '--suppress', '--sink', 'opensearch', '--', ...program], { env });
  };

  const audited = (index: string, ledger: string, ...more: readonly string[]) => {
    const flags = ['--opensearch', search.url, '--index', index, '--ledger', ledger, '-o', 'json', '--quiet', ...more];
    return [logtap, 'audit', ...flags];
  };

  /** None before its first shard has started. */
  const storedIn = async (index: string) =>
    ((await ask(search.url, 'GET', `/${index}/_count`)).json as { count?: number }).count ?? 0;

  /** Each text is there once. */
  const documentWith = async (index: string, text: string): Promise<Hit> => {
    const { hits } = await tell(search.url, 'POST', `/${index}/_search`, { query: { match_phrase: { body: text } } });
    if (hits.hits.length !== 1) throw new Error(`${hits.hits.length} documents have the text '${text}'`);
    return hits.hits[0];
  };

  const placeOf = ({ _id }: Hit) => Number(_id.slice(_id.lastIndexOf('-') + 1));

  test('an audit that is killed in its middle gives the same answer when it is resumed', async () => {
    const index = 'resumed';
    const spool = temporaryDirectory();
    const settings = {
      LOGTAP_OPENSEARCH_INDEX: index,
      LOGTAP_SPOOL_DIR: spool,
      LOGTAP_TIME: 'text',
      LOGTAP_TIME_ZONE: 'UTC',
    };
    expect(await ship(settings, ['python3', '-c', WRITER]).ended).toMatchObject({ code: 0 });
    const ledger = join(spool, 'audit.ndjson');
    await tell(search.url, 'POST', `/${index}/_refresh`);
    const found = (line: number) => documentWith(index, `INFO ${line}`);
    const removed = [await found(2000), await found(28_000)];
    const twice = [await found(3000), await found(27_000)];
    // Of every kind that a part keeps in mind, before the kill and after it.
    for (const { _id } of removed) await tell(search.url, 'DELETE', `/${index}/_doc/${_id}`);
    for (const [i, { _id, _source }] of twice.entries()) {
      const origin = _id.slice(0, _id.lastIndexOf('-'));
      const seq = { ...(_source.attributes as object), 'log.record.seq': 9e15 + i };
      await tell(search.url, 'PUT', `/${index}/_doc/second-${_id}`, _source);
      await tell(search.url, 'PUT', `/${index}/_doc/${origin}-${9e15 + i}`, { ..._source, attributes: seq });
    }
    const whole = await run(process.execPath, audited(index, ledger));
    expect(whole.code).toBe(1);

    let [scrolls, isStopped] = [0, true];
    const front = await startFront(search.url, async ({ path }) => {
      if (!path.startsWith('/_search/scroll')) return;
      scrolls += 1;
      if (isStopped && scrolls > 22) await new Promise(() => {});
    });
    try {
      const file = join(temporaryDirectory(), 'progress');
      const args = audited(index, ledger, '--resume', file).map((each) => (each === search.url ? front.url : each));
      const killed = start(process.execPath, args);
      await until('it has read some, and waits', () => scrolls > 22 && existsSync(file));
      killed.child.kill('SIGKILL');
      await killed.ended;
      isStopped = false;
      scrolls = 0;

      // Of another index, the progress is of no use.
      const other = await run(
        process.execPath,
        args.map((each) => (each === index ? 'another' : each)),
      );
      expect(other).toMatchObject({ code: 78, stdout: '' });
      expect(other.stderr).toContain(`--resume ${file} is not the progress of this audit`);

      const resumed = await run(process.execPath, args);
      expect(resumed).toMatchObject({ code: 1, stderr: '' });
      expect(JSON.parse(resumed.stdout)).toEqual({ ...JSON.parse(whole.stdout), service: front.url });
      // Most was not read again, and the progress is gone.
      expect(scrolls).toBeLessThan(LINES / 1000 / 2);
      expect(existsSync(file)).toBe(false);
    } finally {
      await front.stop();
    }
    const { unexplained } = JSON.parse(whole.stdout);
    const named = unexplained.listed.map(({ kind, places }: { kind: string; places?: number[] }) =>
      [kind, ...(places ?? [])].join(' '),
    );
    const expected = [
      ...removed.map((each) => `missing ${placeOf(each)}`),
      ...twice.flatMap((each) => [`duplicate ${placeOf(each)}`, 'unclaimed']),
    ];
    expect(named.sort()).toEqual(expected.sort());
  });

  test('a data stream that rolls over while it is written is proven; what is missing or twice in any of its indices is found', async () => {
    const stream = 'logs-rolling';
    const go = join(temporaryDirectory(), 'go');
    const script = `for part in 1 2 3; do seq $(($part * 1000 - 999)) $(($part * 1000))
      until [ -e ${go}$part ] || [ $part = 3 ]; do sleep 0.05; done; done`;
    const writer = ship({ LOGTAP_OPENSEARCH_DATA_STREAM: stream, LOGTAP_OPENSEARCH_SETUP: 'true' }, [
      'sh',
      '-c',
      script,
    ]);
    for (const part of [1, 2]) {
      const isStored = async () => (await storedIn(stream)) >= part * 1000;
      await until(`part ${part} is stored`, isStored);
      await tell(search.url, 'POST', `/${stream}/_rollover`);
      writeFileSync(`${go}${part}`, '');
    }
    const { code, stderr } = await writer.ended;
    expect(code).toBe(0);
    const log = join(temporaryDirectory(), 'shipper.log');
    writeFileSync(log, stderr);
    const audit = async () => {
      const answer = await run(process.execPath, audited(stream, log));
      return { ...answer, ...JSON.parse(answer.stdout) };
    };
    const {
      data_streams: [{ indices }],
    } = await tell(search.url, 'GET', `/_data_stream/${stream}`);
    expect(indices).toHaveLength(3);
    await tell(search.url, 'POST', `/${stream}/_refresh`);
    expect(await audit()).toMatchObject({ code: 0, verdict: 'proven', claimed: 3000, found: 3000, others: 0 });

    // The one in the first index comes again, as the retry of a request after the rollover: one in two indices.
    const first = await documentWith(indices[0].index_name, '77');
    const { _index, _id, _source } = first;
    const places = [placeOf(first)];
    await tell(search.url, 'PUT', `/${stream}/_create/${_id}`, _source);
    const duplicate = await audit();
    expect(duplicate).toMatchObject({
      code: 1,
      unexplained: { records: 1, listed: [{ kind: 'duplicate', places }] },
    });
    expect(duplicate.unexplained.listed[0].ids.sort()).toEqual([`${_index}/${_id}`, `${indices[2].index_name}/${_id}`]);
    // The first one is removed: then it is there once.
    await tell(search.url, 'DELETE', `/${_index}/_doc/${_id}`);
    expect(await audit()).toMatchObject({ code: 0, found: 3000 });
    await tell(search.url, 'DELETE', `/${indices[2].index_name}/_doc/${_id}`);
    expect(await audit()).toMatchObject({
      ...{ code: 1, found: 2999 },
      unexplained: { records: 1, listed: [{ kind: 'missing', places }] },
    });
  });

  test('what a full buffer on disk drops has its places in the audit: every line is stored, or in a gap with its reason', async () => {
    const index = 'dropped';
    const spool = temporaryDirectory();
    let isOut = true;
    const front = await startFront(search.url, ({ method, response }) => {
      if (isOut && method === 'POST') response.writeHead(503).end();
    });
    try {
      const shipper = await startShipper({
        ...{ LOGTAP_SINK: 'opensearch', LOGTAP_OPENSEARCH_URL: front.url, LOGTAP_OPENSEARCH_INDEX: index },
        ...{ LOGTAP_SPOOL_DIR: spool, LOGTAP_SPOOL_MAX_BYTES: String(1 << 20), LOGTAP_ON_FULL: 'drop-oldest' },
        ...{ LOGTAP_BATCH_LINGER_MS: '10', LOGTAP_GRACE_SECONDS: '120' },
      });
      // Two processes, one after the other, each twice as much as the buffer holds.
      for (const from of [1, 20_001]) {
        const lines = ['-f', '%0100.0f', String(from), String(from + 19_999)];
        const env = tapEnvironment(shipper.socket, { suppress: true });
        expect(await run('seq', lines, { env })).toMatchObject({ code: 0, stdout: '' });
      }
      isOut = false;
      await until('the service is used again', async () => (await storedIn(index)) > 0);
      const { stderr } = await drain(shipper);
      const ledger = JSON.parse(stderr.trimEnd().split('\n').at(-1)!);
      const { full_drop_oldest: dropped } = ledger.dropped.opensearch;
      expect(dropped).toBeGreaterThan(20_000);

      const answer = await run(process.execPath, audited(index, join(spool, 'audit.ndjson')));
      const { verdict, found, gaps } = JSON.parse(answer.stdout);
      expect({ verdict, found }).toEqual({ verdict: 'proven', found: ledger.read - dropped });
      expect(gaps.records).toBe(dropped);
      const stored = await readOpenSearch(search.url, index);
      expect(stored).toHaveLength(found);
      for (const { of, fate, reason, from, to } of gaps.listed) {
        expect([fate, reason]).toEqual(['dropped', 'full_drop_oldest']);
        const within = stored
          .map(({ id }) => id)
          .filter((id) => id.startsWith(`${of}-`))
          .map((id) => Number(id.slice(of.length + 1)));
        // No place of a gap is stored.
        expect(within.filter((place) => from <= place && place <= to)).toEqual([]);
      }
    } finally {
      await front.stop();
    }
  });
});
