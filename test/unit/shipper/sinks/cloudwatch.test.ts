/** What the CloudWatch Logs sink makes of answers. */
import { NoAnswerError } from '../../../../src/shipper/errors.js';
import type { CloudWatchApi } from '../../../../src/shipper/sinks/cloudwatch/api.js';
import { type Entity, PutEncoder } from '../../../../src/shipper/sinks/cloudwatch/events.js';
import { LostAnswers } from '../../../../src/shipper/sinks/cloudwatch/lost-answers.js';
import { CloudWatchSink } from '../../../../src/shipper/sinks/cloudwatch/sink.js';
import { LogStreams } from '../../../../src/shipper/sinks/cloudwatch/streams.js';
import type { HttpResponse } from '../../../../src/shipper/sinks/http/client.js';
import { batchOf, noResource, type PlainRecord, stdoutOrigin } from '../../../support/batches.js';

const never = new AbortController().signal;

interface Answer {
  readonly status?: number;
  readonly json?: unknown;
  readonly body?: string;
  readonly headers?: HttpResponse['headers'];
}

interface PutRequest {
  readonly logStreamName: string;
  readonly entity?: unknown;
  readonly logEvents: readonly { readonly message: string }[];
}

/** The sink's own question whether the request is right, whose one event need not be stored. */
const PROBE = 'logtap';

function sinkOn(
  service: (messages: string[], request: PutRequest) => Answer | Error | Promise<Answer | Error>,
  createStream = async () => {},
  { stream = 's', entity = undefined as Entity | undefined } = {},
) {
  const requests: string[][] = [];
  const calls: string[] = [];
  const notices: string[] = [];
  const api: CloudWatchApi = {
    target: (stream) => `/g/${stream} at https://logs`,
    credentialSource: 'a profile',
    createsGroup: true,
    async putLogEvents(body) {
      const request = JSON.parse(body.toString()) as PutRequest;
      const messages = request.logEvents.map(({ message }) => message);
      requests.push(messages);
      const answer = await service(messages, request);
      if (answer instanceof Error) throw answer;
      const { status = 200, json = {}, body: text, headers = {} } = answer;
      return { status, headers, body: Buffer.from(text ?? JSON.stringify(json)), isTaken: true };
    },
    async createStream() {
      calls.push('create');
      await createStream();
    },
    renewCredentials: () => calls.push('renew'),
    close() {},
    getLogEvents: async () => ({ status: 400, headers: {}, body: Buffer.from('{"__type":"AccessDeniedException"}') }),
  };
  const onNotice = (notice: string) => notices.push(notice);
  const lost = new LostAnswers({ api, isShared: false, now: () => 0, onNotice, onPossibleDuplicates: () => {} });
  const sink = new CloudWatchSink(
    api,
    new LogStreams(stream, noResource),
    new PutEncoder('/g', entity),
    lost,
    onNotice,
  );
  const send = (records: readonly (PlainRecord | string)[]) => sink.send(batchOf(records), never);
  return { requests, calls, notices, send, sink };
}

const error = (name: string, message = 'why', status = 400): Answer => ({ status, json: { __type: name, message } });
const delivered = { retry: [], rejected: [] };

describe('accepted', () => {
  test('rule 26: without rejects everything is delivered', async () => {
    const { send } = sinkOn(() => ({ json: { nextSequenceToken: '1' } }));
    expect(await send(['a', 'b'])).toEqual(delivered);
  });

  test.each([
    [{ tooOldLogEventEndIndex: 2, expiredLogEventEndIndex: 1, tooNewLogEventStartIndex: 4 }, ['expired', 'too_old', 4]],
    [{ tooNewLogEventStartIndex: 0 }, [0]],
    [{ expiredLogEventEndIndex: 5 }, ['expired', 'expired', 'expired', 'expired', 'expired']],
    [{ tooOldLogEventEndIndex: 0, expiredLogEventEndIndex: 0 }, []],
  ])('rules 27, 28: %o names the refused', async (rejectedLogEventsInfo, expected) => {
    const { send } = sinkOn(() => ({ json: { rejectedLogEventsInfo } }));
    const result = await send(['a', 'b', 'c', 'd', 'e']);
    const reasons = new Map<number, string>();
    expected.forEach((value, i) => {
      if (typeof value === 'string') reasons.set(i, value);
      else for (let index = value; index < 5; index++) reasons.set(index, 'too_new');
    });
    expect(result).toEqual({ retry: [], rejected: [...reasons].map(([index, reason]) => ({ index, reason })) });
  });

  test.each([null, {}, { tooOldLogEventEndIndex: null, tooNewLogEventStartIndex: null }])(
    'rule 26: %j rejects nothing',
    async (rejectedLogEventsInfo) => {
      const { send } = sinkOn(() => ({ json: { rejectedLogEventsInfo, rejectedEntityInfo: null } }));
      expect(await send(['a', 'b'])).toEqual(delivered);
    },
  );

  test.each([
    ['an index before the first', { tooNewLogEventStartIndex: -3 }],
    ['an end past the last', { tooOldLogEventEndIndex: 3 }],
    ['a start past the end', { tooNewLogEventStartIndex: 3 }],
    ['an expired one past the end', { expiredLogEventEndIndex: 1e12 }],
    ['part of an event', { tooNewLogEventStartIndex: 0.5 }],
    ['an index in words', { expiredLogEventEndIndex: '1' }],
    ['an event that is too old and too new', { tooOldLogEventEndIndex: 2, tooNewLogEventStartIndex: 1 }],
    ['all, by both lists', { expiredLogEventEndIndex: 2, tooNewLogEventStartIndex: 0 }],
    ['a list', [1]],
    ['words', 'none'],
  ])('rejects that cannot be say nothing: %s', async (_, rejectedLogEventsInfo) => {
    const { send } = sinkOn(() => ({ json: { rejectedLogEventsInfo } }));
    expect(await send(['a', 'b'])).toMatchObject({ retry: [0, 1], rejected: [], failure: { code: 'bad_answer' } });
  });

  test('rule 14: a blank line is delivered', async () => {
    const { send, requests } = sinkOn(() => ({}));
    expect(await send(['', 'a', ''])).toEqual(delivered);
    expect(requests).toEqual([[' ', 'a', ' ']]);
  });

  test.each([
    [{ __type: 'InternalFailure', message: 'why' }, {}, 'InternalFailure'],
    [{ __type: 'ThrottlingException' }, {}, 'ThrottlingException'],
    [{ __type: 'InvalidParameterException', message: 'why' }, {}, 'InvalidParameterException'],
    [{ __type: 'DataAlreadyAcceptedException' }, {}, 'DataAlreadyAcceptedException'],
    [{}, { 'x-amzn-errortype': 'AccessDeniedException' }, 'AccessDeniedException'],
    [{ nextSequenceToken: '1', message: 'Service Unavailable' }, {}, 'bad_answer'],
    [{ message: 'Forbidden' }, {}, 'bad_answer'],
    [{ errors: [{ code: 1 }] }, {}, 'bad_answer'],
    [{ status: 'ok' }, {}, 'bad_answer'],
    [[], {}, 'bad_answer'],
    [null, {}, 'bad_answer'],
    ['fine', {}, 'bad_answer'],
    [7, {}, 'bad_answer'],
  ])('an answer that is no success delivers nothing, with any status: %j %j', async (json, headers, code) => {
    const { send } = sinkOn(() => ({ json, headers }));
    expect(await send(['a'])).toMatchObject({ retry: [0], rejected: [], failure: { code } });
  });

  test('what a later version may add to a success is no error', async () => {
    const { send } = sinkOn(() => ({ json: { nextSequenceToken: '1', acceptedLogEvents: 1 } }));
    expect(await send(['a'])).toEqual(delivered);
  });

  test('rule 38: accepted before is accepted', async () => {
    const { send } = sinkOn(() => error('DataAlreadyAcceptedException'));
    expect(await send(['a'])).toEqual(delivered);
  });
});

describe('is retried', () => {
  test.each([
    ['ThrottlingException', 400, 1000],
    ['com.amazonaws.logs#ThrottlingException', 400, 1000],
    ['RequestLimitExceeded', 400, 1000],
    ['ServiceUnavailableException', 400, undefined],
    ['ServiceUnavailableException', 503, undefined],
    ['InternalFailure', 500, undefined],
    ['InvalidSequenceTokenException', 400, undefined],
    ['OperationAbortedException', 400, undefined],
    ['AccessDeniedException', 400, 5000],
    ['SomethingNew', 400, undefined],
  ])('rules 31, 32, 33: %s with status %i', async (name, status, retryAfterMs) => {
    const { send, calls } = sinkOn(() => error(name, 'why', status));
    const code = name.split('#').at(-1)!;
    const result = await send(['a', 'b']);
    expect(result).toMatchObject({ retry: [0, 1], rejected: [], failure: { code } });
    expect(result.failure?.detail).toContain('/g/s at https://logs');
    expect(result.retryAfterMs).toBe(retryAfterMs);
    expect(calls).toEqual([]);
  });

  test.each(['ExpiredTokenException', 'UnrecognizedClientException', 'InvalidSignatureException'])(
    'rule 39: %s, slowly and with new credentials',
    async (name) => {
      const { send, calls } = sinkOn(() => error(name));
      expect(await send(['a'])).toMatchObject({ retry: [0], rejected: [], retryAfterMs: 5000 });
      expect(calls).toEqual(['renew']);
    },
  );

  test.each([
    [502, '<html>bad gateway</html>'],
    [500, ''],
    [200, '<html>welcome</html>'],
    [200, ''],
  ])('rule 42: status %i with a body that is not JSON', async (status, body) => {
    const { send } = sinkOn(() => ({ status, body }));
    expect(await send(['a'])).toMatchObject({ retry: [0], rejected: [] });
  });

  test('the name of an error may be in a header', async () => {
    const headers = { 'x-amzn-errortype': 'ThrottlingException:http://internal.amazon.com/' };
    const { send } = sinkOn(() => ({ status: 400, body: '', headers }));
    expect(await send(['a'])).toMatchObject({ failure: { code: 'ThrottlingException' } });
  });
});

describe('several streams', () => {
  const stderr = { ...stdoutOrigin, id: 'e', stream: 'stderr' as const };
  const records = [
    { message: 'err 1', origin: stderr },
    { message: 'out 1' },
    { message: 'err 2', origin: stderr },
    { message: 'out 2' },
  ];
  const isStderr = (request: PutRequest) => request.logStreamName === 'p/stderr';
  const on = (answer: (messages: string[], request: PutRequest) => Answer | Error, createStream = async () => {}) =>
    sinkOn((messages, request) => (isStderr(request) ? answer(messages, request) : {}), createStream, {
      stream: 'p/{stream}',
    });

  test.each([
    ['AccessDeniedException', 'not authorized to perform logs:PutLogEvents'],
    ['InvalidParameterException', 'the log stream name is odd'],
  ])('%s for one of them holds its records; those of the others are delivered', async (name, message) => {
    const { send, sink } = on(() => error(name, message));
    expect(await send(records)).toMatchObject({
      retry: [0, 2],
      rejected: [],
      blocked: [{ destination: 'p/stderr', failure: { code: name }, retryAfterMs: 5000 }],
    });
    expect(sink.destinations(batchOf(records))).toEqual(['p/stderr', 'p/stdout', 'p/stderr', 'p/stdout']);
  });

  test('one that may not be made holds its records alone', async () => {
    const { send } = on(
      () => error('ResourceNotFoundException'),
      async () => {
        throw new NoAnswerError({ code: 'AccessDeniedException', detail: 'CreateLogStream' });
      },
    );
    expect(await send(records)).toMatchObject({ retry: [0, 2], blocked: [{ destination: 'p/stderr' }] });
  });

  test.each(['ThrottlingException', 'ServiceUnavailableException', 'ExpiredTokenException'])(
    '%s is about the service: the others wait, too',
    async (name) => {
      const { send, requests } = on(() => error(name));
      const result = await send(records);
      expect(result).toMatchObject({ retry: [0, 1, 2, 3] });
      expect(result).not.toHaveProperty('blocked');
      expect(requests).toHaveLength(1);
    },
  );
});

describe('a slow way', () => {
  const timeout = new NoAnswerError({ code: 'timeout', detail: 'no answer within 30000 ms' });
  const bytesOf = (sent: readonly string[]) => sent.join('').length;

  test('a request that takes too long is halved at once, and grows again', async () => {
    let most = 200_000;
    const { send, requests } = sinkOn((sent) => (bytesOf(sent) > most ? timeout : {}));
    const lines = Array.from({ length: 1000 }, (_, i) => `${i} ${'x'.repeat(900)}`);
    const failed = [];
    for (let left = lines.length; left > 0; ) {
      const { retry } = await send(lines.slice(-left));
      if (retry.length === left) failed.push(bytesOf(requests.at(-1)!));
      left = retry.length;
    }
    expect(failed.length).toBeLessThan(4);
    expect(requests.filter((sent) => bytesOf(sent) <= most).flat()).toEqual(lines);
    most = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 40; i++) await send(lines);
    expect(requests.at(-1)).toHaveLength(1000);
  });

  test('so is a line that fills the request by itself; metrics in it stay whole', async () => {
    const { send, requests } = sinkOn((sent) => (bytesOf(sent) > 300_000 ? timeout : {}));
    const line = Array.from({ length: 100_000 }, (_, i) => `${i}`.padStart(8)).join('');
    for (let i = 0; i < 2; i++) expect((await send([line])).retry).toEqual([0]);
    expect(await send([line])).toEqual(delivered);
    const taken = requests.filter((sent) => bytesOf(sent) <= 300_000);
    expect(taken.flat().join('') === line).toBe(true);
    const metrics = JSON.stringify({ _aws: {}, x: 'y'.repeat(280_000) });
    await send([metrics]);
    expect(requests.at(-1)?.[0] === metrics).toBe(true);
  });
});

describe('the entity', () => {
  const entity: Entity = { keyAttributes: { Type: 'Service', Name: 'shop' } };
  const on = (service: (request: PutRequest) => Answer) =>
    sinkOn((_, request) => service(request), undefined, { entity });

  test('a request that is refused because of it is sent without it, which is reported', async () => {
    const { send, notices, requests } = on((request) => (request.entity ? error('InvalidParameterException') : {}));
    expect(await send(['a', 'b'])).toEqual(delivered);
    expect(requests.filter(([first]) => first !== PROBE).slice(-2)).toEqual([['a'], ['b']]);
    expect(notices).toEqual([expect.stringContaining('LOGTAP_CLOUDWATCH_SERVICE')]);
    expect(await send(['c'])).toEqual(delivered);
  });

  test('it stays where the request is refused for another reason', async () => {
    const { send, notices } = on(() => error('InvalidParameterException', 'the KMS key is disabled'));
    expect(await send(['a'])).toMatchObject({ retry: [0], rejected: [] });
    expect(notices).toEqual([]);
  });
});

describe('missing group or stream', () => {
  const missing = error('ResourceNotFoundException');

  test('rule 34: is made, and the request resent at once', async () => {
    let calls = 0;
    const { send, requests, calls: made } = sinkOn(() => (calls++ === 0 ? missing : {}));
    expect(await send(['a'])).toEqual(delivered);
    expect(made).toEqual(['create']);
    expect(requests).toEqual([['a'], ['a']]);
  });

  test('and not seen yet right after that: is retried later, made only once per send', async () => {
    const { send, requests, calls } = sinkOn(() => missing);
    expect(await send(['a'])).toMatchObject({ retry: [0], failure: { code: 'ResourceNotFoundException' } });
    expect(calls).toEqual(['create']);
    expect(requests).toHaveLength(2);
  });

  test('and not to be made: is retried, saying why', async () => {
    const failure = { code: 'AccessDeniedException', detail: 'CreateLogGroup /g' };
    const { send } = sinkOn(
      () => missing,
      async () => {
        throw new NoAnswerError(failure);
      },
    );
    expect(await send(['a'])).toMatchObject({ retry: [0], rejected: [], failure });
  });
});

describe('refused', () => {
  const refusing = (name: string, message?: string, status?: number) =>
    sinkOn((messages) => (messages.some((m) => m.startsWith('bad')) ? error(name, message, status) : {}));

  test.each([
    ['InvalidParameterException', 400, 'invalid_parameter'],
    ['SerializationException', 400, 'invalid_parameter'],
    ['AnyException', 413, 'too_large'],
  ])(
    'rules 37, 41: %s, status %i: only the guilty are dropped, in few requests, order is kept',
    async (name, status, reason) => {
      const { send, requests } = refusing(name, 'why', status);
      const messages = Array.from({ length: 64 }, (_, i) => (i === 40 ? 'bad' : `good ${i}`));
      expect(await send(messages)).toMatchObject({ retry: [], rejected: [{ index: 40, reason }] });
      const isTaken = (request: string[]) => !request.includes('bad') && request[0] !== PROBE;
      expect(requests.filter(isTaken).flat()).toEqual(messages.filter((m) => m !== 'bad'));
      // One more asks whether it is the event.
      expect(requests.length).toBeLessThanOrEqual(2 * 6 + 2);
    },
  );

  test('rule 37: with any event, such as with a disabled key: nothing is dropped, and it is retried slowly', async () => {
    const { send, requests } = sinkOn(() => error('InvalidParameterException', 'the KMS key is disabled'));
    const messages = Array.from({ length: 64 }, (_, i) => `good ${i}`);
    expect(await send(messages)).toMatchObject({
      retry: messages.map((_, i) => i),
      rejected: [],
      retryAfterMs: 5000,
      failure: { code: 'InvalidParameterException', detail: expect.stringContaining('the KMS key is disabled') },
    });
    expect(requests.map(({ length }) => length)).toEqual([64, 32, 16, 8, 4, 2, 1, 1]);
    expect(requests.at(-1)).toEqual([PROBE]);
  });

  test('rule 37: several guilty ones take one question between them', async () => {
    const { send, requests } = refusing('InvalidParameterException');
    const messages = ['bad', 'good', 'bad', 'bad'];
    expect(await send(messages)).toMatchObject({ retry: [], rejected: [{ index: 0 }, { index: 2 }, { index: 3 }] });
    expect(requests.filter(([first]) => first === PROBE)).toHaveLength(1);
  });

  test('rule 37: a key that is enabled between a refusal and the question: the event is delivered', async () => {
    let isEnabled = false;
    const { send } = sinkOn(() => {
      if (isEnabled) return {};
      isEnabled = true;
      return error('InvalidParameterException', 'the KMS key is disabled');
    });
    expect(await send(['good'])).toEqual({ retry: [], rejected: [] });
  });

  test('an answer that never comes to that question drops nothing', async () => {
    const { send } = sinkOn(([first]) =>
      first === PROBE ? error('ThrottlingException') : error('InvalidParameterException'),
    );
    expect(await send(['a', 'b'])).toMatchObject({ retry: [0, 1], rejected: [], retryAfterMs: 1000 });
  });

  test('one whose answer is lost is no lost answer to the refused request, whose memory another one has by then', async () => {
    const message = 'x'.repeat(100_000);
    const { send, requests } = sinkOn(async ([first]) => {
      if (first !== PROBE) return first === message ? error('InvalidParameterException') : {};
      await send(['y'.repeat(100_100)]);
      return new NoAnswerError({ code: 'timeout', detail: 'no answer', isSent: true });
    });
    expect(await send([message])).toMatchObject({ retry: [0], rejected: [], failure: { code: 'timeout' } });
    const before = requests.length;
    await send([message]);
    // It leaves again at once, without a look whether it is stored.
    expect(requests[before]).toEqual([message]);
  });

  test('rule 41: too large by itself: the event is sent in smaller and smaller parts', async () => {
    const { send, requests } = sinkOn((sent) => (sent.join('').length > 3000 ? { status: 413, body: '' } : {}));
    const message = Array.from({ length: 2000 }, (_, i) => `${i}`.padStart(5)).join('');
    const results = [];
    for (let i = 0; i < 3; i += 1) results.push(await send([message]));
    expect(results).toMatchObject([{ retry: [0] }, { retry: [0] }, { retry: [], rejected: [] }]);
    const taken = requests.filter((sent) => sent.join('').length <= 3000 && sent[0] !== PROBE);
    expect(taken.flat().map(({ length }) => length)).toEqual([2500, 2500, 2500, 2500]);
    expect(taken.flat().join('') === message).toBe(true);
  });

  test('rule 41: and refused once parts do not help', async () => {
    const { send } = sinkOn(([first]) => (first === PROBE ? {} : { status: 413, body: '' }));
    let result = await send(['x'.repeat(10_000)]);
    for (let i = 0; result.retry.length > 0 && i < 10; i += 1) result = await send(['x'.repeat(10_000)]);
    expect(result).toMatchObject({ retry: [], rejected: [{ index: 0, reason: 'too_large' }] });
  });

  test.each([
    ['413', { status: 413, body: '' }],
    [
      'InvalidParameterException',
      error('InvalidParameterException', 'Log event too large: 9 bytes exceeds limit of 28'),
    ],
  ])('with any event: %s drops nothing, and cuts nothing', async (code, answer) => {
    const { send, requests } = sinkOn(() => answer);
    for (let i = 0; i < 5; i++) {
      expect(await send(['x'.repeat(5000)])).toMatchObject({ retry: [0], rejected: [], failure: { code } });
    }
    expect(requests.at(-2)?.[0]).toHaveLength(5000);
  });

  test('rule 37: the service’s own limit of a message is learned', async () => {
    const { send, requests } = sinkOn((messages) =>
      messages.some((m) => m.length > 74)
        ? error('InvalidParameterException', 'Log event too large: 126 bytes exceeds limit of 100')
        : {},
    );
    expect(await send(['a', 'x'.repeat(100)])).toMatchObject({ retry: [0, 1], failure: { code: 'too_large' } });
    expect(await send(['a', 'x'.repeat(100)])).toEqual(delivered);
    expect(requests.at(-1)?.map((m) => m.length)).toEqual([1, 74, 26]);
  });

  test('a limit that it does not keep itself ends in a drop, not in a loop', async () => {
    const { send } = sinkOn(([first]) =>
      first === PROBE ? {} : error('InvalidParameterException', 'Log event too large: 9 bytes exceeds limit of 28'),
    );
    expect(await send(['aaaa'])).toMatchObject({ retry: [0] });
    expect(await send(['aaaa'])).toMatchObject({ retry: [], rejected: [{ index: 0, reason: 'too_large' }] });
  });
});
