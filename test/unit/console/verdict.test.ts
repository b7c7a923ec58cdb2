/** What the console makes of a shipper's state. */
import { age, lines, percent, rate } from '../../../src/console/format.js';
import { History } from '../../../src/console/history.js';
import { causeAndRemedy, findingsOf } from '../../../src/console/verdict.js';
import type { SinkState, State } from '../../../src/shipper/console/wire.js';

const nothing = { records: 0, bytes: 0 };
const sink: SinkState = {
  ...{ name: 'opensearch', delivered: nothing, held: nothing, oldestHeldSeconds: 0, failures: 0 },
  ...{ retries: {}, deadLettered: {}, dropped: {} },
};
const state: State = {
  ...{ version: '1', uptimeSeconds: 9, pod: { name: '', namespace: '', node: '' }, problems: [], losses: [] },
  ...{ balanced: true, read: { records: 7, bytes: 70 }, held: 0, oldestHeldSeconds: 0, bufferFullRatio: 0, tailing: 1 },
  ...{ sinks: [sink], settings: { onFull: 'block' }, rings: [], processesSeen: 1, processes: [], libraries: [] },
  ledger: { sinks: {} },
};

const failing: SinkState = {
  ...{ ...sink, failures: 3, held: { records: 5, bytes: 50 }, oldestHeldSeconds: 200 },
  lastError: {
    code: 'ECONNREFUSED',
    detail: 'POST http://os: connect ECONNREFUSED (is the service up?)',
    secondsAgo: 1,
  },
};

const withoutSecret: SinkState = {
  ...failing,
  lastError: {
    code: 'missing_secret',
    detail:
      "LOGTAP_OPENSEARCH_PASSWORD_FILE='/etc/logtap/secrets/os/password': ENOENT: no such file (create the Secret 'os' with the key 'password'; see docs/guides/runbook.md#a-secret-is-missing)",
    secondsAgo: 1,
  },
};

const titles = (changed: Partial<State>) => findingsOf({ ...state, ...changed }).map(({ title }) => title);

test.each<[string, Partial<State>, string]>([
  ['all is delivered', {}, 'Working'],
  ['a few lines are on their way', { held: 3, oldestHeldSeconds: 0.4 }, 'Working'],
  ['no process was seen', { processesSeen: 0 }, 'No process has written yet'],
  [
    'a sink is slow',
    { held: 3, oldestHeldSeconds: 30, sinks: [{ ...sink, oldestHeldSeconds: 30 }] },
    'opensearch is slow',
  ],
  ['a sink fails', { sinks: [failing] }, 'opensearch does not take lines'],
  ['the Secret of a sink is missing', { sinks: [withoutSecret] }, 'opensearch waits for a Secret'],
  ['lines are refused', { sinks: [{ ...sink, deadLettered: { '400': 2 } }] }, 'opensearch refused lines'],
  ['a ring is full', { rings: [0.1, 0.95] }, 'A ring is full'],
  ['the counts do not balance', { balanced: false }, 'The counts do not balance'],
  ['the buffer fills', { problems: ['95 % of the room for held records are in use'] }, 'The shipper is not ready'],
])('%s: %j is "%s"', (_, changed, title) => {
  expect(titles(changed)).toEqual([title]);
});

test('a loss comes first, and does not hide where it is stuck now', () => {
  const losses = ['one: 3 dropped (too_old): the sink permanently refuses them; set X'];
  const problems = ['opensearch: 3 failures in a row, the last one ECONNREFUSED'];
  const found = findingsOf({ ...state, losses, problems, sinks: [failing] });
  expect(found.map(({ title }) => title)).toEqual(['Lines are lost', 'opensearch does not take lines']);
  expect(found[0]).toMatchObject({
    text: 'one: 3 dropped (too_old)',
    remedy: 'The sink permanently refuses them; set X',
  });
  expect(found[1]).toMatchObject({ place: 'delivered', remedy: 'Is the service up?' });
  expect(found[1]!.text).toMatch(
    /^POST http:\/\/os: connect ECONNREFUSED\. 3 failures in a row; 5 lines wait, the oldest for 3 min/,
  );
});

test('a missing Secret: the remedy names Secret, key and the section with the commands', () => {
  expect(findingsOf({ ...state, sinks: [withoutSecret] })[0].remedy).toMatch(
    /^Create the Secret 'os' with the key 'password'; see .*#a-secret-is-missing$/,
  );
});

test.each([
  ['block', 'nothing is lost'],
  ['drop-oldest', 'the oldest lines are dropped'],
  ['drop-newest', 'new lines are dropped'],
])('an outage with LOGTAP_ON_FULL=%s: %s', (onFull, says) => {
  expect(findingsOf({ ...state, sinks: [failing], settings: { onFull } })[0].text).toContain(says);
});

test.each([
  [
    'GET http://a: 403 (give the role es:ESHttpPost)',
    { cause: 'GET http://a: 403', remedy: 'give the role es:ESHttpPost' },
  ],
  ['no answer within 30000 ms', { cause: 'no answer within 30000 ms' }],
  ['a (b) c.', { cause: 'a (b) c' }],
  ['a (b (c))', { cause: 'a (b (c))' }],
])('%s: cause and remedy', (detail, expected) => {
  expect(causeAndRemedy(detail)).toEqual(expected);
});

describe('speeds', () => {
  const at = (uptimeSeconds: number, read: number, delivered: number): State => ({
    ...{ ...state, uptimeSeconds, read: { records: read, bytes: 0 } },
    sinks: [{ ...sink, delivered: { records: delivered, bytes: 0 } }],
  });

  test('over the last three seconds, from the first state on', () => {
    const history = new History();
    expect(history.add(at(100, 1000, 500))).toMatchObject({ read: 0, delivered: { opensearch: 0 } });
    expect(history.add(at(101, 1010, 502))).toMatchObject({ read: 10, delivered: { opensearch: 2 } });
    history.add(at(102, 1010, 502));
    history.add(at(103, 1040, 502));
    expect(history.add(at(104, 1040, 502))).toMatchObject({ read: 10, readHistory: [0, 10, 5, 40 / 3, 10] });
  });

  test('another shipper begins anew, with no negative speed', () => {
    const history = new History();
    history.add(at(100, 1000, 500));
    expect(history.add(at(1, 5, 0))).toMatchObject({ read: 0, readHistory: [0] });
  });
});

test('numbers for a reader', () => {
  expect([lines(1), lines(1234)]).toEqual(['1 line', '1,234 lines']);
  expect([0, 0.4, 12, 9999, 12_345].map(rate)).toEqual(['0', '0.4', '12', '9,999', '12.3K']);
  expect([0, 0.004, 0.5, 1.2].map(percent)).toEqual(['0 %', '<1 %', '50 %', '100 %']);
  expect([0, 0.2, 90, 600, 7200, 200_000].map(age)).toEqual(['0 s', '<1 s', '90 s', '10 min', '2 h', '2 d']);
});
