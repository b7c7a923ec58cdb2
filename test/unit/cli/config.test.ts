/** What users say by files, flags and `--set`: one object, judged before anything is made of it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020.js';
import { type Assignment, readProps } from '../../../src/cli/config.js';
import schema from '../../../src/cli/config-schema.json';
import { CommandError, UsageError } from '../../../src/cli/usage.js';
import {
  FailurePolicy,
  ImagePullPolicy,
  type LogTapProps,
  OpenSearchSchema,
  Sink,
  TapStreams,
} from '../../../src/constructs/index.js';
import { resolve } from '../../../src/constructs/props/resolve.js';

const directory = mkdtempSync(join(tmpdir(), 'logtap-'));
afterAll(() => rmSync(directory, { recursive: true }));

function fileOf(text: string): string {
  const file = join(directory, 'logtap.yaml');
  writeFileSync(file, text);
  return file;
}

const set = (path: string, value: unknown): Assignment => ({ path, value, by: `--set ${path}` });
test('the schema is a valid JSON Schema', () => {
  expect(new Ajv2020().validateSchema(schema)).toBe(true);
});

test('a file may contain every property of the constructs', () => {
  const file = fileOf(`
sink:
  all:
    - cloudWatch: { logGroup: /shop, region: eu-central-1, retentionDays: 30, tags: { team: shop } }
    - openSearch:
        url: https://os:9200
        schema: ecs
        username: u
        passwordSecret: { name: os, key: pw }
    - stdout:
streams: stderr
containers: [web, worker]
perContainer:
  worker: { file: /var/log/worker.log, suppressFile: true }
shipper:
  imagePullPolicy: Always
  memoryBufferMiB: 128
  settings: { LOGTAP_BATCH_LINGER_MS: '100' }
failurePolicy: fail-open
kubernetesVersion: '1.31'
accept: [LT009]
`);
  const expected: LogTapProps = {
    sink: Sink.all([
      Sink.cloudWatch({ logGroup: '/shop', region: 'eu-central-1', retentionDays: 30, tags: { team: 'shop' } }),
      Sink.openSearch({
        url: 'https://os:9200',
        schema: OpenSearchSchema.ECS,
        username: 'u',
        passwordSecret: { name: 'os', key: 'pw' },
      }),
      Sink.stdout(),
    ]),
    streams: TapStreams.STDERR,
    containers: ['web', 'worker'],
    perContainer: { worker: { file: '/var/log/worker.log', suppressFile: true } },
    shipper: {
      imagePullPolicy: ImagePullPolicy.ALWAYS,
      memoryBufferMiB: 128,
      settings: { LOGTAP_BATCH_LINGER_MS: '100' },
    },
    failurePolicy: FailurePolicy.FAIL_OPEN,
    kubernetesVersion: '1.31',
    accept: ['LT009'],
  };
  expect(readProps(file, [])).toEqual(resolve(expected));
});

test('flags override single properties of the file', () => {
  const file = fileOf('sink: { cloudWatch: { logGroup: /a, region: eu-west-1 } }\nshipper: { drainSeconds: 9 }\n');
  const props = readProps(file, [
    set('sink.cloudWatch.logGroup', '/b'),
    set('sink.cloudWatch.retentionDays', '30'),
    set('sink.cloudWatch.tags.team', 'shop'),
    set('shipper.memoryLimitMiB', '512'),
    set('shipper.imagePullSecrets', 'one, two'),
    set('shipper.settings.LOGTAP_BATCH_LINGER_MS', '100'),
    set('suppressStreams', 'true'),
    set('kubernetesVersion', '1.30'),
    set('perContainer.web.streams', 'none'),
    set('perContainer.web.file', '/a.log'),
  ]);
  const expected: LogTapProps = {
    sink: Sink.cloudWatch({ logGroup: '/b', region: 'eu-west-1', retentionDays: 30, tags: { team: 'shop' } }),
    shipper: {
      drainSeconds: 9,
      memoryLimitMiB: 512,
      imagePullSecrets: ['one', 'two'],
      settings: { LOGTAP_BATCH_LINGER_MS: '100' },
    },
    suppressStreams: true,
    kubernetesVersion: '1.30',
    perContainer: { web: { streams: TapStreams.NONE, file: '/a.log' } },
  };
  expect(props).toEqual(resolve(expected));
});

test('a rule may contain commas', () => {
  const file = fileOf('sink: { stdout: }');
  const { records } = readProps(file, [set('rules', 'drop text~/a{1,2}/')]);
  expect(records.settings.LOGTAP_RULES).toBe('drop text~/a{1,2}/');
});

test('flags complete the file', () => {
  const file = fileOf('sink: { cloudWatch: { logGroup: /a } }');
  const { sink } = readProps(file, [set('sink.cloudWatch.region', 'eu-west-1')]);
  expect(sink.settings.AWS_REGION).toBe('eu-west-1');
});

test('a wrong value of the command line is not blamed on the file', () => {
  const file = fileOf('sink: { stdout: }\nshipper: { image: logtap, memoryLimitMiB: 128 }\n');
  const wrong = () => readProps(file, [set('shipper.memoryLimitMiB', '-1')]);
  expect(wrong).toThrow(UsageError);
  expect(wrong).toThrow(/^--set shipper.memoryLimitMiB: 'shipper.memoryLimitMiB' \(-1\) must /);
  // The file is wrong as well, and reported first.
  const both = fileOf('sink: { stdout: }\nstreams: none-of-them\n');
  expect(() => readProps(both, [set('suppressStreams', 'true')])).toThrow(`${both}: 'streams'`);
});

describe('an invalid file is reported with its name, the property and the remedy', () => {
  test.each([
    ['an unknown property', 'shiper: {}', "'shiper' is not a property: did you mean 'shipper'?"],
    [
      'one further down',
      'shipper: { memoryLimit: 1 }',
      "'shipper.memoryLimit' is not a property: did you mean 'memoryLimitMiB'?",
    ],
    [
      'an unknown sink',
      'sink: { kafka: {} }',
      "'sink.kafka' is not a sink: use one of cloudWatch, openSearch, otlp, firehose, s3, stdout, file, tcp, forward, module, all",
    ],
    [
      'several sinks',
      'sink: { stdout: {}, tcp: { host: a, port: 1 } }',
      "'sink' (stdout, tcp) must be one sink: use 'all' with a list for several",
    ],
    [
      'no sink in it',
      'sink: {}',
      "'sink' must name a sink: use one of cloudWatch, openSearch, otlp, firehose, s3, stdout, file, tcp, forward, module, all",
    ],
    ['no sink', 'streams: both', "no sink given: use --sink, or 'sink' in a logtap.yaml"],
    ['a missing property', 'sink: { all: [{ tcp: { host: a } }] }', "'sink.all.0.tcp.port' must be given"],
    ['a number for text', 'kubernetesVersion: 1.29', "'kubernetesVersion' (1.29) must be text: put it in quotes"],
    [
      'text for a number',
      "sink: { tcp: { host: a, port: '1' } }",
      `'sink.tcp.port' ("1") must be a number: write it without quotes`,
    ],
    [
      'an unknown property of a list item',
      'sink: { all: [{ tcp: { host: a, port: 1, tsl: true } }] }',
      "'sink.all.0.tcp.tsl' is not a property: did you mean 'tls'?",
    ],
    [
      'an unknown property of a Secret',
      'sink: { openSearch: { url: "https://a", passwordSecret: { nam: a, key: b } } }',
      "'sink.openSearch.passwordSecret.nam' is not a property: did you mean 'name'?",
    ],
    [
      'a misspelt sink',
      'sink: { cloudwatch: { logGroup: a, region: b } }',
      "'sink.cloudwatch' is not a sink: did you mean 'cloudWatch'?",
    ],
    [
      'a password in the place of a Secret, which is not repeated',
      'sink: { openSearch: { url: "https://a", passwordSecret: hunter2 } }',
      `'sink.openSearch.passwordSecret' ("***") must be an object`,
    ],
    ['a number in a list', 'containers: [1]', "'containers.0' (1) must be text: put it in quotes"],
    [
      'a misspelt choice',
      'streams: stdot',
      `'streams' ("stdot") must be one of none, stdout, stderr, both: did you mean 'stdout'?`,
    ],
    ['text for a list', 'containers: web', `'containers' ("web") must be a list: write [a, b]`],
    ['text for a truth', "suppressStreams: 'yes'", `'suppressStreams' ("yes") must be true or false, without quotes`],
    ['a wrong choice', 'streams: all', `'streams' ("all") must be one of none, stdout, stderr, both: correct it`],
    [
      'something with properties for stdout',
      'sink: { stdout: { a: 1 } }',
      '\'sink.stdout\' (["a"]) must have no properties: leave them out',
    ],
    ['a list', '- a', 'must be a mapping, but is a list: give properties by their names'],
    [
      'another file, whose content is not repeated',
      'ghp_secret',
      'must be a mapping, but is a string: give properties by their names',
    ],
    ['no text', 'a: \0', 'is not text in UTF-8: give a logtap.yaml'],
    [
      'what a construct refuses',
      "sink: { cloudWatch: { logGroup: 'a b', region: eu-west-1 } }",
      `'logGroup' ("a b") must be 1 to 512`,
    ],
    ['no YAML', 'a: [', 'not valid YAML: '],
    ['a key that occurs twice', 'file: /a\nfile: /b', 'not valid YAML: '],
  ])('%s', (_, text, message) => {
    const file = fileOf(text);
    const read = () => readProps(file, []);
    expect(read).toThrow(CommandError);
    expect(read).toThrow(`${file}: ${message}`);
    try {
      read();
    } catch (error) {
      expect((error as CommandError).exitCode).toBe(78);
    }
  });

  test('an absent file', () => {
    expect(() => readProps(join(directory, 'none.yaml'), [])).toThrow(
      /cannot read '.*none.yaml': ENOENT.* Give a logtap.yaml/,
    );
  });
});

describe('an invalid flag is reported with its name', () => {
  const sink: Assignment = { path: 'sink', value: () => ({ stdout: {} }), by: '--sink' };
  test.each<[string, Assignment, string]>([
    [
      'an unknown property',
      set('shipper.imag', 'x'),
      "--set shipper.imag: 'shipper.imag' is not a property: did you mean 'image'?",
    ],
    ['a property of text', set('file.name', 'x'), "--set file.name: 'file.name' is not a property: leave it out"],
    ['what every object has', set('constructor', 'x'), "'constructor' is not a property"],
    ['a prototype', set('__proto__.sink', 'x'), "'__proto__' is not a property"],
    ['an object', set('shipper', 'x'), "--set shipper: 'shipper' has properties: set one of them"],
    ['no number', set('shipper.drainSeconds', 'soon'), '--set shipper.drainSeconds (soon) must be a number'],
    ['no truth', set('suppressFile', 'yes'), '--set suppressFile (yes) must be true or false'],
    ['no choice', set('streams', 'all'), `'streams' ("all") must be one of none, stdout, stderr, both`],
  ])('%s', (_, assignment, message) => {
    expect(() => readProps(undefined, [sink, assignment])).toThrow(UsageError);
    expect(() => readProps(undefined, [sink, assignment])).toThrow(message);
    expect(({} as Record<string, unknown>).sink).toBeUndefined();
  });
});
