/** `logtap audit` where the service fails, refuses, or has nothing: no failure looks like a loss, and each error has its remedy. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.js';
import { type OpenSearchServer, startOpenSearch } from '../../scripts/opensearch.js';
import { describeWith } from '../support/capability.js';
import { CloudWatchFake } from '../support/cloudwatch-fake.js';
import { tell } from '../support/opensearch-engine.js';
import { type Exchange, type Front, startFront } from '../support/opensearch-front.js';
import { type Ended, logtap, run, temporaryDirectory } from '../support/run.js';
import { AWS_ENV } from '../support/sinks-read-back.js';

const LINES = 5000;
const INDEX = 'audited';
const JSON_TYPE = { 'content-type': 'application/json' };

const audit = (flags: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  run(process.execPath, [logtap, 'audit', '--quiet', ...flags], { env: { ...env } });

describeWith(['opensearch'], 'audit of an OpenSearch that fails', () => {
  let search: OpenSearchServer;
  let front: Front;
  let ledger: string;
  let spoil: (exchange: Exchange, isPage: boolean) => unknown = () => {};
  beforeAll(async () => {
    search = await startOpenSearch();
    front = await startFront(search.url, (exchange) =>
      spoil(exchange, exchange.method === 'POST' && exchange.path.startsWith('/_search/scroll')),
    );
    const env = { LOGTAP_OPENSEARCH_URL: search.url, LOGTAP_OPENSEARCH_INDEX: INDEX };
    const written = await run(
      process.execPath,
      [logtap, 'run', '--suppress', '--sink', 'opensearch', '--', 'seq', String(LINES)],
      { env },
    );
    expect(written.code).toBe(0);
    ledger = join(temporaryDirectory(), 'shipper.log');
    writeFileSync(ledger, written.stderr);
    await tell(search.url, 'POST', `/${INDEX}/_refresh`);
  });
  afterEach(() => {
    spoil = () => {};
  });
  afterAll(async () => {
    await front?.stop();
    await search?.stop();
  });

  const audited = (index = INDEX, more: readonly string[] = []) =>
    audit(['--opensearch', front.url, '--index', index, '--ledger', ledger, ...more]);

  // The service has gone on to the next page: a second request gets that one.
  test.each<readonly [what: string, spoil: (exchange: Exchange) => unknown]>([
    [
      'is lost on its way',
      async ({ forward, cut }) => {
        await forward();
        cut();
      },
    ],
    [
      'is lost by a gateway',
      async ({ forward, response }) => {
        await forward();
        response.writeHead(504).end('gateway');
      },
    ],
    [
      'is an empty page',
      async ({ forward, response }) => {
        const { body } = await forward();
        const answer = JSON.parse(body.toString());
        response.writeHead(200, JSON_TYPE).end(JSON.stringify({ ...answer, hits: { ...answer.hits, hits: [] } }));
      },
    ],
    [
      'is refused, because the node is busy',
      ({ response }) => response.writeHead(429).end('{"error":{"type":"rejected"}}'),
    ],
    [
      'is refused, because the view is lost',
      ({ response }) =>
        response
          .writeHead(404, { 'content-type': 'application/json' })
          .end('{"error":{"root_cause":[{"type":"search_context_missing_exception"}]},"status":404}'),
    ],
  ])('a page that %s is read again, and no record is missing', async (_what, act) => {
    let pages = 0;
    spoil = (exchange, isPage) => {
      if (isPage && ++pages === 2) return act(exchange);
    };
    const { code, stdout } = await audited();
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(`^PROVEN.*\n  ${LINES} records claimed, ${LINES} found`),
    });
    expect(pages).toBeGreaterThan(LINES / 1000);
  });

  test.each<readonly [what: string, spoil: (exchange: Exchange) => unknown, error: RegExp]>([
    [
      'forbids the user',
      ({ response }) => response.writeHead(401).end('Unauthorized'),
      / answered 401 Unauthorized \(wrong user or password: check LOGTAP_OPENSEARCH_USERNAME/,
    ],
    [
      'lacks the right',
      ({ response }) =>
        response
          .writeHead(403, JSON_TYPE)
          .end('{"error":{"type":"security_exception","reason":"no permissions for [indices:data/read/search]"}}'),
      /answered 403 security_exception: no permissions for \[indices:data\/read\/search\] \(the user lacks a right: its role needs 'read'/,
    ],
    [
      'is a login page',
      ({ response }) =>
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html><title>Sign in</title></html>'),
      /answered 200 with a web page 'Sign in' \(a login page, a proxy/,
    ],
    [
      'is something else',
      ({ response }) => response.writeHead(200, JSON_TYPE).end('{"ok":true}'),
      /the answer is not that of a search \(this is no OpenSearch/,
    ],
    [
      'redirects',
      ({ response }) => response.writeHead(302, { location: 'http://127.0.0.1:1/login' }).end(),
      /answered 302|not that of a search/,
    ],
  ])('a service that %s ends the audit with 74 and the remedy', async (_what, act, error) => {
    spoil = act;
    const { code, stdout, stderr } = await audited();
    expect({ code, stdout, stderr }).toEqual({ code: 74, stdout: '', stderr: expect.stringMatching(error) });
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test('what cannot be read is no loss: closed and blocked indices, and those of other programs', async () => {
    const put = (path: string, body?: object) => tell(search.url, 'PUT', path, body);
    await put('/shut-1');
    await tell(search.url, 'POST', '/_aliases', { actions: [{ add: { index: 'shut-1', alias: 'behind' } }] });
    await tell(search.url, 'POST', '/shut-1/_close');
    for (const name of ['shut-1', 'shut-*', 'behind', `${INDEX},shut-1`]) {
      const { code, stderr } = await audited(name);
      expect({ name, code, stderr }).toEqual({
        name,
        code: 74,
        stderr: expect.stringContaining(
          'index shut-1 is closed, so its documents cannot be read. Open it (POST /shut-1/_open)',
        ),
      });
    }
    await put('/other-1', { mappings: { properties: { '@timestamp': { type: 'keyword' } } } });
    await tell(search.url, 'POST', '/other-1/_doc?refresh=true', { '@timestamp': 'soon' });
    const { code, stderr } = await audited(`${INDEX},other-*`);
    expect({ code, stderr }).toEqual({
      code: 74,
      stderr: expect.stringMatching(/1 of 2 shards .*: other-1: .*name others with --index/),
    });
    // A format of its own is none of our business.
    await put('/other-2', { mappings: { properties: { '@timestamp': { type: 'date', format: 'epoch_millis' } } } });
    await tell(search.url, 'POST', '/other-2/_doc?refresh=true', { '@timestamp': Date.now() });
    expect(await audited(`${INDEX},other-2`)).toMatchObject({ code: 0 });
    await put(`/${INDEX}/_settings`, { 'index.blocks.read': true });
    const blocked = await audited();
    await put(`/${INDEX}/_settings`, { 'index.blocks.read': null });
    expect(blocked).toMatchObject({ code: 74, stderr: expect.stringContaining('clear the block of the index') });
  });

  test('a name that no index has is reported beside what is missing', async () => {
    for (const name of ['nosuch', 'nosuch-*']) {
      const { code, stdout } = await audited(name);
      expect({ code, stdout }).toEqual({
        code: 1,
        stdout: expect.stringContaining(`not_there: 0, no index has the name ${name}: was it deleted?`),
      });
    }
    expect(await audited('')).toMatchObject({ code: 64, stderr: expect.stringContaining('--index needs a value') });
    const window = ['--since', '2026-11-30T09:00:00Z', '--until', '2026-11-30T08:00:00Z'];
    expect(await audited(INDEX, window)).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('must be before --until'),
    });
  });

  test('files that are no ledger and no progress are refused, and left alone', async () => {
    const flags = ['--opensearch', front.url, '--index', INDEX];
    expect(await audit([...flags, '--ledger', '/dev/zero'])).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('so it is no ledger'),
    });
    const nothing = `http://127.0.0.1:${await freePort()}/audit`;
    expect(await audit([...flags, '--ledger', nothing])).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('nothing listens there'),
    });
    for (const device of ['/dev/zero', temporaryDirectory()]) {
      const { code, stderr } = await audited(INDEX, ['--resume', device]);
      expect({ device, code, stderr }).toEqual({
        device,
        code: 78,
        stderr: expect.stringContaining('it is no regular file'),
      });
    }
    // Before an hour of reading.
    const { code, stderr } = await audited(INDEX, ['--resume', '/nosuch/progress']);
    expect({ code, stderr }).toEqual({
      code: 78,
      stderr: expect.stringContaining('/nosuch/progress cannot be written'),
    });
    const part = join(temporaryDirectory(), 'progress');
    writeFileSync(part, JSON.stringify({ of: `${front.url} ${INDEX} / ${ledger}` }));
    expect(await audited(INDEX, ['--resume', part])).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('a part is missing'),
    });
  });
});

describe('audit of a CloudWatch Logs that refuses', () => {
  let cloud: CloudWatchFake;
  let ledger: string;
  const env = () => ({ ...AWS_ENV, AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: cloud.url });
  beforeAll(async () => {
    cloud = await CloudWatchFake.start();
    cloud.make('/audited', 'stream');
    const settings = { LOGTAP_CLOUDWATCH_LOG_GROUP: '/audited', LOGTAP_CLOUDWATCH_LOG_STREAM: 'stream' };
    const written = await run(
      process.execPath,
      [logtap, 'run', '--suppress', '--sink', 'cloudwatch', '--', 'seq', '10'],
      { env: { ...env(), ...settings } },
    );
    expect(written.code).toBe(0);
    ledger = join(temporaryDirectory(), 'shipper.log');
    // As PowerShell writes it.
    writeFileSync(ledger, `\ufeff${written.stderr}`, 'utf16le');
  });
  afterAll(() => cloud?.close());

  test('a ledger in UTF-16 is read', async () => {
    const { code, stdout } = await audit(['--cloudwatch', '/audited', '--ledger', ledger], env());
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^PROVEN/) });
  });

  test.each([
    ['AccessDeniedException', 'not authorized', 'allow logs:GetLogEvents on the log group'],
    ['UnrecognizedClientException', 'The security token is invalid', 'the keys are wrong'],
    ['ExpiredTokenException', 'The security token included in the request is expired', 'the temporary keys have ended'],
  ])('%s ends it with 74 and the remedy', async (type, message, remedy) => {
    cloud.readFaults.push({ status: 400, type, message });
    const { code, stderr } = await audit(['--cloudwatch', '/audited', '--ledger', ledger], env());
    expect({ code, stderr }).toEqual({
      code: 74,
      stderr: expect.stringContaining(`GetLogEvents of /audited answered 400 ${type}: ${message} (${remedy}`),
    });
  });

  test('a log group that does not exist is reported beside what is missing', async () => {
    const { code, stdout } = await audit(['--cloudwatch', '/nosuch', '--ledger', ledger], env());
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: expect.stringMatching(/missing: 10[\s\S]*not_there: 0, log group \/nosuch: /),
    });
  });
});
