/** `logtap audit` and a real OpenSearch: a run with every kind of loss is proven, and what is changed by hand is found. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { freePort } from '../../scripts/free-port.js';
import { type OpenSearchServer, startOpenSearch } from '../../scripts/opensearch.js';
import { LIBRARY_ENV } from '../../src/contract.js';
import { describeWith } from '../support/capability.js';
import { ask, tell } from '../support/opensearch-engine.js';
import { runPage, stepsOf } from '../support/page.js';
import { logtap, run, start, temporaryDirectory, until } from '../support/run.js';
import { readOpenSearch } from '../support/sinks-read-back.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

const LINES = 12_000;
/** Lines, traces that are joined, noise that a rule drops, texts that are too long for the mapping, bytes that are no characters. */
const WRITER = `
import os, sys, time
for i in range(${LINES}):
    while i == ${LINES} * 3 // 4 and not os.path.exists(os.environ['GO_ON']): time.sleep(0.05)
    if i % 1000 == 500: os.write(1, b'ERROR %d failed\\n  at a.b.C(C.java:1)\\n  at a.b.D(D.java:2)\\n' % i)
    elif i % 10 == 3: os.write(1, b'DEBUG %d noise\\n' % i)
    elif i % 6000 == 7: os.write(1, b'INFO %d ' % i + b'x' * 40000 + b'\\n')
    elif i % 500 == 9: os.write(2, b'INFO %d \\xff\\xfe bytes \\xc3\\n' % i)
    else: os.write(1, b'INFO %d served\\n' % i)
    if i % 2000 == 0: time.sleep(0.2)
`;

interface Hit {
  readonly _index: string;
  readonly _id: string;
  readonly _source: Record<string, unknown>;
}

interface Answer {
  readonly verdict: string;
  readonly claimed: number;
  readonly found: number;
  readonly others: number;
  readonly runs: readonly { readonly state: string }[];
  readonly gaps: { readonly listed: readonly { fate: string; reason: string; records: number }[] };
  readonly unexplained: { readonly records: number; readonly listed: readonly Record<string, unknown>[] };
  readonly explained: { readonly listed: readonly { of: string; from: number; to: number }[] };
  readonly unproven: { readonly records: number; readonly findings: number };
}

describeWith(['opensearch'], 'audit of OpenSearch', () => {
  let search: OpenSearchServer;
  let url: string;
  let rings: string;
  beforeAll(async () => {
    search = await startOpenSearch();
    url = search.url;
    rings = mkdtempSync('/dev/shm/logtap-rings-');
  });
  afterAll(async () => {
    rmSync(rings, { recursive: true, force: true });
    await search?.stop();
  });

  const audit = async (index: string, ledgers: readonly string[], more: readonly string[] = [], input?: string) => {
    const args = ledgers.flatMap((ledger) => ['--ledger', ledger]);
    const flags = ['audit', '--opensearch', url, '--index', index, ...args, '-o', 'json', '--quiet', ...more];
    const { code, stdout, stderr } = await run(
      process.execPath,
      [logtap, ...flags],
      input === undefined ? {} : { input },
    );
    return { code, stderr, answer: (stdout === '' ? undefined : JSON.parse(stdout)) as Answer };
  };

  /** Each text is there once. */
  const documentWith = async (index: string, text: string) => {
    const { hits } = await tell(url, 'POST', `/${index}/_search`, { query: { match: { body: text } } });
    const [found] = hits.hits.map(({ _index, _id, _source }: Hit) => ({ index: _index, id: _id, document: _source }));
    if (found === undefined) throw new Error(`no document has the text '${text}'`);
    return found as { readonly index: string; readonly id: string; readonly document: Record<string, unknown> };
  };

  test('a run with kills, drops, dead letters and joined lines is proven; a removed, a second and a changed line are found', async () => {
    const index = 'audited';
    await tell(url, 'PUT', '/_index_template/audited', {
      index_patterns: ['audited-*'],
      template: { mappings: { properties: { body: { type: 'keyword' } } } },
    });
    const status = String(await freePort());
    const settings = {
      LOGTAP_RING_DIR: rings,
      LOGTAP_BATCH_LINGER_MS: '50',
      LOGTAP_SINK: 'opensearch',
      LOGTAP_OPENSEARCH_URL: url,
      LOGTAP_OPENSEARCH_INDEX: `${index}-{yyyy.MM.dd.HH}`,
      LOGTAP_RULES: 'drop level=debug',
      LOGTAP_DEAD_LETTER_FILE: join(temporaryDirectory(), 'letters'),
      LOGTAP_STATUS_PORT: status,
    };
    // The rest is for the last shipper, however fast the others are.
    const goOn = join(temporaryDirectory(), 'go-on');
    const writer = start('python3', ['-c', WRITER], {
      env: {
        ...tapEnvironment('', { suppress: true }),
        [LIBRARY_ENV.TARGET.name]: `ring:${rings}`,
        [LIBRARY_ENV.ON_FULL.name]: 'block:60000',
        GO_ON: goOn,
      },
    });
    const stored = async () => ((await ask(url, 'GET', `/${index}-*/_count`)).json as { count?: number }).count ?? 0;
    // Two shippers are killed while they deliver.
    for (const records of [1000, 5000]) {
      const killed = await startShipper(settings);
      await until(`${records} records are stored`, async () => (await stored()) >= records);
      killed.child.kill('SIGKILL');
      await killed.ended;
    }
    const last = await startShipper(settings);
    writeFileSync(goOn, '');
    await writer.ended;
    await until(
      'everything is delivered',
      async () => {
        const ledger = (await (await fetch(`http://127.0.0.1:${status}/ledger`)).json()) as {
          sinks: { opensearch: Record<'delivered' | 'held', { records: number }> };
        };
        const { delivered, held } = ledger.sinks.opensearch;
        // One that has just started holds nothing yet. A kill while the service is slow to begin may lose some.
        return (await stored()) > LINES * 0.6 && delivered.records > 0 && held.records === 0;
      },
      120_000,
    );

    // While it runs.
    let running = await audit(`${index}-*`, [`http://127.0.0.1:${status}/audit`]);
    await until('its claims change no more', async () => {
      running = await audit(`${index}-*`, [`http://127.0.0.1:${status}/audit`]);
      return running.code !== 2;
    });
    expect(running).toMatchObject({ code: 0, answer: { verdict: 'proven', unexplained: { records: 0 } } });
    expect(running.answer.runs.map(({ state }) => state)).toEqual(['killed', 'killed', 'open']);

    // The CronJob of the page asks for the last hours.
    const page = stepsOf('docs/guides/prove-nothing-was-lost.md');
    const cronJob = page.find((step) => 'file' in step && step.file === 'audit-cronjob.yaml') as { text: string };
    const args = (parse(cronJob.text).spec.jobTemplate.spec.template.spec.containers[0].args as string[]).map((arg) =>
      arg
        .replace('https://search:9200', url)
        .replace('orders-*', `${index}-*`)
        .replace(/http:.*(?=\/audit)/, `http://127.0.0.1:${status}`),
    );
    const scheduled = await run(process.execPath, [logtap, ...args]);
    expect(scheduled).toMatchObject({ code: 0, stdout: expect.stringMatching(/^PROVEN/) });

    const { stderr } = await drain(last);
    const file = join(rings, 'audit.ndjson');
    const ended = await audit(`${index}-*`, [file]);
    expect(ended).toMatchObject({ code: 0, answer: { verdict: 'proven', unexplained: { records: 0 } } });
    expect(ended.answer.runs.map(({ state }) => state)).toEqual(['killed', 'killed', 'ended']);
    expect(ended.answer.found).toBeGreaterThan(LINES * 0.6);
    expect(ended.answer.others).toBe(0);
    const gaps = new Map<string, number>();
    for (const { fate, reason, records } of ended.answer.gaps.listed)
      gaps.set(`${fate} ${reason}`, (gaps.get(`${fate} ${reason}`) ?? 0) + records);
    // A killed run may have withheld the same lines, or rejected the same record, before the next one.
    const { withheld } = JSON.parse(stderr.trimEnd().split('\n').at(-1)!);
    expect(gaps.get('withheld rule_1')).toBeGreaterThanOrEqual(withheld.rule_1);
    expect(withheld.rule_1).toBeGreaterThan(0);
    expect([...gaps.keys()].some((key) => key.startsWith('deadLettered'))).toBe(true);

    // From the log alone, as `kubectl logs` gives it.
    const fromLog = await audit(`${index}-*`, ['-'], [], stderr);
    expect(fromLog).toMatchObject({ code: 0, answer: { verdict: 'proven', unexplained: { records: 0 } } });

    // One removed.
    const removed = await documentWith(`${index}-*`, 'INFO 11345 served');
    await tell(url, 'DELETE', `/${removed.index}/_doc/${removed.id}`);
    const missing = await audit(`${index}-*`, [file]);
    expect(missing).toMatchObject({ code: 1, answer: { verdict: 'unexplained' } });
    expect(missing.answer.unexplained.listed).toContainEqual(
      expect.objectContaining({ kind: 'missing', records: 1, places: [Number(removed.id.split('-').at(-1))] }),
    );
    await tell(url, 'PUT', `/${removed.index}/_doc/${removed.id}`, removed.document);
    expect(await audit(`${index}-*`, [file])).toMatchObject({ code: 0 });

    // One stored twice, under a foreign id, and once more in another index under its own.
    const twice = await documentWith(`${index}-*`, 'INFO 11222 served');
    await tell(url, 'PUT', `/${twice.index}/_doc/another`, twice.document);
    await tell(url, 'PUT', `/${index}-rolled/_doc/${twice.id}`, twice.document);
    const duplicate = await audit(`${index}-*`, [file]);
    expect(duplicate.code).toBe(1);
    expect(duplicate.answer.unexplained.listed.map(({ kind, ids }) => [kind, (ids as string[]).at(-1)]).sort()).toEqual(
      [
        ['duplicate', `${twice.index}/another`],
        ['duplicate', expect.stringContaining(twice.id)],
      ],
    );
    await tell(url, 'DELETE', `/${twice.index}/_doc/another`);
    await tell(url, 'DELETE', `/${index}-rolled`);

    // The bytes of one changed.
    const changed = await documentWith(`${index}-*`, 'INFO 11321 served');
    await tell(url, 'PUT', `/${changed.index}/_doc/${changed.id}`, { ...changed.document, body: 'INFO 11321 Served' });
    const altered = await audit(`${index}-*`, [file]);
    expect(altered.code).toBe(1);
    expect(altered.answer.unexplained.listed).toContainEqual(
      expect.objectContaining({ kind: 'altered', ids: [`${changed.index}/${changed.id}`] }),
    );
    await tell(url, 'PUT', `/${changed.index}/_doc/${changed.id}`, changed.document);

    // One that no run claims, of a known origin.
    const [origin] = /^[0-9a-f]{16}-[^-]+/.exec(changed.id)!;
    await tell(url, 'PUT', `/${changed.index}/_doc/${origin}-9007199254740990`, changed.document);
    const unclaimed = await audit(`${index}-*`, [file]);
    expect(unclaimed.code).toBe(1);
    expect(unclaimed.answer.unexplained.listed).toContainEqual(
      expect.objectContaining({ kind: 'unclaimed', records: 1 }),
    );
    await tell(url, 'DELETE', `/${changed.index}/_doc/${origin}-9007199254740990`);

    // Each change that a hand, or a broken backend, makes; afterwards the index is as before.
    const put = (index: string, id: string, document: object) => tell(url, 'PUT', `/${index}/_doc/${id}`, document);
    const remove = (index: string, id: string) => tell(url, 'DELETE', `/${index}/_doc/${id}`);
    const [one, other] = [
      await documentWith(`${index}-*`, 'INFO 11200 served'),
      await documentWith(`${index}-*`, 'INFO 11201 served'),
    ];
    const moved = new Date(Date.parse(String(one.document['@timestamp'])) + 60_000).toISOString();
    const changes: Readonly<Record<string, readonly [act: () => Promise<unknown>, kinds: RegExp]>> = {
      'the texts of two lines are swapped': [
        async () => {
          await put(one.index, one.id, { ...one.document, body: other.document.body });
          await put(other.index, other.id, { ...other.document, body: one.document.body });
        },
        /^altered$/,
      ],
      'a text becomes a list of one text': [
        () => put(one.index, one.id, { ...one.document, body: [one.document.body] }),
        /^altered$/,
      ],
      'a line moves to another minute': [
        () => put(one.index, one.id, { ...one.document, '@timestamp': moved }),
        // The window ends with the last claim.
        /^missing( unclaimed)?$/,
      ],
      'a line moves to an origin that no ledger has': [
        async () => {
          await remove(one.index, one.id);
          await put(one.index, one.id.replace(/^[0-9a-f]{16}/, 'f'.repeat(16)), one.document);
        },
        /^missing$/,
      ],
      'a line gets an id of the service': [
        async () => {
          await remove(one.index, one.id);
          await put(one.index, 'AZr0xample', one.document);
        },
        /^missing$/,
      ],
      'a line is removed, and a neighbour is there twice': [
        async () => {
          await remove(one.index, one.id);
          await put(`${index}-copy`, other.id, other.document);
        },
        /^duplicate missing$/,
      ],
    };
    for (const [what, [act, kinds]] of Object.entries(changes)) {
      await act();
      const { code, answer } = await audit(`${index}-*`, [file]);
      const found = [...new Set(answer.unexplained.listed.map(({ kind }) => kind))].sort().join(' ');
      expect({ what, code, found }).toEqual({ what, code: 1, found: expect.stringMatching(kinds) });
      for (const foreign of ['AZr0xample', one.id.replace(/^[0-9a-f]{16}/, 'f'.repeat(16))])
        await ask(url, 'DELETE', `/${one.index}/_doc/${foreign}`);
      await ask(url, 'DELETE', `/${index}-copy`);
      for (const each of [one, other]) await put(each.index, each.id, each.document);
    }
    expect(await audit(`${index}-*`, [file])).toMatchObject({ code: 0 });

    // The first line, the last one, and some of those that shippers were killed beside; but none that only a killed one has sent, which
    // is counted as lost with it.
    const placeOf = (id: string) => Number(id.split('-').at(-1));
    const isSentOnly = (id: string) =>
      ended.answer.explained.listed.some(
        ({ of, from, to }) => id.startsWith(`${of}-`) && from <= placeOf(id) && placeOf(id) <= to,
      );
    const every = (await readOpenSearch(url, `${index}-*`)).map(({ id }) => id).filter((id) => !isSentOnly(id));
    every.sort((a, b) => placeOf(a) - placeOf(b));
    for (const id of [0, 0.2, 0.4, 0.6, 0.8, 1].map((part) => every[Math.floor(part * (every.length - 1))]!)) {
      const { hits } = await tell(url, 'POST', `/${index}-*/_search`, { query: { ids: { values: [id] } } });
      const [hit] = hits.hits as [Hit];
      await remove(hit._index, id);
      const { code, answer } = await audit(`${index}-*`, [file]);
      const kinds = [...new Set(answer.unexplained.listed.map(({ kind }) => kind))];
      expect({ id, code, kinds }).toEqual({ id, code: 1, kinds: ['missing'] });
      await put(hit._index, id, hit._source);
    }

    // A ledger that says less than there was proves nothing.
    const part = join(temporaryDirectory(), 'part.ndjson');
    writeFileSync(part, '["run","00000000",1]\n');
    expect(await audit(`${index}-*`, [part])).toMatchObject({ code: 2, answer: { verdict: 'unproven' } });
  });

  test('the page: each command prints what it says', () =>
    runPage(stepsOf('docs/guides/prove-nothing-was-lost.md'), { replace: { 'http://localhost:9200': url } }));
});
