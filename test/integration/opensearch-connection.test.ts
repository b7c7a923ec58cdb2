/** How the OpenSearch sink talks: what is on the wire, to which node, and what it makes of answers that are none. */
import { createHash } from 'node:crypto';
import type { ServerOptions } from 'node:https';
import { connect, createServer, type Server } from 'node:net';
import { brotliCompressSync, deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import { type Authority, createAuthority } from '../../scripts/certificates.js';
import { freePort } from '../../scripts/free-port.js';
import { batchOf } from '../support/batches.js';
import { describeWith } from '../support/capability.js';
import { never, openSinkAt } from '../support/opensearch-engine.js';
import { type Exchange, type Front, startFront } from '../support/opensearch-front.js';
import { temporaryDirectory } from '../support/run.js';

const fronts: Front[] = [];
/** A service that answers by itself. */
async function service(handle: (exchange: Exchange, number: number) => unknown): Promise<Front> {
  const front = await startFront('http://127.0.0.1:9', handle);
  fronts.push(front);
  return front;
}
afterEach(async () => {
  await Promise.all(fronts.splice(0).map((front) => front.stop()));
});

const accept = ({ response, headers, body }: Exchange) => response.end(allCreated(plain(headers, body)));
const plain = (headers: Exchange['headers'], body: Buffer) =>
  headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
const allCreated = (body: Buffer) => {
  const items = Array.from({ length: body.toString().split('\n').length >> 1 }, () => ({ create: { status: 201 } }));
  return JSON.stringify({ errors: false, items });
};
const everything = { retry: [], rejected: [] };
const messages = ['first', 'two\nlines', 'é 😀 \u2028'];

test('rules 57, 58: a body has its length, is not chunked, and ends with a line feed', async () => {
  const front = await service(accept);
  const sink = openSinkAt(front.url);
  expect(await sink.send(batchOf(messages), never)).toEqual(everything);
  const [{ method, path, headers, body }] = front.requests as [Exchange];
  expect([method, path.split('?')[0]]).toEqual(['POST', '/_bulk']);
  expect(headers).toMatchObject({ 'content-type': 'application/x-ndjson', 'content-length': String(body.length) });
  expect(headers).not.toHaveProperty('transfer-encoding');
  const lines = body.toString().split('\n');
  expect(lines.pop()).toBe('');
  expect(lines.filter((_, i) => i % 2 === 1).map((line) => JSON.parse(line).body)).toEqual(messages);
  await sink.close();
});

test('a hundred requests take one connection', async () => {
  const front = await service(accept);
  const sink = openSinkAt(front.url);
  for (let i = 0; i < 100; i++) expect(await sink.send(batchOf([`${i}`]), never)).toEqual(everything);
  expect([front.requests.length, front.connections()]).toEqual([100, 1]);
  await sink.close();
});

test.each([408, 429, 500, 502, 503, 504])('rule 71: %i: one attempt is one request', async (status) => {
  const front = await service(({ response }) => response.writeHead(status).end());
  const sink = openSinkAt(front.url);
  expect(await sink.send(batchOf(['a']), never)).toMatchObject({ retry: [0], failure: { code: String(status) } });
  expect(front.requests.length).toBe(1);
  await sink.close();
});

test('rule 71: a service that never answers is left when the attempt ends', async () => {
  const front = await service(() => new Promise(() => {}));
  const sink = openSinkAt(front.url);
  const attempt = new AbortController();
  const sent = sink.send(batchOf(['a']), attempt.signal);
  while (front.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
  attempt.abort(Object.assign(new Error('no answer within 1 ms'), { code: 'timeout' }));
  expect(await sent).toMatchObject({ retry: [0], failure: { code: 'timeout' } });
  await sink.close();
});

test.each<[string, (exchange: Exchange) => unknown]>([
  [
    'less than was announced',
    ({ response, cut }) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('{"errors":false}', cut);
    },
  ],
  [
    'a chunked answer that does not end',
    ({ response, cut }) => {
      response.writeHead(200);
      response.write('{"errors":false,"items":[', cut);
    },
  ],
  ['a page', ({ response }) => response.end('<html>welcome</html>')],
  ['nothing', ({ response }) => response.end()],
  ['null', ({ response }) => response.end('null')],
  ['half of the items', ({ response }) => response.end('{"errors":true,"items":[{"create":{"status":201}}]}')],
  ['JSON that is cut', ({ response }) => response.end('{"errors":true,"items":[{"create":{"status":201}},{"cre')],
  ['no HTTP', ({ response }) => response.socket?.end('SSH-2.0-OpenSSH_9.2\r\n')],
])('rule 63: %s: all is retried', async (_, handle) => {
  const front = await service(handle);
  const sink = openSinkAt(front.url);
  expect(await sink.send(batchOf(['a', 'b']), never)).toMatchObject({ retry: [0, 1], rejected: [] });
  await sink.close();
});

test.each([
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
])('an answer that a proxy has compressed (%s) is read', async (encoding, compressed) => {
  const front = await service(({ response, headers, body }) => {
    response.setHeader('content-encoding', encoding);
    response.end(compressed(allCreated(plain(headers, body))));
  });
  const sink = openSinkAt(front.url);
  expect(await sink.send(batchOf(['a', 'b']), never)).toEqual(everything);
  await sink.close();
});

test.each([
  ['is none', Buffer.from('{"errors":false,"items":[]}')],
  ['is cut', gzipSync('{"errors":false,"items":[{"create":{"status":201}}]}').subarray(0, 30)],
  ['is a page', gzipSync('<html>welcome</html>')],
])('one that claims to be gzip and %s says nothing', async (_, answer) => {
  const front = await service(({ response }) => {
    response.setHeader('content-encoding', 'gzip');
    response.end(answer);
  });
  const sink = openSinkAt(front.url);
  expect(await sink.send(batchOf(['a']), never)).toMatchObject({ retry: [0], rejected: [] });
  await sink.close();
});

test.each([400, 406, 415])(
  'rule 23: a service that does not inflate (%i) gets requests as they are, which is reported',
  async (status) => {
    const front = await service(({ response, headers, body }) => {
      if (headers['content-encoding'] === undefined) return response.end(allCreated(body));
      return response.writeHead(status).end('{"error":{"type":"parse_exception","reason":"what is this"}}');
    });
    const sink = openSinkAt(front.url, { LOGTAP_OPENSEARCH_GZIP: 'true' });
    expect(await sink.send(batchOf(['a', 'b']), never)).toEqual(everything);
    expect(await sink.send(batchOf(['c']), never)).toEqual(everything);
    expect(sink.notices).toEqual([expect.stringContaining('LOGTAP_OPENSEARCH_GZIP')]);
    expect(sink.codes).toEqual([String(status), '200', '200']);
    await sink.close();
  },
);

test('an error whose text has no end is cut off', async () => {
  const front = await service(({ response }) => {
    response.writeHead(500);
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(64 * 1024)));
    };
    response.on('drain', more);
    more();
  });
  const sink = openSinkAt(front.url);
  const { failure, retry } = await sink.send(batchOf(['a']), never);
  expect([retry, failure?.code]).toEqual([[0], '500']);
  expect(failure!.detail.length).toBeLessThan(500);
  await sink.close();
});

describeWith(['openssl'], 'TLS that does not come about is explained', () => {
  let authority: Authority;
  beforeAll(() => {
    authority = createAuthority(temporaryDirectory());
  });
  /** What a service with TLS is sent. */
  const said = async (
    options: ServerOptions,
    {
      settings = {},
      rewrite = (url: string) => url,
    }: { settings?: Record<string, string>; rewrite?: (url: string) => string },
  ) => {
    const { cert, key } = authority.issue('node');
    const front = await startFront('http://127.0.0.1:9', accept, { cert, key, ...options });
    fronts.push(front);
    const sink = openSinkAt(rewrite(front.url), settings);
    const { retry, rejected, failure } = await sink.send(batchOf(['a']), never);
    await sink.close();
    expect(rejected).toEqual([]);
    return retry.length === 0 ? 'delivered' : failure?.detail;
  };
  const trusted = () => ({ LOGTAP_OPENSEARCH_CA_FILE: authority.file });

  test('rule 76: a client certificate that is wanted, shown and not shown', async () => {
    const options = { ca: authority.ca, requestCert: true, rejectUnauthorized: true };
    expect(await said(options, { settings: trusted() })).toMatch(/a certificate of the client/);
    const { certFile, keyFile } = authority.issue('shipper');
    const shown = { LOGTAP_OPENSEARCH_CERT_FILE: certFile, LOGTAP_OPENSEARCH_KEY_FILE: keyFile };
    expect(await said(options, { settings: { ...trusted(), ...shown } })).toBe('delivered');
  });

  test.each([
    ['an unknown authority', () => ({}), (url: string) => url, 'authority that is trusted here'],
    ['http for https', trusted, (url: string) => url.replace('https:', 'http:'), 'should the URL start with https://'],
  ])('%s', async (_, settings, rewrite, hint) => {
    expect(await said({}, { settings: settings(), rewrite })).toContain(hint);
  });

  test('https for http', async () => {
    const front = await service(accept);
    const sink = openSinkAt(front.url.replace('http:', 'https:'));
    expect((await sink.send(batchOf(['a']), never)).failure?.detail).toContain('should the URL start with http://');
    await sink.close();
  });

  test('another name', async () => {
    const front = await startFront('http://127.0.0.1:9', accept, authority.issue('node'));
    fronts.push(front);
    // 127.0.0.2 is this machine too, and not in the certificate; the front listens on 127.0.0.1 only.
    const relay = createServer((socket) => {
      const onward = connect(Number(new URL(front.url).port), '127.0.0.1');
      socket.pipe(onward).pipe(socket);
      socket.on('error', () => onward.destroy());
      onward.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.2', resolve));
    const { port } = relay.address() as { port: number };
    const sink = openSinkAt(`https://127.0.0.2:${port}`, trusted());
    expect((await sink.send(batchOf(['a']), never)).failure?.detail).toContain('other names than the one in the URL');
    await sink.close();
    await new Promise((resolve) => relay.close(resolve));
  });
});

describe('several nodes', () => {
  test('the next node is asked when one is not there, and stays the one that is asked', async () => {
    const absent = `http://127.0.0.1:${await freePort()}`;
    const front = await service(accept);
    const sink = openSinkAt(`${absent}, ${front.url}`);
    for (let i = 0; i < 3; i++) expect(await sink.send(batchOf(['a']), never)).toEqual(everything);
    expect(sink.codes).toEqual(['ECONNREFUSED', '200', '200', '200']);
    await sink.close();
  });

  test('a node that answers 503 is not the next one to be asked', async () => {
    const down = await service(({ response }) => response.writeHead(503).end());
    const up = await service(accept);
    const sink = openSinkAt(`${down.url},${up.url}`);
    expect(await sink.send(batchOf(['a']), never)).toMatchObject({ retry: [0], failure: { code: '503' } });
    expect(await sink.send(batchOf(['a']), never)).toEqual(everything);
    expect([down.requests.length, up.requests.length]).toEqual([1, 1]);
    await sink.close();
  });

  test('a node that never answers is not the next one to be asked', async () => {
    const silent = await service(() => new Promise(() => {}));
    const front = await service(accept);
    const sink = openSinkAt(`${silent.url},${front.url}`);
    const attempt = new AbortController();
    const sent = sink.send(batchOf(['a']), attempt.signal);
    while (silent.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    attempt.abort(Object.assign(new Error('no answer within 1 ms'), { code: 'timeout' }));
    expect(await sent).toMatchObject({ retry: [0], failure: { code: 'timeout' } });
    // Not within the same attempt, whose time is up.
    expect(front.requests.length).toBe(0);
    expect(await sink.send(batchOf(['a']), never)).toEqual(everything);
    await sink.close();
  });

  test('when no node is there, each was asked once, and all are named', async () => {
    const nodes = [await freePort(), await freePort()].map((port) => `http://127.0.0.1:${port}`);
    const sink = openSinkAt(nodes.join(','));
    expect(await sink.send(batchOf(['a']), never)).toMatchObject({ retry: [0], failure: { code: 'ECONNREFUSED' } });
    expect(sink.codes).toEqual(['ECONNREFUSED', 'ECONNREFUSED']);
    await sink.close();
  });
});

describe('signatures', () => {
  const KEYS = {
    AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    AWS_SESSION_TOKEN: 'session/token==',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const before = { ...process.env };
  beforeEach(() => {
    Object.assign(process.env, KEYS);
  });
  afterEach(() => {
    process.env = { ...before };
  });

  /** What another implementation of the signature makes of the request as it arrived. */
  function expectedAuthorization({ method, path, headers, body }: Exchange, service: string): string {
    const names = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1]?.split(';') ?? [];
    const { sign } = require('aws4') as {
      sign: (request: object, keys: object) => { headers: Record<string, string> };
    };
    const signed = Object.fromEntries(names.map((name) => [name, headers[name]]));
    const keys = {
      accessKeyId: KEYS.AWS_ACCESS_KEY_ID,
      secretAccessKey: KEYS.AWS_SECRET_ACCESS_KEY,
      sessionToken: KEYS.AWS_SESSION_TOKEN,
    };
    const request = {
      method,
      path,
      service,
      region: 'eu-central-1',
      body,
      headers: signed,
      extraHeadersToIgnore: { 'content-length': true },
    };
    return sign(request, keys).headers.Authorization ?? '';
  }

  test.each([
    ['es', 'false'],
    ['es', 'true'],
    ['aoss', 'false'],
    ['aoss', 'true'],
  ])('rule 70: %s, gzip %s: the signature is of the bytes on the wire', async (name, isCompressed) => {
    const front = await service(accept);
    const sink = openSinkAt(front.url, {
      LOGTAP_OPENSEARCH_SIGV4: name,
      LOGTAP_OPENSEARCH_GZIP: isCompressed,
      AWS_REGION: 'eu-central-1',
    });
    expect(await sink.send(batchOf(messages), never)).toEqual(everything);
    const [exchange] = front.requests as [Exchange];
    const { headers, body } = exchange;
    expect(headers['x-amz-content-sha256']).toBe(createHash('sha256').update(body).digest('hex'));
    expect(headers.authorization).toContain(`/eu-central-1/${name}/aws4_request`);
    expect(headers['content-encoding']).toBe(isCompressed === 'true' ? 'gzip' : undefined);
    expect((isCompressed === 'true' ? gunzipSync(body) : body).toString().split('\n')).toHaveLength(7);
    expect(headers.authorization).toBe(expectedAuthorization(exchange, name));
    await sink.close();
  });

  test('a clock that is wrong is set by the answer, once, and the request is retried at once', async () => {
    const hourAhead = new Date(Date.now() + 3_600_000);
    const front = await service(({ headers, body, response }) => {
      response.setHeader('date', hourAhead.toUTCString());
      const day = (headers['x-amz-date'] as string).replace(
        /(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/,
        '$1-$2-$3T$4:$5:$6Z',
      );
      if (Math.abs(Date.parse(day) - hourAhead.getTime()) < 60_000) return response.end(allCreated(body));
      return response.writeHead(403).end('{"message":"Signature expired: 20261123T120000Z is now earlier than"}');
    });
    const sink = openSinkAt(front.url, { LOGTAP_OPENSEARCH_SIGV4: 'es', AWS_REGION: 'eu-central-1' });
    expect(await sink.send(batchOf(['a']), never)).toEqual(everything);
    expect(await sink.send(batchOf(['a']), never)).toEqual(everything);
    expect(sink.codes).toEqual(['403', '200', '200']);
    await sink.close();
  });

  test('without credentials the records are buffered, and possible sources are reported', async () => {
    for (const name of Object.keys(KEYS)) if (name !== 'AWS_EC2_METADATA_DISABLED') delete process.env[name];
    process.env.HOME = '/nowhere';
    const front = await service(accept);
    const sink = openSinkAt(front.url, { LOGTAP_OPENSEARCH_SIGV4: 'aoss', AWS_REGION: 'eu-central-1' });
    const { retry, failure } = await sink.send(batchOf(['a']), never);
    expect([retry, failure?.code]).toEqual([[0], 'CredentialsProviderError']);
    expect(failure?.detail).toContain('service account');
    expect(front.requests.length).toBe(0);
    await sink.close();
  });
});

test('a connection that is refused in the middle of a body, as some proxies refuse what is too large, is no end', async () => {
  const limit = 300_000;
  let server: Server | undefined;
  const front = await service(accept);
  const { port: target } = new URL(front.url);
  server = createServer((socket) => {
    const onward = connect(Number(target), '127.0.0.1');
    let bytes = 0;
    const end = () => {
      socket.destroy();
      onward.destroy();
    };
    socket.on('error', end).on('close', end);
    onward.on('error', end).on('close', end);
    onward.on('data', (chunk) => {
      bytes = 0;
      socket.write(chunk);
    });
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      if (bytes > limit) socket.resetAndDestroy();
      else onward.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const sink = openSinkAt(`http://127.0.0.1:${port}`);
  const batch = batchOf(Array.from({ length: 40 }, (_, i) => `${i} ${'x'.repeat(20_000)}`));
  let attempts = 0;
  while ((await sink.send(batch, never)).retry.length > 0) {
    attempts += 1;
    expect(attempts).toBeLessThan(10);
  }
  expect(attempts).toBeGreaterThan(0);
  await sink.close();
  await new Promise((resolve) => server.close(resolve));
});
