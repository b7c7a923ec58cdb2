/** LOGTAP_CONTAINER_SETTINGS: what an entry may say, which key decides, and rules with what an entry inherits. */
import { readSettings } from '../../../src/catalog/read-settings.js';
import { readingOf } from '../../../src/catalog/records/container-settings.js';

const read = (value: unknown, others: Readonly<Record<string, string>> = {}) =>
  readSettings({
    LOGTAP_SINK: 'stdout',
    LOGTAP_CONTAINER_SETTINGS: typeof value === 'string' ? value : JSON.stringify(value),
    ...others,
  });
const problemsOf = (...given: Parameters<typeof read>) => read(...given).problems.map(({ text }) => text);

test('the more specific key decides, setting by setting', () => {
  const { settings, problems } = read(
    {
      web: { LOGTAP_EVENTS: 'off', LOGTAP_FIELDS: 'off' },
      '/java': { LOGTAP_EVENTS: 'indent', LOGTAP_EVENT_MAX_LINES: '7' },
      'web/java': { LOGTAP_EVENTS: 'pattern:^a' },
    },
    { LOGTAP_EVENT_IDLE_MS: '99' },
  );
  expect(problems).toEqual([]);
  const of = (container: string, process: string) => {
    const { events, eventMaxLines, eventIdleMs, fields } = readingOf(
      settings,
      settings.containerSettings!,
      container,
      process,
    );
    return [events.mode, eventMaxLines, eventIdleMs, fields];
  };
  expect(of('web', 'java')).toEqual(['pattern', 7, 99, 'off']);
  expect(of('web', 'nginx')).toEqual(['off', 2000, 99, 'off']);
  expect(of('db', 'java')).toEqual(['indent', 7, 99, 'auto']);
  expect(of('', 'java')).toEqual(['indent', 7, 99, 'auto']);
  expect(of('db', 'postgres')).toEqual(['auto', 2000, 99, 'auto']);
  // A peer chooses its names.
  expect(of('', 'web')).toEqual(['auto', 2000, 99, 'auto']);
  expect(of('web/java', '')).toEqual(['auto', 2000, 99, 'auto']);
  expect(of('__proto__', 'constructor')).toEqual(['auto', 2000, 99, 'auto']);
});

test('kinds are by container', () => {
  const { redact } = read({ pay: { LOGTAP_REDACT: 'card,iban' }, web: {} }).settings.containerSettings!;
  expect([...redact]).toEqual([
    ['pay', ['card', 'iban']],
    ['web', []],
  ]);
});

test.each<[string, unknown, RegExp]>([
  ['no JSON', 'web:off', /must be JSON/],
  ['a list', [], /must be a JSON object by container/],
  ['no settings', { web: 'off' }, /must have an object of settings for 'web'/],
  ['no text', { web: { LOGTAP_EVENT_MAX_LINES: 5 } }, /a text for LOGTAP_EVENT_MAX_LINES of 'web'. Put it in quotes/],
  ['a wrong value', { web: { LOGTAP_EVENTS: 'on' } }, /has LOGTAP_EVENTS='on' for 'web': it must be auto, off/],
  [
    'a setting of the whole shipper',
    { web: { LOGTAP_SPOOL_DIR: '/x' } },
    /LOGTAP_SPOOL_DIR for 'web', which is the same for all/,
  ],
  ['a misspelt setting', { web: { LOGTAP_EVENT: 'off' } }, /did you mean 'LOGTAP_EVENTS'/],
  ['a bad key', { 'a/b/c': {} }, /has the key 'a\/b\/c'/],
  ['an empty key', { '': {} }, /has the key ''/],
  ['no process', { 'web/': {} }, /has the key 'web\/'/],
  ['redaction by process', { 'web/java': { LOGTAP_REDACT: 'card' } }, /Give it to the container 'web'/],
])('refuses %s', (_, value, says) => {
  const [problem, ...others] = problemsOf(value);
  expect(problem).toMatch(says);
  expect(others).toEqual([]);
});

test.each<[string, unknown, Record<string, string>, RegExp]>([
  [
    'bounds without events',
    { web: { LOGTAP_EVENTS: 'off', LOGTAP_EVENT_MAX_LINES: '5' } },
    {},
    /entry 'web': LOGTAP_EVENT_MAX_LINES has no effect with LOGTAP_EVENTS=off/,
  ],
  [
    'bounds where the default is off',
    { web: { LOGTAP_EVENT_IDLE_MS: '50' } },
    { LOGTAP_EVENTS: 'off' },
    /entry 'web': LOGTAP_EVENT_IDLE_MS/,
  ],
  [
    'bounds where the container is off',
    { web: { LOGTAP_EVENTS: 'off' }, 'web/java': { LOGTAP_EVENT_IDLE_MS: '50' } },
    {},
    /entry 'web\/java': LOGTAP_EVENT_IDLE_MS/,
  ],
  [
    'times without fields',
    { web: { LOGTAP_TIME: 'text', LOGTAP_FIELDS: 'off' } },
    {},
    /entry 'web': LOGTAP_TIME=text has no effect/,
  ],
  [
    'a zone without times',
    { web: { LOGTAP_TIME_ZONE: 'Europe/Berlin' } },
    {},
    /entry 'web': LOGTAP_TIME_ZONE has no effect/,
  ],
])('refuses %s', (_, value, others, says) => {
  const [problem, ...rest] = problemsOf(value, others);
  expect(problem).toMatch(says);
  expect(rest).toEqual([]);
});

test.each<[string, unknown, Record<string, string>]>([
  ['off, where the default has bounds', { web: { LOGTAP_EVENTS: 'off' } }, { LOGTAP_EVENT_MAX_LINES: '5' }],
  ['no fields, where the default has times', { web: { LOGTAP_FIELDS: 'off' } }, { LOGTAP_TIME: 'text' }],
  [
    'a zone of its own, where the default has times',
    { web: { LOGTAP_TIME_ZONE: 'Europe/Berlin' } },
    { LOGTAP_TIME: 'text' },
  ],
  [
    'a hash of what only a container hides',
    { web: { LOGTAP_REDACT: 'card' } },
    { LOGTAP_REDACT_WITH: 'hash', LOGTAP_REDACT_KEY_FILE: '/k' },
  ],
])('takes %s', (_, value, others) => {
  expect(problemsOf(value, others)).toEqual([]);
});
