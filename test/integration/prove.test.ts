/** `logtap prove` against a real OpenSearch: a certificate, and none where a record is removed behind its back. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type OpenSearchServer, startOpenSearch } from '../../scripts/opensearch.js';
import type { Certificate } from '../../src/cli/prove/prove-module.js';
import { describeWith } from '../support/capability.js';
import { tell } from '../support/opensearch-engine.js';
import { logtap, run, start, temporaryDirectory, until } from '../support/run.js';
import { countInOpenSearch } from '../support/sinks-read-back.js';

jest.setTimeout(600_000);

const ALL_FAULTS = ['killed', 'lost_answers', 'cut', 'killed_in_outage', 'full_hold', 'terminated'];

describeWith(['opensearch'], 'logtap prove', () => {
  let search: OpenSearchServer;
  beforeAll(async () => {
    search = await startOpenSearch();
  });
  afterAll(() => search?.stop());

  const flags = (index: string) => [
    'prove',
    '--opensearch',
    search.url,
    '--index',
    index,
    '--lines',
    '2000',
    '--quiet',
  ];

  test('every line is accounted for through all faults', async () => {
    const file = join(temporaryDirectory(), 'certificate.json');
    const { code, stdout, stderr } = await run(process.execPath, [logtap, ...flags('proof'), '--certificate', file]);
    expect(stderr).toBe('');
    const certificate: Certificate = JSON.parse(readFileSync(file, 'utf8'));
    expect(certificate.checks.filter(({ holds }) => !holds)).toEqual([]);
    expect(certificate).toMatchObject({ verdict: 'proven', sums: { twice: 0 }, audit: { verdict: 'proven' } });
    expect(certificate.faults.map(({ kind }) => kind)).toEqual(ALL_FAULTS);
    const { written, stored, original } = certificate.sums;
    expect(original).toBeGreaterThan(0);
    expect(stored).toBeGreaterThan(2000);
    expect(stored + original).toBeLessThanOrEqual(written);
    expect(stdout).toMatch(/^PROVEN {2}proof /);
    expect(code).toBe(0);
  });

  test('a record that is removed behind its back: it fails, and names it', async () => {
    const running = start(process.execPath, [logtap, ...flags('robbed'), '-o', 'json']);
    await until('records are stored', async () => (await countInOpenSearch(search.url, 'robbed*')) > 1000, 300_000);
    const { hits } = await tell(search.url, 'POST', '/robbed/_search', { size: 1 });
    const [{ _index, _id }] = hits.hits;
    await tell(search.url, 'DELETE', `/${_index}/_doc/${_id}`);
    const { code, stdout } = await running.ended;
    const certificate: Certificate = JSON.parse(stdout);
    expect(certificate.verdict).toBe('failed');
    expect(certificate.checks.filter(({ holds }) => !holds).map(({ name }) => name)).toContain(
      'the audit of the service',
    );
    expect(certificate.audit).toMatchObject({
      verdict: 'unexplained',
      unexplained: { records: 1, listed: [expect.objectContaining({ kind: 'missing' })] },
    });
    expect(code).toBe(1);
  });
});
