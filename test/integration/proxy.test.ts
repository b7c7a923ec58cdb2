/** Proxies: what goes through them, what does not, and the report when they do not let it through. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createAuthority } from '../../scripts/certificates.js';
import { NoAnswerError } from '../../src/shipper/errors.js';
import { Secrets } from '../../src/shipper/secrets.js';
import type { Environment } from '../../src/shipper/settings.js';
import { parseSettings } from '../../src/shipper/settings.js';
import { openSink } from '../../src/shipper/sinks/index.js';
import { batchOf } from '../support/batches.js';
import { temporaryDirectory } from '../support/run.js';
import { drain, startShipper } from '../support/tapped.js';

const never = new AbortController().signal;
const authority = createAuthority(temporaryDirectory());
const caFile = authority.file;
const certificate = authority.issue('service');

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});
const before = { ...process.env };
afterAll(() => {
  process.env = before;
});

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Takes every record, for OpenSearch, OTLP and services of AWS. */
function take(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString();
    const items = Array(body.split('\n').length >> 1).fill({ create: { status: 201 } });
    if (request.url?.endsWith('/v1/logs')) response.setHeader('content-type', 'application/json');
    if (request.method === 'PUT') return response.setHeader('etag', '"1"').end();
    const isBulk = request.url?.includes('_bulk') === true;
    if (request.headers['x-amz-target']?.toString().endsWith('PutRecordBatch')) {
      const RequestResponses = JSON.parse(body).Records.map(() => ({ RecordId: '1' }));
      return response.end(JSON.stringify({ FailedPutCount: 0, RequestResponses }));
    }
    return response.end(isBulk ? JSON.stringify({ errors: false, items }) : '{}');
  });
}

interface Proxy {
  readonly url: string;
  /** `CONNECT host:port`, or `POST url`, each with what it was authorized with. */
  readonly seen: string[];
}

/** A proxy that resolves every name to this machine, and lets those in who have the password. */
async function startProxy({ password = '', status = 200, isTls = false } = {}): Promise<Proxy> {
  const seen: string[] = [];
  const isRefused = ({ headers }: IncomingMessage) => {
    const expected = `Basic ${Buffer.from(`user:${password}`).toString('base64')}`;
    return password !== '' && headers['proxy-authorization'] !== expected;
  };
  const forward = (request: IncomingMessage, response: ServerResponse) => {
    seen.push(`${request.method} ${request.url}`);
    if (isRefused(request)) return response.writeHead(407).end();
    const url = new URL(request.url!);
    const { 'proxy-authorization': _, ...headers } = request.headers;
    expect(headers.host).toBe(url.host);
    const onward = httpRequest({ port: url.port, path: `${url.pathname}${url.search}`, method: 'POST', headers });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    return request.pipe(onward);
  };
  const server = isTls ? createTlsServer(certificate, forward) : createServer(forward);
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    seen.push(`CONNECT ${request.url}`);
    socket.on('error', () => {});
    if (isRefused(request)) return socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    if (status !== 200) return socket.end(`HTTP/1.1 ${status} no\r\n\r\n`);
    const onward = connect(Number(request.url!.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    return onward.on('error', () => socket.destroy());
  });
  const port = await listen(server as Server);
  const user = password && `user:${encodeURIComponent(password)}@`;
  return { url: `http${isTls ? 's' : ''}://${user}127.0.0.1:${port}`, seen };
}

const service = async (isTls: boolean) =>
  listen(isTls ? (createTlsServer(certificate, take) as unknown as Server) : createServer(take));

async function sendOne(env: Environment) {
  const settings = parseSettings({ LOGTAP_SINK: 'opensearch', ...env }, () => {});
  const secrets = new Secrets();
  const sink = await openSink(settings.sinks[0]!, { settings, secrets, onRequest: () => {}, onNotice: () => {} });
  const result = await sink.send(batchOf(['a']), never);
  const again = await sink.send(batchOf(['b']), never);
  await sink.close();
  return { result, again, secrets };
}

const delivered = { retry: [], rejected: [] };

test('https: by a tunnel, of which one serves many requests; the name is resolved by the proxy', async () => {
  const port = await service(true);
  const proxy = await startProxy({ password: 'p@ss/w:rd' });
  const { result, again, secrets } = await sendOne({
    LOGTAP_OPENSEARCH_URL: `https://logs.example:${port}`,
    LOGTAP_OPENSEARCH_CA_FILE: caFile,
    HTTPS_PROXY: proxy.url,
  });
  expect([result, again]).toEqual([delivered, delivered]);
  expect(proxy.seen).toEqual([`CONNECT logs.example:${port}`]);
  expect(secrets.redact('p@ss/w:rd')).toBe('***');
});

// The files of a Secret that is just replaced, or wrong. An error behind the open tunnel ended the shipper.
test.each([
  ['', {}],
  [' behind a proxy', { password: 'p' }],
])(
  'a key that does not fit the certificate of the client%s: a failed attempt, which names the reason',
  async (_where, proxy) => {
    const port = await service(true);
    const { result } = await sendOne({
      LOGTAP_OPENSEARCH_URL: `https://logs.example:${port}`,
      LOGTAP_OPENSEARCH_CA_FILE: caFile,
      LOGTAP_OPENSEARCH_CERT_FILE: authority.issue('client').certFile,
      LOGTAP_OPENSEARCH_KEY_FILE: certificate.keyFile,
      ...('password' in proxy && { HTTPS_PROXY: (await startProxy(proxy)).url }),
    });
    expect(result).toMatchObject({ retry: [0], failure: expect.any(NoAnswerError) });
    expect(String((result as { readonly failure?: unknown }).failure)).toMatch(
      /key values mismatch \(the key does not belong to the certificate of the client/,
    );
  },
);

test('http: the request as it is, with its whole URL', async () => {
  const port = await service(false);
  const proxy = await startProxy({ password: 'secret' });
  const env = { LOGTAP_OPENSEARCH_URL: `http://logs.example:${port}/base`, http_proxy: proxy.url };
  const { result, again } = await sendOne(env);
  expect([result, again]).toEqual([delivered, delivered]);
  expect(proxy.seen[0]).toContain(`POST http://logs.example:${port}/base/_bulk?filter_path=`);
});

test.each([
  ['https', 'HTTPS_PROXY', 'CONNECT logs.example:'],
  ['http', 'HTTP_PROXY', 'POST http://logs.example:'],
])('%s through a proxy that is spoken to over TLS, judged by NODE_EXTRA_CA_CERTS', async (scheme, name, seen) => {
  const port = await service(scheme === 'https');
  const proxy = await startProxy({ isTls: true });
  const shipper = await startShipper({
    LOGTAP_SINK: 'opensearch',
    LOGTAP_OPENSEARCH_URL: `${scheme}://logs.example:${port}`,
    NODE_EXTRA_CA_CERTS: caFile,
    [name]: proxy.url,
  });
  const peer = connect(shipper.socket, () => peer.end('line\n'));
  await once(peer.resume(), 'close');
  const { code } = await drain(shipper);
  expect(code).toBe(0);
  expect(proxy.seen[0]).toContain(seen);
});

test('OTLP: by a tunnel, or with the whole URL', async () => {
  const proxy = await startProxy();
  const [tls, plain] = [await service(true), await service(false)];
  const env = { LOGTAP_SINK: 'otlp', HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url, LOGTAP_OTLP_CA_FILE: caFile };
  for (const LOGTAP_OTLP_URL of [`https://logs.example:${tls}`, `http://logs.example:${plain}`]) {
    expect((await sendOne({ ...env, LOGTAP_OTLP_URL })).result).toEqual(delivered);
  }
  expect(new Set(proxy.seen)).toEqual(
    new Set([`CONNECT logs.example:${tls}`, `POST http://logs.example:${plain}/v1/logs`]),
  );
});

test('a host of NO_PROXY is asked directly', async () => {
  const port = await service(false);
  const proxy = await startProxy();
  const url = `http://127.0.0.1:${port}`;
  for (const NO_PROXY of ['127.0.0.0/8', '127.0.0.1', `127.0.0.1:${port}`, '*']) {
    expect((await sendOne({ LOGTAP_OPENSEARCH_URL: url, HTTP_PROXY: proxy.url, NO_PROXY })).result).toEqual(delivered);
  }
  expect(proxy.seen).toEqual([]);
});

test('the authority of a service behind a proxy is judged: a proxy that answers itself is not believed', async () => {
  const port = await service(true);
  const proxy = await startProxy();
  const { result } = await sendOne({ LOGTAP_OPENSEARCH_URL: `https://logs.example:${port}`, HTTPS_PROXY: proxy.url });
  expect(result).toMatchObject({
    retry: [0],
    failure: { detail: expect.stringContaining('not signed by an authority') },
  });
});

test.each([
  [407, /proxy 127\.0\.0\.1:\d+, CONNECT logs\.example:443: answered 407 \(it asks for a user/],
  [502, /CONNECT logs\.example:443: answered 502/],
])('a proxy that answers %i is named, and all is buffered', async (status, said) => {
  const proxy = await startProxy(status === 407 ? { password: 'unknown' } : { status });
  const { result } = await sendOne({
    LOGTAP_OPENSEARCH_URL: 'https://logs.example',
    HTTPS_PROXY: proxy.url.replace('user:unknown@', ''),
  });
  expect(result).toMatchObject({ retry: [0], rejected: [], failure: { code: `proxy_${status}` } });
  expect(result.failure?.detail).toMatch(said);
});

describe('AWS', () => {
  const aws = {
    LOGTAP_SINK: 'cloudwatch',
    LOGTAP_CLOUDWATCH_LOG_GROUP: '/g',
    AWS_REGION: 'eu-west-1',
  };
  const firehose = { LOGTAP_SINK: 'firehose', LOGTAP_FIREHOSE_STREAM: 'app', AWS_REGION: 'eu-west-1' };
  const s3 = { LOGTAP_SINK: 's3', LOGTAP_S3_BUCKET: 'archive', AWS_REGION: 'eu-west-1' };
  const spool = temporaryDirectory();
  beforeEach(() => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' });
  });
  afterEach(() => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) delete process.env[name];
  });

  test.each([
    [{}, 'logs.eu-west-1.amazonaws.com'],
    [{ AWS_USE_FIPS_ENDPOINT: 'true' }, 'logs-fips.eu-west-1.amazonaws.com'],
    [{ AWS_USE_DUALSTACK_ENDPOINT: 'true' }, 'logs.eu-west-1.api.aws'],
    [firehose, 'firehose.eu-west-1.amazonaws.com'],
    [{ ...firehose, AWS_USE_FIPS_ENDPOINT: 'true' }, 'firehose-fips.eu-west-1.amazonaws.com'],
    [s3, 'archive.s3.eu-west-1.amazonaws.com'],
    [{ ...s3, AWS_USE_DUALSTACK_ENDPOINT: 'true' }, 'archive.s3.dualstack.eu-west-1.amazonaws.com'],
    [
      { ...firehose, AWS_ENDPOINT_URL: 'https://no.example', AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' },
      'firehose.eu-west-1.amazonaws.com',
    ],
  ])('%j: the proxy is asked for %s', async (env, host) => {
    const proxy = await startProxy({ status: 503 });
    const { result } = await sendOne({ ...aws, LOGTAP_SPOOL_DIR: spool, ...env, HTTPS_PROXY: proxy.url });
    expect(result).toMatchObject({ retry: [0], failure: { code: 'proxy_503' } });
    expect(new Set(proxy.seen)).toEqual(new Set([`CONNECT ${host}:443`]));
  });

  test.each([
    [{}, 'sts.us-east-1.amazonaws.com'],
    [{ AWS_USE_FIPS_ENDPOINT: 'TRUE' }, 'sts-fips.us-east-1.amazonaws.com'],
    [{ AWS_USE_DUALSTACK_ENDPOINT: 'true' }, 'sts.us-east-1.api.aws'],
    [{ AWS_USE_FIPS_ENDPOINT: 'true', AWS_USE_DUALSTACK_ENDPOINT: 'true' }, 'sts-fips.us-east-1.api.aws'],
  ])('%j: a role is assumed through the proxy, at %s', async (env, host) => {
    const proxy = await startProxy({ status: 503 });
    const role = { LOGTAP_CLOUDWATCH_ROLE_ARN: 'arn:aws:iam::444455556666:role/logs', AWS_REGION: 'us-east-1' };
    const { result } = await sendOne({ ...aws, ...role, ...env, HTTPS_PROXY: proxy.url });
    expect(result.retry).toEqual([0]);
    expect(new Set(proxy.seen)).toEqual(new Set([`CONNECT ${host}:443`]));
  });

  test('AWS_CA_BUNDLE names the authorities that the service of roles is trusted by, too', async () => {
    const port = await listen(
      createTlsServer(certificate, (request, response) => {
        request.resume().on('end', () => {
          response.writeHead(403, { 'content-type': 'text/xml' });
          response.end('<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>');
        });
      }) as unknown as Server,
    );
    const proxy = await startProxy();
    process.env.AWS_ENDPOINT_URL_STS = `https://logs.example:${port}`;
    try {
      const role = { LOGTAP_CLOUDWATCH_ROLE_ARN: 'arn:aws:iam::444455556666:role/logs' };
      const env = { ...aws, ...role, HTTPS_PROXY: proxy.url };
      expect((await sendOne(env)).result.failure?.detail).toContain('unable to verify');
      expect((await sendOne({ ...env, AWS_CA_BUNDLE: caFile })).result.failure?.detail).toContain('AccessDenied');
    } finally {
      delete process.env.AWS_ENDPOINT_URL_STS;
    }
  });

  test.each([
    ['opensearch', { LOGTAP_OPENSEARCH_SIGV4: 'es' }, 'LOGTAP_OPENSEARCH_URL'],
    ['otlp', { LOGTAP_OTLP_SIGV4: 'logs' }, 'LOGTAP_OTLP_URL'],
  ])('signed requests of %s: AWS_CA_BUNDLE, HTTPS_PROXY and NO_PROXY are followed', async (sink, env, url) => {
    const port = await service(true);
    const proxy = await startProxy();
    const of = (host: string) => ({
      ...{ LOGTAP_SINK: sink, AWS_REGION: 'eu-west-1', ...env, [url]: `https://${host}:${port}` },
      HTTPS_PROXY: proxy.url,
    });
    expect((await sendOne(of('logs.example'))).result.failure?.detail).toContain('not signed by an authority');
    expect((await sendOne({ ...of('logs.example'), AWS_CA_BUNDLE: caFile })).result).toEqual(delivered);
    expect(new Set(proxy.seen)).toEqual(new Set([`CONNECT logs.example:${port}`]));
    proxy.seen.length = 0;
    const direct = { ...of('127.0.0.1'), AWS_CA_BUNDLE: caFile, NO_PROXY: '127.0.0.0/8' };
    expect((await sendOne(direct)).result).toEqual(delivered);
    expect(proxy.seen).toEqual([]);
  });

  test.each([
    ['cloudwatch', aws],
    ['firehose', firehose],
    ['s3', s3],
  ])('AWS_CA_BUNDLE names the authorities that %s at AWS_ENDPOINT_URL is trusted by', async (_sink, of) => {
    const port = await service(true);
    const proxy = await startProxy();
    const env = {
      ...{ ...of, LOGTAP_SPOOL_DIR: spool },
      ...{ AWS_ENDPOINT_URL: `https://logs.example:${port}`, HTTPS_PROXY: proxy.url },
    };
    expect((await sendOne(env)).result).toMatchObject({ retry: [0] });
    expect((await sendOne({ ...env, AWS_CA_BUNDLE: caFile })).result).toEqual(delivered);
    await expect(sendOne({ ...env, AWS_CA_BUNDLE: '/nowhere/ca.pem' })).rejects.toThrow(
      /AWS_CA_BUNDLE='\/nowhere\/ca.pem'/,
    );
  });
});

test('credentials of a web identity are asked for through the proxy, too', async () => {
  const token = join(temporaryDirectory(), 'token');
  writeFileSync(token, 'token');
  Object.assign(process.env, {
    AWS_WEB_IDENTITY_TOKEN_FILE: token,
    AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/r',
    AWS_EC2_METADATA_DISABLED: 'true',
  });
  try {
    const proxy = await startProxy({ status: 503 });
    const { result } = await sendOne({
      LOGTAP_SINK: 'cloudwatch',
      LOGTAP_CLOUDWATCH_LOG_GROUP: '/g',
      AWS_REGION: 'eu-west-1',
      HTTPS_PROXY: proxy.url,
    });
    expect(result.retry).toEqual([0]);
    expect(new Set(proxy.seen)).toEqual(new Set(['CONNECT sts.eu-west-1.amazonaws.com:443']));
  } finally {
    for (const name of ['AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_ROLE_ARN', 'AWS_EC2_METADATA_DISABLED']) {
      delete process.env[name];
    }
  }
});
