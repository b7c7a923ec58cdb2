/** The referee itself: each documented limit at its boundary, and one beyond. Spoken to by the official client. */
import { CloudWatchLogsClient, CreateLogGroupCommand, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CloudWatchFake } from '../support/cloudwatch-fake.js';
import { AWS_ENV } from '../support/sinks-read-back.js';

const DAY_MS = 86_400_000;

let fake: CloudWatchFake;
let client: CloudWatchLogsClient;
beforeAll(async () => {
  fake = await CloudWatchFake.start();
  client = new CloudWatchLogsClient({
    endpoint: fake.url,
    region: AWS_ENV.AWS_REGION,
    credentials: { accessKeyId: AWS_ENV.AWS_ACCESS_KEY_ID, secretAccessKey: AWS_ENV.AWS_SECRET_ACCESS_KEY },
    maxAttempts: 1,
  });
});
afterAll(() => {
  client.destroy();
  fake.close();
});
beforeEach(() => fake.make('/g', 's', 3));

const put = (logEvents: { timestamp: number; message: string }[]) =>
  client.send(new PutLogEventsCommand({ logGroupName: '/g', logStreamName: 's', logEvents }));
const events = (count: number, bytes: number) =>
  Array.from({ length: count }, () => ({ timestamp: Date.now(), message: 'x'.repeat(bytes) }));
const now = (offsetMs: number) => ({ timestamp: Date.now() + offsetMs, message: 'm' });

test.each([
  [
    'a message of 1,048,550 bytes',
    () => events(1, 1_048_550),
    () => events(1, 1_048_551),
    'Log event too large: 1048577',
  ],
  [
    '1,048,576 bytes in all',
    () => events(2, 524_262),
    () => [...events(1, 524_262), ...events(1, 524_263)],
    'Upload too large',
  ],
  ['10,000 events', () => events(10_000, 1), () => events(10_001, 1), 'less than or equal to 10000'],
  ['one event', () => events(1, 1), () => [], "'[]' at 'logEvents'"],
  [
    'a message of one byte',
    () => events(2, 1),
    () => [...events(1, 1), ...events(1, 0)],
    "'logEvents.2.member.message'",
  ],
  ['ascending times', () => [now(-1), now(0)], () => [now(0), now(-1)], 'chronological'],
  [
    'less than 24 hours',
    () => [now(0), now(DAY_MS - 1)].map((e) => ({ ...e, timestamp: e.timestamp - DAY_MS })),
    () => {
      const first = Date.now() - DAY_MS;
      return [
        { timestamp: first, message: 'a' },
        { timestamp: first + DAY_MS, message: 'b' },
      ];
    },
    '24 hours',
  ],
  [
    'well-formed text',
    () => [{ timestamp: Date.now(), message: '😀' }],
    () => [{ timestamp: Date.now(), message: '\ud83d' }],
    'Unicode',
  ],
  ['whole milliseconds', () => events(1, 1), () => [{ timestamp: 1.5, message: 'x' }], 'timestamp'],
])('%s is accepted, what is beyond is not', async (_, accepted, refused, message) => {
  await expect(put(accepted())).resolves.toBeDefined();
  const before = fake.events('/g', 's').length;
  await expect(put(refused())).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message: expect.stringContaining(message),
  });
  expect(fake.refusals.at(-1)).toContain(message);
  expect(fake.events('/g', 's')).toHaveLength(before);
});

test('events outside their windows are refused one by one, by index', async () => {
  const hour = 3_600_000;
  const stopped = Date.now();
  fake.stoppedMs = stopped;
  const offsets = [-14 * DAY_MS - 1, -14 * DAY_MS, -3 * DAY_MS - 1, -3 * DAY_MS, 2 * hour, 2 * hour + 1];
  const times = offsets.map((offset, i) => ({ timestamp: stopped + offset, message: String(i) }));
  const split = await Promise.all([put(times.slice(0, 2)), put(times.slice(2, 4)), put(times.slice(4))]);
  expect(split.map(({ rejectedLogEventsInfo }) => rejectedLogEventsInfo)).toEqual([
    { tooOldLogEventEndIndex: 1, expiredLogEventEndIndex: 2 },
    { expiredLogEventEndIndex: 1 },
    { tooNewLogEventStartIndex: 1 },
  ]);
  fake.stoppedMs = undefined;
  expect(fake.events('/g', 's').map(({ message }) => message)).toEqual(['3', '4']);
});

test('groups and streams have to be there, once', async () => {
  fake.groups.clear();
  await expect(put(events(1, 1))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  const create = () => client.send(new CreateLogGroupCommand({ logGroupName: '/g' }));
  await create();
  await expect(create()).rejects.toMatchObject({ name: 'ResourceAlreadyExistsException' });
  await expect(put(events(1, 1))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('an unsigned request is refused', async () => {
  const headers = { 'x-amz-target': 'Logs_20140328.PutLogEvents' };
  const answer = await fetch(fake.url, { method: 'POST', headers, body: '{}' });
  expect([answer.status, await answer.json()]).toMatchObject([400, { __type: 'MissingAuthenticationTokenException' }]);
});

describe('a request whose', () => {
  const { sign } = require('aws4') as { sign: (request: object, keys: object) => { headers: Record<string, string> } };

  /** What the service answers to a body, signed as it is or as another was. */
  async function answerTo(body: string | Buffer, signed: string | Buffer = body, more: Record<string, string> = {}) {
    const keys = { accessKeyId: AWS_ENV.AWS_ACCESS_KEY_ID, secretAccessKey: AWS_ENV.AWS_SECRET_ACCESS_KEY };
    const headers = {
      'x-amz-target': 'Logs_20140328.PutLogEvents',
      'content-type': 'application/x-amz-json-1.1',
      ...more,
    };
    const request = {
      method: 'POST',
      host: new URL(fake.url).host,
      path: '/',
      service: 'logs',
      region: 'eu-central-1',
    };
    const { Host: _, ...ready } = sign({ ...request, headers, body: signed }, keys).headers;
    const response = await fetch(fake.url, { method: 'POST', headers: ready, body });
    return ((await response.json()) as { __type?: string }).__type ?? 'accepted';
  }

  const right = (message: string) =>
    JSON.stringify({ logGroupName: '/g', logStreamName: 's', logEvents: [{ timestamp: Date.now(), message }] });

  test('body is the one that was signed is taken, another is not', async () => {
    expect(await answerTo(right('x'))).toBe('accepted');
    expect(await answerTo(right('y'), right('x'))).toBe('InvalidSignatureException');
    expect(fake.events('/g', 's').map(({ message }) => message)).toEqual(['x']);
  });

  test.each([
    ['JSON', 'no JSON', {}],
    ['UTF-8', Buffer.from([0x22, 0xff, 0x22]), {}],
    ['gzip', right('x'), { 'content-encoding': 'gzip' }],
  ])('body is no %s is refused', async (_, body, headers) => {
    const before = fake.refusals.length;
    expect(await answerTo(body, body, headers)).toBe('SerializationException');
    expect(fake.refusals).toHaveLength(before);
  });
});
