/** Options of single containers and processes: properties and annotations become one setting, and contradictions are found. */
import {
  EventMode,
  LogTap,
  type LogTapProps,
  RecordTime,
  RedactionKind,
  Sink,
  TapStreams,
} from '../../../src/constructs/index.js';
import { podTemplate } from '../../../src/constructs/injection/workload.js';
import { parseSettings } from '../../../src/shipper/settings.js';
import { container, deployment, variables } from '../../support/workloads.js';

const sink = Sink.stdout();
const accept = ['LT029'];

/** A pod with these containers, and annotations on its template. */
function pod(names: readonly string[], annotations: Record<string, string> = {}) {
  const manifest = deployment({ containers: names.map((name) => ({ name, image: 'x:1' })) });
  const template = podTemplate(manifest);
  template.metadata = { ...template.metadata, annotations };
  return manifest;
}

function entries(props: LogTapProps, manifest: unknown = pod(['web', 'pay'])): unknown {
  const env = variables(container(LogTap.inject(manifest, { sink, accept, ...props }), 'logtap'));
  const text = env.LOGTAP_CONTAINER_SETTINGS;
  if (text !== undefined) parseSettings({ ...(env as Record<string, string>) }, () => {});
  return text === undefined ? undefined : JSON.parse(text);
}

const findings = (props: LogTapProps, manifest: unknown = pod(['web', 'pay'])) =>
  LogTap.check(manifest, { sink, accept: [...accept, 'LT032'], ...props }).map(
    ({ code, message }) => `${code} ${message}`,
  );

test('nothing is written where nothing differs', () => {
  expect(
    entries({ events: { mode: EventMode.OFF }, perContainer: { web: { streams: TapStreams.STDOUT } } }),
  ).toBeUndefined();
});

test('events, fields and times of a container, and of a process in it', () => {
  const perContainer = {
    web: {
      events: { mode: EventMode.OFF },
      fields: { fromText: false },
      processes: { java: { events: { pattern: '^\\d{4}', maxLines: 50 }, fields: { fromText: true } } },
    },
    pay: { fields: { time: RecordTime.TEXT, timeZone: 'Europe/Berlin' } },
  };
  expect(entries({ perContainer })).toEqual({
    web: { LOGTAP_EVENTS: 'off', LOGTAP_FIELDS: 'off' },
    'web/java': { LOGTAP_EVENTS: 'pattern:^\\d{4}', LOGTAP_EVENT_MAX_LINES: '50', LOGTAP_FIELDS: 'auto' },
    pay: { LOGTAP_TIME: 'text', LOGTAP_TIME_ZONE: 'Europe/Berlin' },
  });
});

test('with redaction in one container, every tapped container has an entry', () => {
  const redact = { kinds: [RedactionKind.CARD] };
  const manifest = pod(['web', 'pay', 'untapped']);
  expect(entries({ perContainer: { pay: { redact } }, excludeContainers: ['untapped'] }, manifest)).toEqual({
    web: {},
    pay: { LOGTAP_REDACT: 'card' },
  });
});

test('a container that is not tapped has none', () => {
  const events = { mode: EventMode.OFF };
  expect(entries({ perContainer: { web: { events }, db: { events } } })).toEqual({ web: { LOGTAP_EVENTS: 'off' } });
});

test('annotations choose events, fields and times, and hide more', () => {
  const manifest = pod(['web', 'pay'], {
    'web.logtap.dev/events': 'pattern:^a',
    'web.logtap.dev/fields': 'off',
    'pay.logtap.dev/redact': 'card',
    'pay.logtap.dev/time': 'text',
    'pay.logtap.dev/time-zone': 'Asia/Tokyo',
  });
  const perContainer = {
    web: { events: { mode: EventMode.INDENT, maxLines: 9 } },
    pay: { redact: { kinds: [RedactionKind.EMAIL] } },
  };
  expect(entries({ perContainer }, manifest)).toEqual({
    web: { LOGTAP_EVENTS: 'pattern:^a', LOGTAP_EVENT_MAX_LINES: '9', LOGTAP_FIELDS: 'off' },
    pay: { LOGTAP_REDACT: 'email,card', LOGTAP_TIME: 'text', LOGTAP_TIME_ZONE: 'Asia/Tokyo' },
  });
});

test('annotations of the pod set fields and times', () => {
  const manifest = pod(['web'], { 'logtap.dev/time': 'text', 'logtap.dev/time-zone': 'Asia/Tokyo' });
  const env = variables(container(LogTap.inject(manifest, { sink, accept }), 'logtap'));
  expect(env).toMatchObject({ LOGTAP_TIME: 'text', LOGTAP_TIME_ZONE: 'Asia/Tokyo' });
});

test.each<[string, Record<string, string>, RegExp]>([
  ['a wrong value', { 'web.logtap.dev/fields': 'no' }, /must be auto or off/],
  ['a wrong time', { 'web.logtap.dev/time': 'txt' }, /did you mean 'text'/],
  ['a wrong zone', { 'web.logtap.dev/time-zone': 'Berlin' }, /time zone/],
  ['rules', { 'web.logtap.dev/rules': 'drop level<info' }, /must be an option of a single container/],
  [
    'a zone without times',
    { 'web.logtap.dev/time-zone': 'Asia/Tokyo' },
    /'perContainer.web.fields.timeZone' .* has no effect/,
  ],
])('an annotation of a container is rejected: %s', (_, annotations, says) => {
  const [first, ...others] = LogTap.check(pod(['web'], annotations), { sink, accept });
  expect(`${first?.code} ${first?.message}: ${first?.remedy}`).toMatch(says);
  expect(first?.code).toBe('LT024');
  expect(others).toEqual([]);
});

test.each<[string, LogTapProps, RegExp]>([
  [
    'bounds where events are off',
    { perContainer: { web: { events: { mode: EventMode.OFF, maxLines: 5 } } } },
    /'perContainer.web.events.maxLines' \(5\) has no effect with 'perContainer.web.events.mode'/,
  ],
  [
    'a pattern and a mode',
    { perContainer: { web: { events: { mode: EventMode.OFF, pattern: '^a' } } } },
    /'events.mode' \("off"\) must be left out/,
  ],
  [
    'bounds of a process where events of the container are off',
    { perContainer: { web: { events: { mode: EventMode.OFF }, processes: { java: { events: { idleMs: 50 } } } } } },
    /'perContainer.web.processes.java.events.idleMs'/,
  ],
  [
    'a zone without times',
    { perContainer: { web: { fields: { timeZone: 'Asia/Tokyo' } } } },
    /'perContainer.web.fields.timeZone' .* has no effect unless/,
  ],
  [
    'a misspelt kind',
    { perContainer: { web: { redact: { kinds: ['crad' as RedactionKind] } } } },
    /did you mean 'card'/,
  ],
  [
    'redaction of a process',
    { perContainer: { web: { processes: { java: { redact: {} } as object } } } },
    /'perContainer.web.processes.java.redact' is not a property/,
  ],
  ['a path for a process', { perContainer: { web: { processes: { '/usr/bin/java': {} } } } }, /be names of processes/],
])('properties are rejected: %s', (_, props, says) => {
  expect(() => LogTap.check(pod(['web']), { sink, ...props })).toThrow(says);
});

test('a container takes what the pod decides', () => {
  expect(
    entries({
      fields: { time: RecordTime.TEXT },
      events: { maxLines: 5 },
      perContainer: {
        web: { fields: { timeZone: 'Asia/Tokyo' }, events: { mode: EventMode.OFF } },
        pay: { fields: { fromText: false } },
      },
    }),
  ).toEqual({
    web: { LOGTAP_TIME_ZONE: 'Asia/Tokyo', LOGTAP_EVENTS: 'off' },
    pay: { LOGTAP_FIELDS: 'off' },
  });
});

test('findings: what a container shows and others hide, and what it repeats', () => {
  const { CARD, EMAIL } = RedactionKind;
  expect(findings({ redact: { kinds: [EMAIL] }, perContainer: { pay: { redact: { kinds: [CARD, EMAIL] } } } })).toEqual(
    [
      "LT031 'redact' of container 'pay' has email, which the whole pod hides",
      "LT034 the records of container 'web' show card, which other containers hide",
    ],
  );
  expect(
    findings({ perContainer: { pay: { redact: { kinds: [CARD] } }, web: { redact: { kinds: [CARD] } } } }),
  ).toEqual([]);
  expect(findings({ perContainer: { wbe: { events: { mode: EventMode.OFF } } } })).toEqual([
    expect.stringMatching(/^LT025 'perContainer' \("wbe"\)/),
  ]);
});

test('LT032: secrets remain in the own log of the container that hides them', () => {
  const of = (props: LogTapProps) =>
    LogTap.check(pod(['web', 'pay']), { sink, accept, ...props }).filter(({ code }) => code === 'LT032');
  const redact = { kinds: [RedactionKind.CARD] };
  expect(of({ perContainer: { pay: { redact } } }).map(({ message }) => message)).toEqual([
    expect.stringContaining("container 'pay'"),
  ]);
});
