/** Whom `logtap status` and `logtap tail` ask, and what they say of pods that do not answer. test/cluster/observe.ts has them under a real API server. */
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import type { V1Pod } from '@kubernetes/client-node';
import type { TailRecord } from '../../../src/cli/cluster/cluster-module.js';
import { statusTable } from '../../../src/cli/cluster/status-table.js';
import { ClusterError } from '../../../src/cluster/cluster.js';
import { ledgers } from '../../../src/cluster/observe/ledgers.js';
import { type PodAnswer, type PodHttp, PodProblem, statusPortOf } from '../../../src/cluster/observe/pod-http.js';
import { status } from '../../../src/cluster/observe/status.js';
import { tail } from '../../../src/cluster/observe/tail.js';

// The package has modules only. The scripted cluster needs none of it.
jest.mock('@kubernetes/client-node', () => ({ ApiException: class {} }));

const SELECTION = { allNamespaces: false, names: [] };

interface Shape {
  readonly env?: readonly { name: string; value: string }[];
  readonly isTapped?: boolean;
  readonly phase?: string;
  readonly state?: object;
}

function pod(
  name: string,
  { env = [], isTapped = true, phase = 'Running', state = { running: {} } }: Shape = {},
): V1Pod {
  return {
    metadata: { namespace: 'shop', name, uid: name },
    spec: { containers: [{ name: 'app' }], initContainers: isTapped ? [{ name: 'logtap', env: [...env] }] : [] },
    status: { phase, initContainerStatuses: isTapped ? [{ name: 'logtap', restartCount: 1, state }] : [] },
  } as unknown as V1Pod;
}

const answer = (code: number, text: string): PodAnswer => {
  const body = new PassThrough();
  body.end(text);
  return { status: code, body: body as unknown as IncomingMessage };
};

const cluster = (...pods: V1Pod[]) => ({ pods: async () => pods, refreshed: async (asked: V1Pod) => asked });
/** Answers each pod by its name. */
const http = (answers: Readonly<Record<string, () => PodAnswer>>): PodHttp & { readonly paths: string[] } => {
  const paths: string[] = [];
  return {
    paths,
    async get({ metadata }, path) {
      paths.push(path);
      return answers[metadata?.name ?? '']!();
    },
  };
};
const STATE = {
  ...{ version: '0.2.0', problems: [], losses: [], read: { records: 7 }, held: 2, oldestHeldSeconds: 300 },
  sinks: [{ name: 'stdout', delivered: { records: 5 }, failures: 0 }],
  ledger: { dropped: { stdout: {}, application: {} } },
};

describe('ledgers for an audit', () => {
  const RUN = '["run","00000001",1000]\n';
  const ofLogs = (logs: Readonly<Record<string, string>>, ...pods: V1Pod[]) => ({
    ...cluster(...pods),
    logEnd: async ({ metadata }: V1Pod) => {
      const log = logs[metadata?.name ?? ''];
      if (log === undefined) throw new ClusterError('ClusterForbids', 'cannot read the log');
      return log;
    },
  });

  test('of running pods from their port, of pods that have ended from their log; each that has none has its reason', async () => {
    const answers = http({
      well: () => answer(200, RUN),
      off: () => answer(404, 'there is no audit ledger: LOGTAP_AUDIT=off, or no sink that can be read\n'),
    });
    const found = await ledgers(
      ofLogs(
        { done: `{"audit":${RUN.trimEnd()}}\n`, killed: '{"message":"listening"}\n' },
        ...[pod('well'), pod('off'), pod('restarting', { state: { waiting: { reason: 'CrashLoopBackOff' } } })],
        ...['done', 'killed', 'hidden'].map((name) => pod(name, { phase: 'Succeeded', state: { terminated: {} } })),
        pod('plain', { isTapped: false }),
      ),
      answers,
      { pods: SELECTION },
    );
    expect(found.map(({ pod: name, text, problem }) => [name, text ?? problem])).toEqual([
      ['well', RUN],
      ['off', expect.stringMatching(/there is no audit ledger: LOGTAP_AUDIT=off/)],
      ['restarting', expect.stringMatching(/does not run: CrashLoopBackOff/)],
      ['done', expect.stringContaining('"run"')],
      ['killed', expect.stringMatching(/its log has no audit ledger/)],
      ['hidden', 'cannot read the log'],
    ]);
    expect(answers.paths).toEqual(['/audit', '/audit']);
  });

  test('a pod of a selection by labels that is not tapped has no ledger, which an audit of all pods of a namespace ignores', async () => {
    const plain = ofLogs({}, pod('plain', { isTapped: false }));
    expect(await ledgers(plain, http({}), { pods: { ...SELECTION, labels: 'app=shop' } })).toMatchObject([
      { pod: 'plain', problem: expect.stringContaining('it is not tapped') },
    ]);
    expect(await ledgers(plain, http({}), { pods: SELECTION })).toEqual([]);
  });
});

describe('status', () => {
  test('a row per tapped pod that has not ended; each that does not answer has its reason', async () => {
    const rows = await status(
      cluster(
        pod('well'),
        pod('old'),
        pod('off'),
        pod('web'),
        pod('restarting', { state: { waiting: { reason: 'CrashLoopBackOff' } } }),
        pod('plain', { isTapped: false }),
        pod('done', { phase: 'Succeeded' }),
      ),
      http({
        well: () => answer(200, JSON.stringify(STATE)),
        old: () => answer(404, 'there are /livez, /readyz, /metrics, /ledger and /audit\n'),
        off: () => answer(404, 'LOGTAP_CONSOLE=off\n'),
        web: () => answer(200, '<html>'),
      }),
      { pods: SELECTION },
    );
    expect(rows.map(({ pod: name, problem }) => [name, problem])).toEqual([
      ['well', undefined],
      ['old', expect.stringMatching(/older release.*logtap upgrade --image/)],
      ['off', 'its shipper answers 404: LOGTAP_CONSOLE=off'],
      ['web', expect.stringMatching(/not that of a shipper/)],
      [
        'restarting',
        expect.stringMatching(
          /does not run: CrashLoopBackOff\. See kubectl -n shop logs restarting -c logtap --previous/,
        ),
      ],
    ]);
  });

  test('a pod that is named and not tapped has a row', async () => {
    const rows = await status(cluster(pod('plain', { isTapped: false })), http({}), {
      pods: { ...SELECTION, names: ['plain'] },
    });
    expect(rows).toMatchObject([{ pod: 'plain', problem: expect.stringContaining('it is not tapped') }]);
  });

  test('a missing right is told for each pod, not an end of the command', async () => {
    const refusing: PodHttp = {
      get: async () => {
        throw new ClusterError('ClusterForbids', 'cannot forward');
      },
    };
    expect(await status(cluster(pod('a'), pod('b')), refusing, { pods: SELECTION })).toMatchObject([
      { pod: 'a', problem: 'cannot forward' },
      { pod: 'b', problem: 'cannot forward' },
    ]);
  });

  test('the table: numbers, ages and losses in columns, what is wrong below', () => {
    const failing = {
      ...STATE,
      problems: ['opensearch: 3 failures in a row, the last one 429'],
      losses: ['opensearch: 4 dropped (too_old): remedy'],
      sinks: [
        {
          name: 'opensearch',
          delivered: { records: 1 },
          failures: 3,
          lastError: { detail: 'answered 429\u001b[2J', secondsAgo: 4 },
        },
        { name: 'stdout', delivered: { records: 5 }, failures: 0 },
      ],
      ledger: { dropped: { opensearch: { too_old: 3, too_new: 1 }, application: { not_handed_over: 2 } } },
    };
    const base = { namespace: 'shop', restarts: 0 };
    const text = statusTable([
      { ...base, pod: 'a', state: STATE },
      { ...base, pod: 'b', state: failing },
      { ...base, pod: 'c', problem: 'it is gone' },
    ]);
    expect(text.split('\n')).toEqual([
      'POD  READY    VERSION  RESTARTS  IN  OUT                     HELD  OLDEST  LOST',
      'a    yes      0.2.0    0         7   5                       2     5 min   0',
      'b    no       0.2.0    0         7   opensearch 1, stdout 5  2     5 min   6',
      'c    unknown  -        0         -   -                       -     -       -',
      '',
      'b: opensearch: 3 failures in a row, the last one 429',
      'b: opensearch: answered 429\\u001b[2J (4 s ago)',
      'b: lost: opensearch: 4 dropped (too_old): remedy',
      'c: it is gone',
      '',
    ]);
  });
});

test.each([
  [[], 9598],
  [[{ name: 'LOGTAP_STATUS_PORT', value: '8080' }], 8080],
])('the status port of %j', (env, port) => {
  expect(statusPortOf(pod('a', { env }))).toBe(port);
});

test('the row names a status port that is off', () => {
  const off = pod('a', { env: [{ name: 'LOGTAP_STATUS_PORT', value: 'off' }] });
  expect(() => statusPortOf(off)).toThrow(/status port is off: remove LOGTAP_STATUS_PORT=off/);
});

describe('tail', () => {
  /** Follows until the looks run out. */
  async function follow(
    pods: Parameters<typeof cluster>,
    podHttp: PodHttp,
    {
      names = [],
      looks = 3,
      refreshed,
    }: { names?: string[]; looks?: number; refreshed?: () => V1Pod | undefined } = {},
  ) {
    const said = { records: [] as TailRecord[], notShown: [] as number[], notices: [] as string[] };
    const controller = new AbortController();
    let left = looks;
    const seen = { ...cluster(...pods), ...(refreshed && { refreshed: async () => refreshed() }) };
    const result = await tail(
      seen,
      podHttp,
      {
        ...{ pods: { ...SELECTION, names }, level: 'warn', match: 'a b', max: 5, signal: controller.signal },
        onRecord: (_, record) => void said.records.push(record),
        onNotShown: (_, records) => said.notShown.push(records),
        onNotice: (text) => said.notices.push(text),
      },
      {
        async sleep() {
          await new Promise((resolve) => setImmediate(resolve));
          if (--left <= 0) controller.abort();
        },
      },
    );
    return { ...said, pods: result.pods };
  }
  const LINES = '{"message":"one"}\n{"notShown":0}\n{"message":"t\u00f6"}\n{"notShown":3}\n';

  test('records, and the number of those that are not shown; the filter is the shipper\u2019s', async () => {
    const podHttp = http({ a: () => answer(200, LINES) });
    const { records, notShown, notices } = await follow([pod('a')], podHttp, { looks: 2 });
    expect(records.slice(0, 2)).toEqual([{ message: 'one' }, { message: 't\u00f6' }]);
    expect(notShown[0]).toBe(3);
    expect(podHttp.paths[0]).toBe('/tail?level=warn&match=a+b&max=5');
    expect(notices[0]).toMatch(/^shop\/a: the connection ended; lines until the next one are not shown/);
  });

  test('a connection that ends is made again, with one notice', async () => {
    let asked = 0;
    const podHttp = http({
      a: () => {
        asked += 1;
        if (asked < 4) throw new PodProblem('nothing listens on port 9598');
        return answer(200, LINES);
      },
    });
    const { notices, records } = await follow([pod('a')], podHttp, { looks: 40 });
    expect(notices.slice(0, 2)).toEqual(['shop/a: nothing listens on port 9598', 'shop/a: is followed again']);
    expect(records.length).toBeGreaterThan(0);
  });

  test('a named pod that is gone ends the command', async () => {
    const podHttp = http({ a: () => answer(200, LINES) });
    const { notices } = await follow([pod('a')], podHttp, { names: ['a'], looks: 1000, refreshed: () => undefined });
    expect(notices.at(-1)).toBe('shop/a: is gone, and is not followed any more');
  });

  test('an older shipper is not asked again', async () => {
    const podHttp = http({ a: () => answer(404, 'there are /livez') });
    const { notices } = await follow([pod('a')], podHttp, { names: ['a'], looks: 1000 });
    expect([podHttp.paths.length, notices]).toEqual([1, [expect.stringMatching(/older release/)]]);
  });

  test('no tapped pod is followed', async () => {
    expect((await follow([pod('p', { isTapped: false })], http({}))).pods).toBe(0);
  });

  test('a missing right ends the command', async () => {
    const refusing: PodHttp = {
      get: async () => {
        throw new ClusterError('ClusterForbids', 'cannot forward');
      },
    };
    await expect(follow([pod('a')], refusing, { looks: 1000 })).rejects.toThrow('cannot forward');
  });

  test('an answer that is no shipper\u2019s is an end, not a loop', async () => {
    const podHttp = http({ a: () => answer(200, 'hello\n') });
    const { notices } = await follow([pod('a')], podHttp, { names: ['a'], looks: 1000 });
    expect([podHttp.paths.length, notices]).toEqual([1, ['shop/a: its answer is not that of a shipper']]);
  });
});
