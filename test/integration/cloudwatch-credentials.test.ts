/** Whose credentials the CloudWatch Logs sink signs with, real signatures before the referee; and where it sends them. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createConnection } from 'node:net';
import { join } from 'node:path';
import { type Environment, parseSettings } from '../../src/shipper/settings.js';
import { CloudWatchBench, delivered, GROUP, HOUR_MS } from '../support/cloudwatch-sink.js';
import { temporaryDirectory, until } from '../support/run.js';
import { AWS_ENV } from '../support/sinks-read-back.js';
import { drain, startShipper } from '../support/tapped.js';

const bench = new CloudWatchBench();
beforeEach(() => bench.begin());
afterEach(() => bench.end());

describe('credentials', () => {
  const bad = { status: 400, type: 'UnrecognizedClientException', message: 'The security token is invalid.' };
  const clear = () => {
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
    process.env.AWS_EC2_METADATA_DISABLED = 'true';
  };

  test('rule 39: that are refused are asked for again, never dropped, and the error says where they came from', async () => {
    bench.open();
    bench.fake.faults.push(bad);
    const { retry, failure } = await bench.send(['a']);
    expect(retry).toEqual([0]);
    expect(failure).toMatchObject({ code: 'UnrecognizedClientException' });
    expect(failure?.detail).toContain('credentials of AWS_ACCESS_KEY_ID');
    process.env.AWS_ACCESS_KEY_ID = 'AKIAROTATED';
    expect(await bench.send(['a'])).toEqual(delivered);
    expect(bench.fake.calls.at(-1)!.headers.authorization).toContain('Credential=AKIAROTATED/');
  });

  test('rule 39: that are not there: nothing is dropped, and the error says what to look for', async () => {
    clear();
    bench.open();
    const { retry, failure } = await bench.send(['a']);
    expect(retry).toEqual([0]);
    expect(failure?.detail).toContain('AWS_ACCESS_KEY_ID');
    expect(bench.fake.calls).toEqual([]);
  });

  test('rule 53: of a profile, whose file is read again', async () => {
    clear();
    const file = join(temporaryDirectory(), 'credentials');
    const write = (key: string) =>
      writeFileSync(file, `[logs]\naws_access_key_id = ${key}\naws_secret_access_key = s\n`);
    write('AKIAFIRST');
    Object.assign(process.env, { AWS_PROFILE: 'logs', AWS_SHARED_CREDENTIALS_FILE: file });
    bench.fake.secretOf = () => 's';
    bench.open();
    expect(await bench.send(['a'])).toEqual(delivered);
    write('AKIASECOND');
    bench.fake.faults.push({ ...bad, type: 'ExpiredTokenException' });
    expect((await bench.send(['b'])).failure?.detail).toContain('credentials of a profile');
    expect(await bench.send(['b'])).toEqual(delivered);
    expect(bench.fake.calls.map(({ headers }) => /AKIA\w+/.exec(headers.authorization ?? '')?.[0])).toEqual([
      'AKIAFIRST',
      'AKIASECOND',
    ]);
  });

  test('rule 53: of Pod Identity, whose token is read again', async () => {
    clear();
    const tokens: (string | undefined)[] = [];
    let keys = 0;
    const agent = createServer((request, response) => {
      tokens.push(request.headers.authorization);
      keys += 1;
      response.end(
        JSON.stringify({
          AccessKeyId: `AKIAPOD${keys}`,
          SecretAccessKey: 'secret-of-the-pod',
          Token: 'session',
          Expiration: new Date(Date.now() + HOUR_MS).toISOString(),
        }),
      );
    });
    await new Promise<void>((resolve) => agent.listen(0, '127.0.0.1', resolve));
    const tokenFile = join(temporaryDirectory(), 'token');
    writeFileSync(tokenFile, 'token-1');
    process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI = `http://127.0.0.1:${(agent.address() as AddressInfo).port}/v1/credentials`;
    process.env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE = tokenFile;
    bench.fake.secretOf = () => 'secret-of-the-pod';
    try {
      bench.open();
      expect(await bench.send(['a'])).toEqual(delivered);
      writeFileSync(tokenFile, 'token-2');
      bench.fake.faults.push({ ...bad, type: 'ExpiredTokenException' });
      expect((await bench.send(['b'])).failure?.detail).toContain('Pod Identity');
      expect(await bench.send(['b'])).toEqual(delivered);
      expect(tokens).toEqual(['token-1', 'token-2']);
      expect(bench.fake.calls.map(({ headers }) => /AKIAPOD\d/.exec(headers.authorization ?? '')?.[0])).toEqual([
        'AKIAPOD1',
        'AKIAPOD2',
      ]);
    } finally {
      agent.closeAllConnections();
      agent.close();
    }
  });

  test('rule 53: of a service account (IRSA), whose token is read again', async () => {
    clear();
    const tokens: (string | null)[] = [];
    const sts = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        tokens.push(new URLSearchParams(Buffer.concat(chunks).toString()).get('WebIdentityToken'));
        response.setHeader('content-type', 'text/xml');
        response.end(
          `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAIRSA${tokens.length}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${new Date(Date.now() + HOUR_MS).toISOString()}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
        );
      });
    });
    await new Promise<void>((resolve) => sts.listen(0, '127.0.0.1', resolve));
    const tokenFile = join(temporaryDirectory(), 'token');
    writeFileSync(tokenFile, 'jwt-1');
    Object.assign(process.env, {
      AWS_REGION: AWS_ENV.AWS_REGION,
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/logs',
      AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
      AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${(sts.address() as AddressInfo).port}`,
    });
    bench.fake.secretOf = () => 's';
    try {
      bench.open();
      expect(await bench.send(['a'])).toEqual(delivered);
      writeFileSync(tokenFile, 'jwt-2');
      bench.fake.faults.push({ ...bad, type: 'ExpiredTokenException' });
      expect((await bench.send(['b'])).failure?.detail).toContain("the role of the pod's service account");
      expect(await bench.send(['b'])).toEqual(delivered);
      expect(tokens).toEqual(['jwt-1', 'jwt-2']);
    } finally {
      sts.closeAllConnections();
      sts.close();
    }
  });
});

describe('settings', () => {
  test('rule 51: without a region it does not start, and says which variable is missing', () => {
    const settings = { LOGTAP_SINK: 'cloudwatch', LOGTAP_CLOUDWATCH_LOG_GROUP: GROUP };
    expect(() => parseSettings(settings, () => {})).toThrow('AWS_REGION is not set');
    expect(parseSettings({ ...settings, AWS_DEFAULT_REGION: 'eu-west-1' }, () => {}).awsRegion).toBe('eu-west-1');
  });

  test('rule 52: the endpoint of the service comes before the one for all services', () => {
    const endpoint = (env: Environment) =>
      parseSettings(
        { LOGTAP_SINK: 'cloudwatch', LOGTAP_CLOUDWATCH_LOG_GROUP: GROUP, AWS_REGION: 'eu-west-1', ...env },
        () => {},
      ).cloudwatchEndpoint?.href;
    const all = { AWS_ENDPOINT_URL: 'http://all' };
    expect(endpoint({ ...all, AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: 'http://logs' })).toBe('http://logs/');
    expect(endpoint(all)).toBe('http://all/');
    expect(endpoint({})).toBeUndefined();
  });
});

test('rule 54: making a group prints no warning about this version of Node', async () => {
  bench.fake.groups.clear();
  const shipper = await startShipper({
    ...AWS_ENV,
    LOGTAP_SINK: 'cloudwatch',
    LOGTAP_CLOUDWATCH_LOG_GROUP: GROUP,
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: bench.fake.url,
    LOGTAP_BATCH_LINGER_MS: '10',
  });
  const peer = createConnection(shipper.socket, () => peer.end('a\n'));
  await until('the group is made', () => bench.fake.operations().includes('CreateLogGroup'));
  const { code, stderr } = await drain(shipper);
  expect(code).toBe(0);
  // Each line is one of ours: a message, or a part of the audit ledger.
  for (const line of stderr.trimEnd().split('\n')) expect(line).toMatch(/"level":|^\{"audit":/);
});
