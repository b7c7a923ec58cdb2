/** `logtap prove` against real services: a certificate, and none where a record is removed behind its back. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CloudWatchServer, startCloudWatch } from '../../scripts/cloudwatch.js';
import { type OpenSearchServer, startOpenSearch } from '../../scripts/opensearch.js';
import type { Certificate } from '../../src/cli/prove/prove-module.js';
import { describeWith } from '../support/capability.js';
import { tell } from '../support/opensearch-engine.js';
import { startFront } from '../support/opensearch-front.js';
import { logtap, run, start, temporaryDirectory, until } from '../support/run.js';
import { AWS_ENV, countInOpenSearch } from '../support/sinks-read-back.js';

jest.setTimeout(600_000);

const ALL_FAULTS = ['killed', 'lost_answers', 'cut', 'killed_in_outage', 'full_hold', 'terminated'];
const FLAGS = ['--lines', '2000', '--quiet'];
/** Most of a proof is waiting for a batch. */
const SOON = { LOGTAP_BATCH_LINGER_MS: '50' };

function expectProven(certificate: Certificate): void {
  // The details first: a check that fails only names them.
  expect(certificate.audit).toMatchObject({ unexplained: { records: 0, listed: [] } });
  expect(certificate.checks.filter(({ holds }) => !holds)).toEqual([]);
  expect(certificate).toMatchObject({ verdict: 'proven', audit: { verdict: 'proven' } });
  expect(certificate.faults.map(({ kind }) => kind)).toEqual(ALL_FAULTS);
  const { written, stored, original } = certificate.sums;
  expect(original).toBeGreaterThan(0);
  expect(stored).toBeGreaterThan(2000);
  expect(stored + original).toBeLessThanOrEqual(written);
}

function expectMissing(certificate: Certificate): void {
  expect(certificate.verdict).toBe('failed');
  expect(certificate.checks.filter(({ holds }) => !holds).map(({ name }) => name)).toContain(
    'the audit of the service',
  );
  expect(certificate.audit).toMatchObject({
    verdict: 'unexplained',
    unexplained: { records: 1, listed: [expect.objectContaining({ kind: 'missing' })] },
  });
}

// Side by side, in one block, because most of their time is waiting.
describeWith(['opensearch', 'cloudwatch'], 'logtap prove', () => {
  let searching: Promise<OpenSearchServer> | undefined;
  let clouding: Promise<CloudWatchServer> | undefined;
  const search = () => {
    searching ??= startOpenSearch();
    return searching;
  };
  const cloud = () => {
    clouding ??= startCloudWatch();
    return clouding;
  };
  afterAll(async () => {
    await (await searching)?.stop();
    await (await clouding)?.stop();
  });

  const inOpenSearch = (url: string, index: string, more: readonly string[]) =>
    start(process.execPath, [logtap, 'prove', '--opensearch', url, '--index', index, ...FLAGS, ...more], { env: SOON });

  test.concurrent('OpenSearch: every line is accounted for through all faults', async () => {
    const { url } = await search();
    const file = join(temporaryDirectory(), 'certificate.json');
    const { code, stdout, stderr } = await inOpenSearch(url, 'proof', ['--certificate', file]).ended;
    expect(stderr).toBe('');
    const certificate: Certificate = JSON.parse(readFileSync(file, 'utf8'));
    expectProven(certificate);
    expect(certificate.sums.copies).toBe(0);
    expect(stdout).toMatch(/^PROVEN {2}proof /);
    expect(code).toBe(0);
  });

  test.concurrent('OpenSearch: a record that is removed behind its back: it fails, and names it', async () => {
    const { url } = await search();
    const running = inOpenSearch(url, 'robbed', ['-o', 'json']);
    // An index that was just made answers with an error.
    const stored = () => countInOpenSearch(url, 'robbed*').catch(() => 0);
    await until('records are stored', async () => (await stored()) > 1000, 300_000);
    // The oldest: a shipper that is killed before it knows the answer about a record stores it again.
    const { hits } = await tell(url, 'POST', '/robbed/_search', { size: 1, sort: [{ '@timestamp': 'asc' }] });
    const [{ _index, _id }] = hits.hits;
    await tell(url, 'DELETE', `/${_index}/_doc/${_id}`);
    const { code, stdout } = await running.ended;
    expectMissing(JSON.parse(stdout));
    expect(code).toBe(1);
  });

  const inCloudWatch = (endpoint: string, flags: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    run(process.execPath, [logtap, 'prove', ...flags, ...FLAGS, '-o', 'json'], {
      env: { ...AWS_ENV, ...SOON, AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: endpoint, ...more },
    });

  test.concurrent('CloudWatch Logs: every line is accounted for through all faults, and what is stored twice is counted', async () => {
    const { url } = await cloud();
    // As in a pod: the service is that of the settings.
    const settings = { LOGTAP_SINK: 'cloudwatch', LOGTAP_CLOUDWATCH_LOG_GROUP: '/test/{field:app}' };
    const { code, stdout, stderr } = await inCloudWatch(url, [], { ...settings, LOGTAP_STATIC_FIELDS: 'app=proof' });
    expect(stderr).toBe('');
    const certificate: Certificate = JSON.parse(stdout);
    expectProven(certificate);
    expect(certificate.service).toEqual({ logGroup: '/test/proof' });
    expect(code).toBe(0);
  });

  test.concurrent('CloudWatch Logs: an event that the service has accepted and does not have: it fails', async () => {
    let isRobbed = false;
    const front = await startFront((await cloud()).url, async ({ headers, body, forward, response }) => {
      if (headers['x-amz-target'] !== 'Logs_20140328.PutLogEvents') return;
      const request = JSON.parse(body.toString());
      if (isRobbed || request.logEvents.length < 2) return;
      const answer = await forward(Buffer.from(JSON.stringify({ ...request, logEvents: request.logEvents.slice(1) })));
      isRobbed = answer.status === 200;
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
    try {
      const { code, stdout } = await inCloudWatch(front.url, ['--cloudwatch', '/test/robbed']);
      expectMissing(JSON.parse(stdout));
      expect(code).toBe(1);
    } finally {
      await front.stop();
    }
  });
});
