/** Options of records: the shipper reads the settings that injection writes for them, and mistakes are found before. */
import {
  EventMode,
  LogTap,
  type LogTapProps,
  RecordLevel,
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
const shipper = (props: LogTapProps, manifest: unknown = deployment()) =>
  container(LogTap.inject(manifest, { sink, ...props }), 'logtap');
const settings = (props: LogTapProps) =>
  parseSettings(
    Object.fromEntries((shipper(props).env ?? []).map(({ name, value }) => [name, value ?? name])),
    () => {},
  );

describe('become settings of the shipper', () => {
  test('rules, budget and flight recorder', () => {
    const parsed = settings({
      rules: ['keep text~/a;b/', 'drop level<info'],
      budget: { bytesPerDay: 1_000_000, rateLimit: '100/s', deduplicateSeconds: 60 },
      flightRecorder: { minutes: 5, belowLevel: RecordLevel.INFO },
    });
    expect(parsed.rules?.map(({ action }) => action)).toEqual(['keep', 'drop']);
    expect(parsed).toMatchObject({
      budgetBytesPerDay: 1_000_000,
      rateLimit: { records: 100, perMs: 1000 },
      deduplicateSeconds: 60,
      recorderMinutes: 5,
      recorderLevel: 'info',
    });
  });

  test('events', () => {
    const bounds = { maxLines: 10, maxBytes: 2000, idleMs: 50 };
    expect(settings({ events: { mode: EventMode.INDENT, ...bounds } })).toMatchObject({
      events: { mode: 'indent' },
      eventMaxLines: 10,
      eventMaxBytes: 2000,
      eventIdleMs: 50,
    });
    const pattern = '^\\d{4}-';
    expect(settings({ events: { pattern } }).events).toEqual({ mode: 'pattern', expression: pattern });
  });

  test('characters', () => {
    const text = { charset: 'stdout:windows-1252', removeAnsi: true };
    expect(settings({ text })).toMatchObject({ charset: { stdout: 'windows-1252' }, ansi: 'remove' });
    expect(() => settings({ text: { charset: 'utf-17' } })).toThrow(/'text\.charset'.*utf-17/);
  });

  test('fields', () => {
    const fields = {
      time: RecordTime.TEXT,
      timeZone: 'Europe/Berlin',
      constants: { team: 'shop', tier: 'a=b' },
      podLabels: ['app', 'app.kubernetes.io/name'],
      podAnnotations: ['owner'],
    };
    expect(settings({ fields })).toMatchObject({
      fields: 'auto',
      time: 'text',
      timeZone: 'Europe/Berlin',
      staticFields: { team: 'shop', tier: 'a=b' },
      podLabels: ['app', 'app.kubernetes.io/name'],
      podAnnotations: ['owner'],
    });
    expect(settings({ fields: { fromText: false } }).fields).toBe('off');
    expect(settings({ fields: { fromText: true } }).fields).toBe('auto');
  });

  test('redaction by marks, and by hashes with a key from a Secret', () => {
    const kinds = [RedactionKind.EMAIL, RedactionKind.CARD];
    expect(settings({ redact: { kinds } })).toMatchObject({ redact: ['email', 'card'], redactWith: 'mark' });
    const patterns = { name: 'patterns', key: 'all' };
    expect(settings({ redact: { patterns, hashKeySecret: { name: 'hash', key: 'key' } } })).toMatchObject({
      redact: undefined,
      redactPatternsFile: '/etc/logtap/secrets/configmaps/patterns/all',
      redactWith: 'hash',
      redactKeyFile: '/etc/logtap/secrets/hash/key',
    });
  });

  test('the key of the hashes is required, even where the sink reads it, too; what the sink alone reads is not', () => {
    const key = { name: 'hash', key: 'key' };
    const sink = Sink.openSearch({
      url: 'https://os:9200',
      username: 'shipper',
      passwordSecret: { name: 'os', key: 'pw' },
      caSecret: key,
    });
    const injected = LogTap.inject(deployment(), {
      sink,
      redact: { kinds: [RedactionKind.EMAIL], hashKeySecret: key },
    });
    const volume = podTemplate(injected).spec.volumes!.find(({ name }) => name === 'logtap-secrets')!;
    const { sources } = volume.projected as { sources: { secret: { name: string; optional?: boolean } }[] };
    expect(sources.map(({ secret: { name, optional } }) => [name, optional])).toEqual([
      ['os', true],
      ['hash', undefined],
    ]);
  });

  test('none without options', () => {
    const names = Object.keys(variables(shipper({})));
    expect(
      names.filter((name) => /EVENT|FIELD|TIME_|LABELS|REDACT|RULES|BUDGET|RATE|DEDUPLICATE|RECORDER|STAGE/.test(name)),
    ).toEqual([]);
  });

  test('a module from a ConfigMap, also one that the sink reads', () => {
    const stage = { configMap: 'modules', key: 'stage.mjs' };
    const both = { sink: Sink.module({ configMap: 'modules', key: 'stage.mjs' }), stage };
    for (const props of [{ stage }, both]) {
      const injected = LogTap.inject(deployment(), { sink, ...props });
      const path = '/etc/logtap/secrets/configmaps/modules/stage.mjs';
      expect(variables(container(injected, 'logtap')).LOGTAP_STAGE).toBe(`module:${path}`);
      const volume = podTemplate(injected).spec.volumes?.find(({ name }) => name === 'logtap-secrets');
      const items = [{ key: 'stage.mjs', path: 'configmaps/modules/stage.mjs' }];
      expect(volume?.projected).toEqual({ sources: [{ configMap: { name: 'modules', items } }] });
    }
  });
});

describe('are rejected at once if the shipper would not start with them', () => {
  test.each<[string, LogTapProps, RegExp]>([
    ['a misspelt mode', { events: { mode: 'atuo' as EventMode } }, /'events.mode' \("atuo"\) .*did you mean 'auto'/],
    [
      'a mode with a pattern',
      { events: { mode: EventMode.OFF, pattern: 'x' } },
      /'events.mode' \("off"\) must be left out/,
    ],
    [
      'an expression that RE2 does not have',
      { events: { pattern: '(?=x)' } },
      /'events.pattern' \("pattern:\(\?=x\)"\)/,
    ],
    ['a negative bound', { events: { maxLines: -1 } }, /'events.maxLines' \(-1\) must be a whole number from 1/],
    ['a misspelt kind', { redact: { kinds: ['emial' as RedactionKind] } }, /'redact.kinds.0' .*did you mean 'email'/],
    [
      'a key for a hash of nothing',
      { redact: { hashKeySecret: { name: 'a', key: 'b' } } },
      /'redact.hashKeySecret'.* has no effect without 'redact.kinds' or 'redact.patterns'/,
    ],
    [
      'a field with a comma',
      { fields: { constants: { a: 'b,c' } } },
      /'fields.constants.a' \("b,c"\) must not contain a comma/,
    ],
    ['a name of no label', { fields: { podLabels: ['a b'] } }, /'fields.podLabels' \("a b"\) must be names of labels/],
    [
      'a time zone without times',
      { fields: { timeZone: 'UTC' } },
      /'fields.timeZone' .* has no effect unless 'fields.time'/,
    ],
    [
      'a placeholder without its field',
      {
        sink: Sink.cloudWatch({ logGroup: '/{field:team}', region: 'eu-west-1' }),
        fields: { constants: { tier: 'a' } },
      },
      /\{field:\.\.\.\} that LOGTAP_STATIC_FIELDS does not set/,
    ],
    ['a misspelt action', { rules: ['dorp level<info'] }, /'rules' \("dorp level<info"\) rule 1, before 'dorp/],
    [
      'two rules in one',
      { rules: ['drop level<info; drop level=unknown'] },
      /'rules' .* must be one rule: list the rules/,
    ],
    ['no rule', { rules: [] }, /'rules' .*has no rule/],
    [
      'a limit without a unit',
      { budget: { rateLimit: '100' } },
      /'budget.rateLimit' \("100"\) must be a number of records per/,
    ],
    ['a bill of nothing', { bill: { recordsPerDay: 0 } }, /'bill.recordsPerDay' \(0\) must be a number above 0/],
    ['a price of no number', { bill: { recordsPerDay: 1, usdPerGb: Number.NaN } }, /'bill.usdPerGb'/],
    ['a tiny budget', { budget: { bytesPerDay: 1 } }, /'budget.bytesPerDay' \(1\) must be a whole number from 1024/],
    ['a misspelt property', { budget: { bytesPerDy: 1 } } as never, /'budget.bytesPerDy' .*did you mean 'bytesPerDay'/],
    ['a misspelt level', { flightRecorder: { minutes: 1, belowLevel: 'wran' as RecordLevel } }, /did you mean 'warn'/],
    ['a recorder without minutes', { flightRecorder: {} } as never, /'flightRecorder.minutes' must be given/],
    [
      'a stage that is no module',
      { stage: { configMap: 'a', key: 'stage.js' } },
      /'stage.key' \("stage.js"\) must be a key/,
    ],
    [
      'a setting that a property sets',
      { rules: ['drop level<info'], shipper: { settings: { LOGTAP_RULES: 'drop level<warn' } } },
      /'shipper.settings.LOGTAP_RULES' .* must be left to the property that sets it/,
    ],
  ])('%s', (_what, props, says) => {
    expect(() => new LogTap({ sink, ...props })).toThrow(says);
  });
});

describe('metadata of the pod', () => {
  const volumeOf = (props: LogTapProps) => {
    const { spec } = podTemplate(LogTap.inject(deployment(), { sink, ...props }));
    const mounts = container(LogTap.inject(deployment(), { sink, ...props }), 'logtap').volumeMounts ?? [];
    return {
      volume: spec.volumes?.find(({ name }) => name === 'logtap-pod'),
      mount: mounts.find(({ name }) => name === 'logtap-pod'),
    };
  };
  const item = (path: string) => ({ path, fieldRef: { fieldPath: `metadata.${path}` } });

  test.each<[string, LogTapProps, object[]]>([
    ['labels', { fields: { podLabels: ['app'] } }, [item('labels')]],
    ['annotations', { fields: { podAnnotations: ['a'] } }, [item('annotations')]],
    [
      'a name with a label',
      { sink: Sink.cloudWatch({ logGroup: '/{label:app}', region: 'eu-west-1' }) },
      [item('labels')],
    ],
    ['a setting', { shipper: { settings: { LOGTAP_POD_LABELS: 'app' } } }, [item('labels')]],
  ])('%s: files that only the shipper reads', (_what, props, items) => {
    expect(volumeOf(props)).toEqual({
      volume: { name: 'logtap-pod', downwardAPI: { items } },
      mount: { name: 'logtap-pod', mountPath: '/.logtap-pod', readOnly: true },
    });
  });

  test('none without a reference to it', () => {
    expect(volumeOf({ fields: { constants: { a: 'b' } } })).toEqual({ volume: undefined, mount: undefined });
  });

  test('the permissions of a log group with a label are those of any label', () => {
    const { iam } = Sink.cloudWatch({ logGroup: '/{label:app}/logs', region: 'eu-west-1', account: '111122223333' });
    expect(iam[0]!.resources).toEqual(['arn:aws:logs:eu-west-1:111122223333:log-group:/*/logs:*']);
  });

  test.each<[string, LogTapProps, string[]]>([
    [
      'an absent label',
      { fields: { podLabels: ['tier'] } },
      ["the label 'tier' that records refer to is not in the pod template"],
    ],
    ['a label of Kubernetes', { fields: { podLabels: ['pod-template-hash', 'batch.kubernetes.io/job-name'] } }, []],
    [
      'an absent annotation',
      { fields: { podAnnotations: ['owner'] } },
      [expect.stringContaining("the annotation 'owner'")],
    ],
  ])('LT033: %s', (_what, props, expected) => {
    const findings = LogTap.check(deployment(), { sink, accept, ...props }).filter(({ code }) => code === 'LT033');
    expect(findings.map(({ message }) => message)).toEqual(expected);
  });
});

describe('the annotation logtap.dev/events', () => {
  const annotated = (events: string) => {
    const manifest = deployment();
    const template = podTemplate(manifest);
    template.metadata = { ...template.metadata, annotations: { 'logtap.dev/events': events } };
    return manifest;
  };

  test('replaces mode and pattern of the properties, and keeps their bounds', () => {
    const events = { pattern: '^a', maxLines: 7 };
    const bounds = { LOGTAP_EVENT_MAX_LINES: '7' };
    expect(variables(shipper({ events }, annotated('indent')))).toMatchObject({ LOGTAP_EVENTS: 'indent', ...bounds });
    // Without events they have no effect.
    expect(variables(shipper({ events }, annotated('off')))).not.toHaveProperty('LOGTAP_EVENT_MAX_LINES');
    const pattern = { LOGTAP_EVENTS: 'pattern:^b', ...bounds };
    expect(
      variables(shipper({ events: { mode: EventMode.INDENT, maxLines: 7 } }, annotated('pattern:^b'))),
    ).toMatchObject(pattern);
  });

  test.each([
    ['atuo', /did you mean 'auto'/],
    ['pattern:(', /must follow the rules of the property 'events'/],
    ['pattern:', /LT024/],
  ])('is rejected with %j', (events, says) => {
    expect(() => shipper({}, annotated(events))).toThrow(says);
  });
});

describe('the annotation logtap.dev/redact', () => {
  const annotated = (kinds: string) => {
    const manifest = deployment();
    const template = podTemplate(manifest);
    template.metadata = { ...template.metadata, annotations: { 'logtap.dev/redact': kinds } };
    return manifest;
  };

  test('adds kinds to those of the property, and removes none', () => {
    const redact = { kinds: [RedactionKind.CARD], hashKeySecret: { name: 'a', key: 'b' } };
    expect(variables(shipper({ redact }, annotated('email, iban')))).toMatchObject({
      LOGTAP_REDACT: 'card,email,iban',
      LOGTAP_REDACT_WITH: 'hash',
    });
  });

  test.each(['', 'none', 'emial'])('is rejected with %j', (kinds) => {
    expect(() => shipper({}, annotated(kinds))).toThrow(/LT024 .*'logtap.dev\/redact'/);
  });
});

describe('LT032: secrets that remain in the container', () => {
  const redact = { kinds: [RedactionKind.ALL] };
  const messages = (props: LogTapProps) =>
    LogTap.check(deployment(), { sink, accept, ...props })
      .filter(({ code }) => code === 'LT032')
      .map(({ message }) => message.replace(/^.* remain in /, ''));

  test.each<[string, LogTapProps, string[]]>([
    ['streams', { redact }, ['its own log']],
    ['a file', { redact, suppressStreams: true, file: '/a.log' }, ['/a.log']],
    [
      'both, by a setting',
      { file: '/a.log', shipper: { settings: { LOGTAP_REDACT: 'all' } } },
      ['its own log and /a.log'],
    ],
    ['suppressed', { redact, suppressStreams: true, file: '/a.log', suppressFile: true }, []],
    ['no redaction', {}, []],
  ])('%s', (_what, props, expected) => {
    expect(messages(props)).toEqual(expected);
  });
});

describe('the annotation logtap.dev/rules', () => {
  const annotated = (rules: string) => {
    const manifest = deployment();
    const template = podTemplate(manifest);
    template.metadata = { ...template.metadata, annotations: { 'logtap.dev/rules': rules } };
    return manifest;
  };

  test('replaces the rules of the properties, and nothing else', () => {
    const props = { rules: ['drop level<warn'], budget: { deduplicateSeconds: 5 } };
    const env = variables(shipper(props, annotated('drop level<info; keep text~/a;b/')));
    expect(env).toMatchObject({
      LOGTAP_RULES: 'drop level<info; keep text~/a;b/',
      LOGTAP_DEDUPLICATE_SECONDS: '5',
    });
  });

  test.each(['', 'dorp level<info', 'drop level<inof'])('is rejected with %j', (rules) => {
    expect(() => shipper({}, annotated(rules))).toThrow(
      /LT024 .* 'logtap.dev\/rules' .* must follow the rules of the property 'rules'/,
    );
  });
});

describe('LT031: rules that no record of the workload can match', () => {
  const messages = (props: LogTapProps) =>
    LogTap.check(deployment(), { sink, accept, ...props })
      .filter(({ code }) => code === 'LT031')
      .map(({ message }) => message);

  test.each<[string, LogTapProps, string[]]>([
    [
      'a file',
      { rules: ['drop file=/var/log/**'] },
      ["the rule 'drop file=/var/log/**' matches only file, which no container taps"],
    ],
    [
      'a stream',
      { rules: ['drop stream=stderr level<info'], streams: TapStreams.STDOUT },
      ["the rule 'drop stream=stderr level<info' matches only stderr, which no container taps"],
    ],
    [
      'every record before',
      { rules: ['sample 10%', 'drop level<info'] },
      ["the rule 'drop level<info' follows 'sample 10%', which matches every record"],
    ],
    [
      'a container',
      { rules: ['drop container=wbe level<info'] },
      [
        expect.stringMatching(
          /^the rule 'drop container=wbe level<info' matches only container 'wbe', but the tapped containers are \S+/,
        ),
      ],
    ],
    ['other containers', { rules: ['drop container!=wbe', 'drop container=*', 'drop process=java'] }, []],
    ['a tapped file', { rules: ['drop file=/var/log/**'], file: '/var/log/a.log' }, []],
    ['a negated stream', { rules: ['drop stream!=stderr'], streams: TapStreams.STDOUT }, []],
    [
      'rules of the settings',
      { shipper: { settings: { LOGTAP_RULES: 'drop file=/a' } } },
      [expect.stringContaining('drop file=/a')],
    ],
    ['no rules', {}, []],
  ])('%s', (_what, props, expected) => {
    expect(messages(props)).toEqual(expected);
  });
});
