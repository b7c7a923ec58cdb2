/** The OpenSearch sink and a real node with the security plugin: who may write, over which TLS, and the report of a refusal. */
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAuthority } from '../../scripts/certificates.js';
import { type SecuredOpenSearchServer, startSecuredOpenSearch } from '../../scripts/opensearch-security.js';
import { batchOf } from '../support/batches.js';
import { describeWith } from '../support/capability.js';
import { never, openSinkAt } from '../support/opensearch-engine.js';
import { temporaryDirectory } from '../support/run.js';

const PASSWORD = 'correct-Horse_battery:7 staple';
const HOUR_AHEAD_MS = Date.now() + 3_600_000;
const WRONG = 'wrong-Horse_battery:7 staple';

describeWith(['opensearch security', 'openssl'], 'OpenSearch with security', () => {
  let directory: string;
  let search: SecuredOpenSearchServer;

  /** A user with exactly these rights. */
  async function addUser(name: string, cluster: readonly string[], pattern: string, rights: readonly string[]) {
    const put = async (path: string, body: unknown) => {
      const { status, json } = await search.ask('PUT', `/_plugins/_security/api/${path}`, body);
      expect([status, JSON.stringify(json)]).toEqual([201, expect.any(String)]);
    };
    const permissions = [{ index_patterns: [pattern], allowed_actions: rights }];
    await put(`roles/${name}`, { cluster_permissions: cluster, index_permissions: permissions });
    await put(`internalusers/${name}`, { password: PASSWORD });
    await put(`rolesmapping/${name}`, { users: [name] });
  }

  beforeAll(async () => {
    directory = temporaryDirectory();
    search = await startSecuredOpenSearch(directory);
    // Every user has some rights by default, which would hide what a role lacks.
    expect((await search.ask('DELETE', '/_plugins/_security/api/rolesmapping/own_index')).status).toBe(200);
    const bulk = 'indices:data/write/bulk';
    await addUser('writer', [bulk], 'app-*', ['create_index', 'write']);
    await addUser('maker', [bulk, 'cluster_manage_index_templates'], 'made-*', ['create_index', 'write']);
    const mget = 'indices:data/read/mget';
    await addUser('reader', [bulk, mget], 'read-*', ['create_index', 'write', `${mget}*`]);
    await addUser('stranger', [], 'nothing', ['read']);
  });
  afterAll(() => search?.stop());

  /** A sink of that user; the password is in a file that is written now. */
  function sinkOf(username: string, settings: Readonly<Record<string, string>> = {}, password = PASSWORD) {
    const file = join(directory, `password-${username}`);
    writeFileSync(file, `${password}\n`);
    return openSinkAt(search.url, {
      LOGTAP_OPENSEARCH_USERNAME: username,
      LOGTAP_OPENSEARCH_PASSWORD_FILE: file,
      LOGTAP_OPENSEARCH_CA_FILE: search.authority.file,
      LOGTAP_OPENSEARCH_INDEX: 'app-logs',
      ...settings,
    });
  }

  const stored = async (index: string): Promise<string[]> => {
    await search.ask('POST', `/${index}/_refresh`);
    const { json } = await search.ask('POST', `/${index}/_search`, {
      size: 100,
      sort: [{ 'attributes.log.record.seq': 'asc' }],
    });
    return json.hits.hits.map(({ _source }: { _source: { body: string } }) => _source.body);
  };

  test('rules 76, 113: the rights that the documentation names are enough', async () => {
    const sink = sinkOf('writer');
    expect(await sink.send(batchOf(['a', 'b']), never)).toEqual({ retry: [], rejected: [] });
    expect(await stored('app-logs')).toEqual(['a', 'b']);
    await sink.close();

    const maker = sinkOf('maker', { LOGTAP_OPENSEARCH_INDEX: 'made-{yyyy}', LOGTAP_OPENSEARCH_SETUP: 'true' });
    expect(await maker.send(batchOf(['{"a":1}']), never)).toEqual({ retry: [], rejected: [] });
    expect(await stored('made-1970')).toEqual(['{"a":1}']);
    await maker.close();
  });

  test('rule 61: what a killed shipper has stored is stored once where it may be read, and otherwise the right is named', async () => {
    const send = async (user: string, index: string, when = 'long ago') => {
      const timeMs = when === 'long ago' ? 0 : HOUR_AHEAD_MS;
      const sink = sinkOf(user, { LOGTAP_OPENSEARCH_INDEX: index });
      const batch = batchOf(['a', 'b'].map((message) => ({ message, timeMs })));
      expect(await sink.send(batch, never)).toEqual({ retry: [], rejected: [] });
      await sink.close();
      return sink.notices;
    };
    for (let life = 0; life < 2; life++) expect(await send('reader', 'read-logs')).toEqual([]);
    expect(await stored('read-logs')).toEqual(['a', 'b']);
    await send('writer', 'app-twice', 'in an hour');
    for (let life = 0; life < 2; life++) {
      expect(await send('writer', 'app-twice', 'in an hour')).toEqual([
        expect.stringContaining('indices:data/read/mget'),
      ]);
    }
    expect(await stored('app-twice')).toEqual(['a', 'a', 'b', 'b']);
    // What is older than the shipper may be an earlier one's.
    for (let life = 0; life < 2; life++) expect(await send('writer', 'app-once')).toEqual([]);
    expect(await stored('app-once')).toEqual(['a', 'b']);
  });

  test('rules 64, 76, 113: a wrong password holds the records; a new one in its file is found by itself', async () => {
    const settings = { LOGTAP_OPENSEARCH_INDEX: 'app-password' };
    const sink = sinkOf('writer', settings, WRONG);
    const refused = await sink.send(batchOf(['held']), never);
    expect(refused).toMatchObject({ retry: [0], rejected: [], failure: { code: '401' }, retryAfterMs: 5000 });
    expect(refused.failure?.detail).toContain('LOGTAP_OPENSEARCH_USERNAME');
    for (const secret of [WRONG, Buffer.from(`writer:${WRONG}`).toString('base64')]) {
      expect(JSON.stringify(refused)).not.toContain(secret);
    }
    writeFileSync(join(directory, 'password-writer'), `${PASSWORD}\n`);
    expect(await sink.send(batchOf(['held']), never)).toEqual({ retry: [], rejected: [] });
    expect(await stored('app-password')).toEqual(['held']);
    await sink.close();
  });

  test('rule 113: a right that is missing for the index is an item’s 403: held, and the right is named', async () => {
    const sink = sinkOf('writer', { LOGTAP_OPENSEARCH_INDEX: 'other' });
    expect(await sink.send(batchOf(['a']), never)).toMatchObject({
      retry: [0],
      rejected: [],
      failure: {
        code: '403',
        detail: expect.stringMatching(
          /security_exception: no permissions for \[.*name=writer.*'create_index' and 'write'/,
        ),
      },
      retryAfterMs: 5000,
    });
    expect(sink.codes).toEqual(['200']);
    await sink.close();
  });

  test('rules 64, 113: without any right the whole request is 403, and set-up says which it needs', async () => {
    const sink = sinkOf('stranger');
    expect(await sink.send(batchOf(['a', 'b']), never)).toMatchObject({ retry: [0, 1], failure: { code: '403' } });
    expect(sink.codes).toEqual(['403']);
    await sink.close();
    const maker = sinkOf('stranger', { LOGTAP_OPENSEARCH_SETUP: 'true' });
    expect(await maker.send(batchOf(['a']), never)).toMatchObject({
      retry: [0],
      failure: { code: '403', detail: expect.stringContaining('indices:data/write/bulk') },
    });
    expect(maker.notices).toEqual([expect.stringContaining('cluster_manage_index_templates')]);
    await maker.close();
  });

  test('rule 76: an authority that is not trusted, and then is: the file is read again', async () => {
    const trusted = join(directory, 'trusted.pem');
    const other = createAuthority(directory, 'other');
    copyFileSync(other.file, trusted);
    const settings = { LOGTAP_OPENSEARCH_CA_FILE: trusted, LOGTAP_OPENSEARCH_INDEX: 'app-tls' };
    const sink = sinkOf('writer', settings);
    const refused = await sink.send(batchOf(['a']), never);
    expect(refused).toMatchObject({ retry: [0], rejected: [] });
    expect(refused.failure?.detail).toMatch(/not signed by an authority that is trusted here/);
    copyFileSync(search.authority.file, trusted);
    expect(await sink.send(batchOf(['a']), never)).toEqual({ retry: [], rejected: [] });
    expect(await stored('app-tls')).toEqual(['a']);
    await sink.close();
  });

  test('rule 76: a client certificate, replaced while the shipper runs', async () => {
    const [cert, key] = [join(directory, 'tls.crt'), join(directory, 'tls.key')];
    const use = ({ certFile, keyFile }: { certFile: string; keyFile: string }) => {
      copyFileSync(certFile, cert);
      copyFileSync(keyFile, key);
    };
    use(search.authority.issue('stranger'));
    const sink = openSinkAt(search.url, {
      LOGTAP_OPENSEARCH_CA_FILE: search.authority.file,
      LOGTAP_OPENSEARCH_CERT_FILE: cert,
      LOGTAP_OPENSEARCH_KEY_FILE: key,
      LOGTAP_OPENSEARCH_INDEX: 'by-certificate',
    });
    // A certificate that the node trusts, of a user that it does not know.
    expect(await sink.send(batchOf(['a']), never)).toMatchObject({ retry: [0], failure: { code: '401' } });
    use(search.authority.issue('admin'));
    expect(await sink.send(batchOf(['a']), never)).toEqual({ retry: [], rejected: [] });
    expect(await stored('by-certificate')).toEqual(['a']);
    await sink.close();
  });

  test('rule 113: a node that starts, and does not know its users yet, is waited for', async () => {
    const sink = sinkOf('writer', { LOGTAP_OPENSEARCH_INDEX: 'app-restart' });
    await search.kill();
    const restarted = search.restart();
    const failures: string[] = [];
    for (;;) {
      const { retry, rejected, failure } = await sink.send(batchOf(['a']), never);
      expect(rejected).toEqual([]);
      if (retry.length === 0) break;
      failures.push(failure?.detail ?? '');
      await sleep(20);
    }
    await restarted;
    expect(
      failures.some((detail) => /503: OpenSearch Security not initialized.*the cluster is starting/.test(detail)),
    ).toBe(true);
    expect(await stored('app-restart')).toEqual(['a']);
    await sink.close();
  });
});
