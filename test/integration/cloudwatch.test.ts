/** The CloudWatch Logs sink against the referee of the documented limits, over HTTP: requests, group and stream, clocks. */

import { LogStreams } from '../../src/shipper/sinks/cloudwatch/streams.js';
import { batchOf, noResource, stdoutOrigin } from '../support/batches.js';
import type { Fault } from '../support/cloudwatch-fake.js';
import { CloudWatchBench, DAY_MS, delivered, GROUP, HOUR_MS, STREAM } from '../support/cloudwatch-sink.js';

const never = new AbortController().signal;

const bench = new CloudWatchBench();
beforeEach(() => bench.begin());
afterEach(() => bench.end());

describe('requests', () => {
  test('rule 56: a hundred of them use one connection', async () => {
    bench.open();
    for (let i = 0; i < 100; i += 1) expect(await bench.send([String(i)])).toEqual(delivered);
    expect(bench.stored()).toEqual(Array.from({ length: 100 }, (_, i) => String(i)));
    expect(bench.fake.connections).toBe(1);
  });

  test('rules 43, 49: one call for each attempt, and none but PutLogEvents', async () => {
    bench.open();
    for (const type of ['ThrottlingException', 'ExpiredTokenException']) {
      bench.fake.faults.push({ status: 400, type });
      expect(await bench.send(['a'])).toMatchObject({ retry: [0] });
    }
    expect(bench.fake.faults).toEqual([]);
    await bench.send(['a']);
    expect(bench.fake.operations()).toEqual(['PutLogEvents']);
  });

  test('rule 43: the official client calls once, too', async () => {
    bench.fake.groups.get(GROUP)!.streams.clear();
    bench.open();
    const missing = { status: 400, type: 'ResourceNotFoundException' };
    bench.fake.faults.push(missing, { status: 500, type: 'InternalFailure' });
    expect(await bench.send(['a'])).toMatchObject({ retry: [0] });
    // Nothing but the two that were answered with faults.
    expect(bench.fake.operations()).toEqual([]);
    expect(bench.fake.faults).toEqual([]);
  });

  test('rule 38: no sequence token is sent, with any answer', async () => {
    bench.open();
    for (const message of ['a', 'b', 'c']) await bench.send([message]);
    expect(bench.stored()).toEqual(['a', 'b', 'c']);
    for (const { input } of bench.fake.calls) expect(input).not.toHaveProperty('sequenceToken');
  });

  test('rule 21: one group and one stream a request, also where the name has the container in it', async () => {
    bench.fake.groups.get(GROUP)!.streams.clear();
    bench.open({
      LOGTAP_CLOUDWATCH_LOG_STREAM: '{namespace}/{pod}/{container}/{stream}',
      POD_NAMESPACE: 'shop',
      POD_NAME: 'web-1',
    });
    const timeMs = Date.now();
    const of = (container: string, stream: 'stdout' | 'stderr') => ({ ...stdoutOrigin, container, stream });
    const records = [
      { message: '1', origin: of('web', 'stdout') },
      { message: '2', origin: of('proxy', 'stdout') },
      { message: '3', origin: of('web', 'stderr') },
      { message: '4', origin: of('web', 'stdout') },
      { message: '5', origin: of('a:b', 'stdout') },
    ].map((record) => ({ ...record, timeMs }));
    expect(await bench.send(records)).toEqual(delivered);
    const streams = [...bench.fake.groups.get(GROUP)!.streams].map(([name, events]) => [
      name.replace(/-[0-9a-f]{8}\/?/, '-HASH'),
      events.map(({ message }) => message).join(),
    ]);
    expect(streams).toEqual([
      ['shop/web-1/web/stdout', '1,4'],
      ['shop/web-1/proxy/stdout', '2'],
      ['shop/web-1/web/stderr', '3'],
      ['shop/web-1/a-b/stdout-HASH', '5'],
    ]);
  });

  test('rule 21: a stream that fails holds back those after it, and none before it', async () => {
    bench.open({ LOGTAP_CLOUDWATCH_LOG_STREAM: '{container}' });
    const timeMs = Date.now();
    const records = ['a', 'b', 'c'].map((message) => ({
      message,
      timeMs,
      origin: { ...stdoutOrigin, container: message },
    }));
    await bench.send(records);
    bench.fake.faults.push({ status: 200, body: '{}' }, { status: 400, type: 'ThrottlingException' });
    const [calls, result] = [bench.fake.calls.length, await bench.send(records)];
    expect(result).toMatchObject({ retry: [1, 2], rejected: [], failure: { code: 'ThrottlingException' } });
    expect(bench.fake.calls).toHaveLength(calls);
  });

  test.each(['cut', 'hang'] as const)(
    'rules 33, 44: no answer (%s): all is retried, and the deadline holds',
    async (fault) => {
      bench.open();
      bench.fake.faults.push(fault);
      const abort = new AbortController();
      setTimeout(() => abort.abort(new Error('no answer')), 200);
      const began = Date.now();
      const result = await bench.send(['a'], abort.signal);
      expect(result).toMatchObject({ retry: [0], failure: { detail: expect.stringContaining('PutLogEvents') } });
      // A request that hangs has no other end.
      expect(Date.now() - began).toBeLessThan(20_000);
    },
  );

  test('rule 42: a proxy that answers in HTML is none of CloudWatch: all is retried', async () => {
    bench.fake.denied.add('GetLogEvents');
    bench.open();
    for (const status of [200, 400, 502]) {
      bench.fake.faults.push({ status, body: '<html>moved</html>' });
      expect(await bench.send(['a'])).toMatchObject({ retry: [0], rejected: [] });
    }
  });

  test.each<[string, Fault]>([
    ['the connection breaks', 'served, cut'],
    ['the connection breaks, which had been idle', 'served, cut'],
  ])('%s after the request was carried out: the events are found, byte for byte', async (title, fault) => {
    bench.open({ LOGTAP_CLOUDWATCH_GZIP: String(title.includes('idle')) });
    if (title.includes('idle')) await bench.send([{ message: 'before', timeMs: Date.now() - 1 }]);
    bench.fake.faults.push(fault);
    const records = ['', ' ', 'é\u0000"\u2028', '\ud83d\ude00', Buffer.from([0x61, 0xff, 0x62])].map((message, i) => {
      return { message, timeMs: Date.now() + i, seq: 100 + i };
    });
    expect(await bench.send(records)).toMatchObject({ retry: [0, 1, 2, 3, 4] });
    expect(await bench.send(records)).toEqual(delivered);
    expect(bench.stored().filter((message) => message !== 'before')).toHaveLength(5);
    expect(bench.repeated).toEqual([]);
  });

  test('the connection breaks before: nothing is sent until the events are absent for long enough', async () => {
    bench.open();
    bench.fake.faults.push('cut');
    const records = [{ message: 'a', timeMs: Date.now() }];
    expect(await bench.send(records)).toMatchObject({ failure: { code: 'ECONNRESET' } });
    expect(await bench.send(records)).toMatchObject({ retry: [0], failure: { code: 'lost_answer' } });
    expect(bench.stored()).toEqual([]);
    // A call before the time that was asked for: the shipper stops.
    expect(await bench.send(records)).toEqual(delivered);
    expect([bench.stored(), bench.repeated]).toEqual([['a'], ['a']]);
  });

  test('an answer is lost, and the log stream may not be read: the event is resent and counted', async () => {
    bench.fake.denied.add('GetLogEvents');
    bench.open();
    bench.fake.faults.push('served, cut');
    const records = [{ message: 'a', timeMs: Date.now() }];
    expect(await bench.send(records)).toMatchObject({ retry: [0] });
    expect(await bench.send(records)).toEqual(delivered);
    expect([bench.stored(), bench.repeated]).toEqual([['a', 'a'], ['a']]);
    expect(bench.notices).toEqual([expect.stringContaining('not authorized: logs:GetLogEvents')]);
  });

  test('rule 24: a batch of control characters is stored, six times its size on the wire', async () => {
    bench.open();
    const message = '\u0001'.repeat(1_048_550);
    expect(await bench.send([message])).toEqual(delivered);
    expect(bench.stored()).toEqual([message]);
  });

  test('rule 9: half a surrogate pair in UTF-8 is replaced, never sent', async () => {
    bench.open();
    expect(await bench.send([{ message: Buffer.from([0xed, 0xa0, 0xbd, 0x61]), timeMs: Date.now() }])).toEqual(
      delivered,
    );
    expect(bench.stored()).toEqual(['\ufffd\ufffd\ufffda']);
  });
});

describe('gzip', () => {
  test('rule 23: the compressed bytes are signed, and stored as they were', async () => {
    bench.open({ LOGTAP_CLOUDWATCH_GZIP: 'true' });
    expect(await bench.send(['é'.repeat(5000)])).toEqual(delivered);
    expect(bench.stored()).toEqual(['é'.repeat(5000)]);
    const { headers } = bench.fake.calls[0]!;
    expect(headers['content-encoding']).toBe('gzip');
    expect(headers.authorization).toContain('content-encoding');
    expect(Number(headers['content-length'])).toBeLessThan(1000);
  });

  test.each(['refused', 'read as it is'] as const)(
    'rule 23: is switched off where it is %s, and nothing waits for that',
    async (gzip) => {
      bench.fake.gzip = gzip;
      bench.open({ LOGTAP_CLOUDWATCH_GZIP: 'true' });
      expect(await bench.send(['a'])).toEqual(delivered);
      expect(await bench.send(['b'])).toEqual(delivered);
      expect(bench.stored()).toEqual(['a', 'b']);
      expect(bench.fake.calls.map(({ headers }) => headers['content-encoding'])).toEqual([undefined, undefined]);
      expect(bench.notices).toEqual([expect.stringContaining('LOGTAP_CLOUDWATCH_GZIP')]);
    },
  );
});

describe('group and stream', () => {
  test('rules 34, 36, 48: are made on demand, the group with what is set for it', async () => {
    bench.fake.groups.clear();
    bench.open({
      LOGTAP_CLOUDWATCH_RETENTION_DAYS: '30',
      LOGTAP_CLOUDWATCH_GROUP_CLASS: 'INFREQUENT_ACCESS',
      LOGTAP_CLOUDWATCH_KMS_KEY_ARN: 'arn:aws:kms:eu-central-1:123456789012:key/a',
      LOGTAP_CLOUDWATCH_TAGS: 'team=a b,cost-centre=',
    });
    expect(await bench.send(['a'])).toEqual(delivered);
    expect(bench.fake.groups.get(GROUP)).toMatchObject({
      retentionDays: 30,
      class: 'INFREQUENT_ACCESS',
      kmsKeyId: 'arn:aws:kms:eu-central-1:123456789012:key/a',
      tags: { team: 'a b', 'cost-centre': '' },
    });
    expect(bench.stored()).toEqual(['a']);
    expect(bench.fake.operations()).toEqual([
      'PutLogEvents',
      'CreateLogStream',
      'CreateLogGroup',
      'PutRetentionPolicy',
      'CreateLogStream',
      'PutLogEvents',
    ]);
  });

  test('rules 36, 48: an existing group keeps what it has, and another class is worth a warning', async () => {
    bench.fake.groups.get(GROUP)!.streams.clear();
    bench.open({ LOGTAP_CLOUDWATCH_RETENTION_DAYS: '30', LOGTAP_CLOUDWATCH_GROUP_CLASS: 'INFREQUENT_ACCESS' });
    expect(await bench.send(['a'])).toEqual(delivered);
    expect(bench.fake.operations()).toEqual(['PutLogEvents', 'CreateLogStream', 'DescribeLogGroups', 'PutLogEvents']);
    expect(bench.notices).toEqual([expect.stringContaining('is of the class STANDARD, not INFREQUENT_ACCESS')]);
  });

  test('rule 48: without the right to look at it, the class is not compared, and the logs go on', async () => {
    bench.fake.groups.get(GROUP)!.streams.clear();
    bench.fake.denied.add('DescribeLogGroups');
    bench.open({ LOGTAP_CLOUDWATCH_GROUP_CLASS: 'INFREQUENT_ACCESS' });
    expect(await bench.send(['a'])).toEqual(delivered);
    expect(bench.notices).toEqual([]);
  });

  test('rule 36: a retention that may not be set does not stop the logs', async () => {
    bench.fake.groups.clear();
    bench.open({ LOGTAP_CLOUDWATCH_RETENTION_DAYS: '30' });
    bench.fake.denied.add('PutRetentionPolicy');
    expect(await bench.send(['a'])).toEqual(delivered);
    expect(bench.stored()).toEqual(['a']);
    expect(bench.notices).toEqual([expect.stringContaining('PutRetentionPolicy')]);
  });

  test('tags that may not be set do not stop the logs; a key that may not be used does', async () => {
    bench.fake.groups.clear();
    bench.fake.denied.add('TagResource');
    bench.open({ LOGTAP_CLOUDWATCH_TAGS: 'team=a' });
    expect(await bench.send(['a'])).toEqual(delivered);
    expect(bench.stored()).toEqual(['a']);
    expect(bench.fake.groups.get(GROUP)?.tags).toBeUndefined();
    expect(bench.notices).toEqual([expect.stringContaining('logs:TagResource')]);
    bench.fake.groups.clear();
    bench.fake.denied.add('CreateLogGroup');
    bench.open({
      LOGTAP_CLOUDWATCH_TAGS: 'team=a',
      LOGTAP_CLOUDWATCH_KMS_KEY_ARN: 'arn:aws:kms:eu-central-1:123456789012:key/b',
    });
    expect(await bench.send(['a'])).toMatchObject({ retry: [0], failure: { code: 'AccessDeniedException' } });
  });

  test('rule 34: made by many at once, all of them succeed', async () => {
    bench.fake.groups.clear();
    const sinks = Array.from({ length: 5 }, () => bench.open());
    const results = await Promise.all(
      sinks.map((each, i) => each.send(batchOf([{ message: String(i), timeMs: Date.now() }]), never)),
    );
    expect(results).toEqual(results.map(() => delivered));
    expect(bench.stored().sort()).toEqual(['0', '1', '2', '3', '4']);
  });

  test('rule 34: made, and not seen for a while: is retried until it is', async () => {
    bench.fake.groups.clear();
    bench.open();
    expect(await bench.send(['a'])).toEqual(delivered);
    const missing = { status: 400, type: 'ResourceNotFoundException' };
    const later = { status: 400, type: 'OperationAbortedException' };
    // Not seen, made already, not seen; then another client makes it; then seen.
    bench.fake.faults.push(missing, { status: 400, type: 'ResourceAlreadyExistsException' }, missing, missing, later);
    expect(await bench.send(['b'])).toMatchObject({ retry: [0], failure: { code: 'ResourceNotFoundException' } });
    expect(await bench.send(['b'])).toMatchObject({ retry: [0], failure: { code: 'OperationAbortedException' } });
    expect(await bench.send(['b'])).toEqual(delivered);
    expect(bench.stored()).toEqual(['a', 'b']);
  });

  test.each([
    ['AccessDeniedException', 5000],
    ['ThrottlingException', 1000],
  ])('rule 98: %s when making it says operation, group, status and request, and waits', async (type, retryAfterMs) => {
    bench.fake.groups.get(GROUP)!.streams.clear();
    bench.open();
    bench.fake.faults.push({ status: 400, type: 'ResourceNotFoundException' }, { status: 400, type, message: 'no' });
    const { failure, ...result } = await bench.send(['a']);
    expect(result).toEqual({ retry: [0], rejected: [], retryAfterMs });
    expect(failure?.code).toBe(type);
    expect(failure?.detail).toBe(
      `CreateLogStream in ${GROUP} at ${bench.fake.url}: 400 ${type}: no [request request-0]`,
    );
  });

  test('rule 35: without the leave to make it no group is made, and the error names it', async () => {
    bench.fake.groups.clear();
    bench.open({ LOGTAP_CLOUDWATCH_CREATE_GROUP: 'false' });
    const { retry, failure } = await bench.send(['a']);
    expect(retry).toEqual([0]);
    expect(failure?.detail).toContain(`the log group ${GROUP}`);
    expect(failure?.detail).toContain('LOGTAP_CLOUDWATCH_CREATE_GROUP=true');
    expect(bench.fake.operations()).not.toContain('CreateLogGroup');
  });

  test.each([
    ['LOGTAP_CLOUDWATCH_LOG_GROUP', 'a:b'],
    ['LOGTAP_CLOUDWATCH_LOG_GROUP', 'aws/a'],
    ['LOGTAP_CLOUDWATCH_LOG_GROUP', 'a'.repeat(513)],
    ['LOGTAP_CLOUDWATCH_LOG_STREAM', 'a*'],
    ['LOGTAP_CLOUDWATCH_LOG_STREAM', 'a'.repeat(513)],
    ['LOGTAP_CLOUDWATCH_LOG_STREAM', '{Pod}'],
    ['LOGTAP_CLOUDWATCH_LOG_STREAM', 'a/{pod'],
    ['LOGTAP_CLOUDWATCH_RETENTION_DAYS', '31'],
    ['LOGTAP_CLOUDWATCH_TAGS', 'aws:a=b'],
    ['LOGTAP_CLOUDWATCH_TAGS', 'novalue'],
    ['LOGTAP_CLOUDWATCH_SERVICE', 'é'],
    ['LOGTAP_CLOUDWATCH_SERVICE', 'a'.repeat(513)],
  ])('rules 36, 46, 47: %s=%s is refused at the start', (name, value) => {
    expect(() => bench.open({ [name]: value })).toThrow(name);
  });

  test('rule 46: a name may be made of what is known of the pod, and of nothing else', () => {
    const env = { LOGTAP_CLOUDWATCH_LOG_STREAM: '{node}/{uid}' };
    expect(() => bench.open({ ...env, NODE_NAME: 'n' })).toThrow(
      'LOGTAP_CLOUDWATCH_LOG_STREAM={node}/{uid} needs POD_UID, which is not set',
    );
    const pod = { ...noResource, nodeName: 'n', podUid: 'u' };
    expect(new LogStreams('{node}/{uid}', pod).example).toBe('n/u');
  });

  test('rule 46: a name that has to be changed or cut stays different from its neighbours', () => {
    const stream = (podName: string) =>
      new LogStreams(undefined, { ...noResource, podNamespace: 'ns', podName }).example;
    expect(stream('app-1')).toBe('ns/app-1');
    const names = ['a:b', 'a*b', 'a-b', `${'x'.repeat(600)}1`, `${'x'.repeat(600)}2`].map(stream);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[^:*]{1,512}$/);
    expect(names).toEqual(['a:b', 'a*b', 'a-b', `${'x'.repeat(600)}1`, `${'x'.repeat(600)}2`].map(stream));
  });
});

describe('the entity', () => {
  const env = { LOGTAP_CLOUDWATCH_SERVICE: 'shop', LOGTAP_CLOUDWATCH_ENVIRONMENT: 'eks:prod/web' };

  test('rule 47: names the service, and is left out without a name', async () => {
    bench.open(env);
    await bench.send(['a']);
    bench.open({ LOGTAP_CLOUDWATCH_ENVIRONMENT: 'eks:prod/web' });
    await bench.send(['b']);
    expect(bench.fake.calls.map(({ input }) => input.entity)).toEqual([
      { keyAttributes: { Type: 'Service', Name: 'shop', Environment: 'eks:prod/web' } },
      undefined,
    ]);
  });

  test('rule 30: refused, the events are stored all the same, and it is sent no more', async () => {
    bench.fake.entityError = 'InvalidKeyAttributes';
    bench.open(env);
    expect(await bench.send(['a'])).toEqual(delivered);
    expect(await bench.send(['b'])).toEqual(delivered);
    expect(bench.stored()).toEqual(['a', 'b']);
    expect(bench.fake.calls.map(({ input }) => input.entity === undefined)).toEqual([false, true]);
    expect(bench.notices).toEqual([expect.stringContaining('InvalidKeyAttributes')]);
  });
});

describe('clocks', () => {
  test('rule 19: what is too old or too new is refused one by one, at the second', async () => {
    bench.open();
    const now = Date.now();
    bench.fake.stoppedMs = now;
    const at = (offsetMs: number) => ({ message: String(offsetMs), timeMs: now + offsetMs });
    const [old, kept] = [-14 * DAY_MS - 1000, -14 * DAY_MS + 1000];
    const [near, far] = [2 * HOUR_MS - 1000, 2 * HOUR_MS + 1000];
    expect(await bench.send([old, kept, near, far].map(at))).toEqual({
      retry: [],
      rejected: [
        { index: 0, reason: 'too_old' },
        { index: 3, reason: 'too_new' },
      ],
    });
    expect(bench.stored()).toEqual([String(kept), String(near)]);
  });

  test('rule 20: what is past the retention of its group is refused by itself', async () => {
    bench.fake.make(GROUP, STREAM, 3);
    bench.open();
    const now = Date.now();
    const records = [-4, -2].map((days) => ({ message: `${days} days`, timeMs: now + days * DAY_MS }));
    expect(await bench.send(records)).toEqual({ retry: [], rejected: [{ index: 0, reason: 'expired' }] });
    expect(bench.stored()).toEqual(['-2 days']);
  });

  test.each([-HOUR_MS, HOUR_MS])(
    'rule 40: a clock %i ms apart is followed for signatures, not for records',
    async (ms) => {
      bench.fake.clockOffsetMs = ms;
      bench.open();
      const timeMs = Date.now();
      expect(await bench.send([{ message: 'a', timeMs }])).toEqual(delivered);
      expect(bench.fake.events(GROUP, STREAM)).toEqual([{ message: 'a', timestamp: timeMs }]);
      await bench.send([{ message: 'b', timeMs }]);
      expect(bench.fake.operations()).toEqual(['PutLogEvents', 'PutLogEvents']);
    },
  );
});

describe('metrics in the embedded format', () => {
  const metrics = (bytes: number) => {
    const text = '{"_aws":{"CloudWatchMetrics":[]},"pad":""}';
    return text.replace('""', `"${'x'.repeat(bytes - text.length)}"`);
  };

  test('rule 25: go as they are; what is too long for one event is refused, never cut', async () => {
    bench.open();
    const [whole, long] = [metrics(1_048_550), metrics(1_048_551)];
    expect(await bench.send([whole, long, 'after'])).toEqual({
      retry: [],
      rejected: [{ index: 1, reason: 'emf_too_large' }],
    });
    expect(bench.stored()).toEqual([whole, 'after']);
  });
});
