/** Broken and hostile input of `logtap migrate`: one error with the file, the line, the value, the rule and the remedy. */
import * as fc from 'fast-check';
import type { Kind } from '../../../src/cli/migrate/migrate-module.js';
import { migrate } from '../../../src/migrate/main.js';
import { samplesOf } from '../../support/migrate-samples.js';

const noFiles = { read: (_: string): string | undefined => undefined, match: (_: string): string[] => [] };

function result(text: string, kind?: Kind, { files = noFiles, env = {} as Record<string, string> } = {}) {
  const variables = new Map(Object.entries(env));
  return migrate({ ...(kind ? { kind } : {}), file: 'conf/in', text, files, variables, output: 'yaml' });
}

const filesOf = (texts: Readonly<Record<string, string>>) => ({
  read: (path: string) => texts[path],
  match: (pattern: string) => {
    const [start = '', end = ''] = pattern.split('*');
    return Object.keys(texts).filter((path) => path.startsWith(start) && path.endsWith(end));
  },
});

test.each<[string, string, Kind | undefined, string]>([
  ['a section without its bracket', '[INPUT\n  Name tail', 'fluent-bit', 'conf/in, line 1: "[INPUT" is no section'],
  [
    'a key outside of a section',
    '# x\nName tail\n[INPUT]',
    'fluent-bit',
    'conf/in, line 2: "Name tail" is a key outside',
  ],
  [
    'a key without a value',
    '[INPUT]\n  Name tail\n  Path',
    'fluent-bit',
    'conf/in, line 3: "Path" is a key without a value',
  ],
  ['an unknown command', '@LOAD x\n[INPUT]', 'fluent-bit', 'conf/in, line 1: "@LOAD" is no command'],
  ['@SET without a value', '@SET x\n[INPUT]', 'fluent-bit', 'conf/in, line 1: "x" sets no variable'],
  [
    'a missing included file',
    '[INPUT]\n  Name tail\n@INCLUDE more.conf',
    'fluent-bit',
    'conf/in, line 3: "more.conf" is included, but conf/more.conf cannot be read',
  ],
  ['YAML that is none', 'pipeline:\n  inputs: [', 'fluent-bit', 'conf/in, line 2:'],
  ['YAML that is a list', 'pipeline:\n  inputs:\n    - tail', 'fluent-bit', 'conf/in, line 3: "tail" is no input'],
  [
    'an alias of YAML',
    'service: &a\n  flush: 1\npipeline:\n  inputs:\n    - name: tail\n      x: *a',
    'fluent-bit',
    'conf/in, line 6: "a" is an alias',
  ],
  ['a section that is not closed', '<source>\n  @type tail\n', 'fluentd', 'conf/in, line 1: "<source>" is not closed'],
  [
    'sections closed out of order',
    '<match a>\n<buffer>\n</match>',
    'fluentd',
    'conf/in, line 3: "</match>" closes nothing: <buffer> of line 2 is open',
  ],
  ['an end without a beginning', '</match>', 'fluentd', 'conf/in, line 1: "</match>" closes nothing'],
  [
    'a quote that is not closed',
    '<source>\n  path "/srv\n</source>',
    'fluentd',
    `conf/in, line 2: "\\"/srv" has no closing quote`,
  ],
  ['JSON that is none', '{"logs": {', 'cloudwatch-agent', 'conf/in, line 1:'],
  [
    'no files',
    '{"agent": {}}',
    'cloudwatch-agent',
    'conf/in, line 1: "logs" has no logs.logs_collected.files.collect_list',
  ],
  [
    'no log driver',
    '{"containerDefinitions": [{"name": "a"}]}',
    'firelens',
    'conf/in, line 1: "logConfiguration" is missing',
  ],
  ['no variable', 'LLT_TAP_INTO 3', 'liblogtap', 'conf/in, line 1: "LLT_TAP_INTO 3" sets no variable'],
  ['a stream that does not exist', 'LLT_TAP_INTO=7', 'liblogtap', 'conf/in, line 1: "7" must be 0, 1, 2 or 3'],
  ['a peer without a port', 'SINK_FLUENT=fluentd', 'liblogtap', 'conf/in, line 1: "fluentd" must be host:port'],
  ['another format', 'hello', undefined, 'conf/in, line 1: "hello" begins no configuration'],
  ['bytes', '[INPUT]\n\0', 'fluent-bit', 'conf/in, line 2: "\\\\0" is no text'],
])('%s', (_, text, kind, message) => {
  const attempt = () => result(text, kind);
  expect(attempt).toThrow(message);
  // The rule is followed by a remedy, and the message is one line.
  expect(attempt).toThrow(/^[^\n]+\. [A-Z0-9][^\n]+$/);
});

test.each<[string, Kind]>([
  ['@INCLUDE in', 'fluent-bit'],
  ['@include in', 'fluentd'],
  ['includes: [in]\npipeline: {}', 'fluent-bit'],
])('files that include each other end in an error: %s', (text, kind) => {
  expect(() => result(text, kind, { files: filesOf({ 'conf/in': text }) })).toThrow('Remove the circle');
});

test('included files are read, relative to the including file, and their keys are listed with their place', () => {
  const files = filesOf({
    'conf/d/in.conf': '[INPUT]\n  Name tail\n  Path /srv/a.log\n',
    'conf/d/out.conf': '[OUTPUT]\n  Name stdout\n  Match *\n',
  });
  const { data, judged } = result('@INCLUDE d/*.conf\n', 'fluent-bit', { files });
  expect(data).toEqual({ sink: { stdout: {} }, streams: 'none', file: '/srv/a.log' });
  expect(judged.map(({ entry: { file, line, key } }) => `${file}:${line} ${key}`)).toContain('conf/d/in.conf:3 Path');
});

test('parsers of a file that the service names are read', () => {
  const files = filesOf({ 'conf/parsers.conf': '[PARSER]\n  Name first\n  Format regex\n  Regex ^\\d+\n' });
  const text =
    '[SERVICE]\n  Parsers_File parsers.conf\n[INPUT]\n  Name tail\n  Path /srv/a.log\n  Multiline On\n  Parser_Firstline first\n';
  expect(result(text, 'fluent-bit', { files }).data.events).toEqual({ pattern: '^\\d+' });
});

test('variables get values of the caller only', () => {
  const text = `[OUTPUT]\n  Name cloudwatch_logs\n  Match *\n  region \${REGION}\n  log_group_name \${GROUP}\n`;
  const { data, gaps } = result(text, 'fluent-bit', { env: { REGION: 'eu-west-1' } });
  expect(data.sink).toMatchObject({ cloudWatch: { region: 'eu-west-1', logGroup: 'CHANGE-ME' } });
  expect(gaps.map(({ property }) => property)).toContain('sink.cloudWatch.logGroup');
  const ruby = `<source>\n@type tail\npath "#{ENV['LOG']}"\ntag a\n</source>`;
  expect(result(ruby, 'fluentd', { env: { LOG: '/srv/a.log' } }).data.file).toBe('/srv/a.log');
});

test('a value cannot end the comment that shows it', () => {
  const { text } = result(
    '<source>\n  @type tail\n  path /srv/a.log\n  tag a\n  odd "x\\nsink: { file: {} }"\n</source>',
    'fluentd',
  );
  expect(text).not.toMatch(/^sink: \{ file/m);
});

test('any damaged sample gives a result or one error with its place, and loses no key', () => {
  const samples = [
    'fluent-bit-classic',
    'fluent-bit-yaml',
    'fluentd',
    'cloudwatch-agent',
    'firelens',
    'liblogtap',
  ].flatMap((kind) => samplesOf(kind).map(({ text }) => text));
  const damage = fc.record({
    text: fc.constantFrom(...samples),
    at: fc.nat(2000),
    cut: fc.nat(30),
    put: fc.constantFrom(
      '',
      '\n',
      '"',
      '{',
      '}',
      '<',
      '</a>',
      '[',
      '*',
      '${',
      '#{',
      '\\',
      '\u2028',
      '__proto__ x\n',
      '  constructor y\n',
    ),
  });
  fc.assert(
    fc.property(damage, ({ text, at, cut, put }) => {
      const damaged = text.slice(0, at) + put + text.slice(at + cut);
      try {
        const { judged } = result(damaged);
        for (const { text: reason } of judged) expect(reason.length).toBeGreaterThan(3);
      } catch (error) {
        expect((error as Error).name).toBe('MigrateError');
        expect((error as Error).message).toMatch(/^[^\n]*, line \d+: /);
      }
    }),
    { seed: 45, numRuns: 500 },
  );
});

test('a value of a key that is not carried over is shown in a harmless form alone: it may be a secret under any name', () => {
  const input = [
    '[INPUT]\n  Name tail\n  Path /var/log/a.log\n  Colour 9f86d081884c7d65\n  Shade 42\n  Place /srv/x.db',
    '[FILTER]\n  Name lua\n  Match *\n  script mask.lua\n  call hunter2',
    '[OUTPUT]\n  Name stdout\n  Match *\n  Flavour correct horse\n',
  ].join('\n');
  const { text, report } = result(input, 'fluent-bit');
  for (const secret of ['9f86d081884c7d65', 'hunter2', 'correct horse']) {
    expect(text).not.toContain(secret);
    expect(report).not.toContain(secret);
  }
  expect(report).toMatch(/Colour \(not shown\): /i);
  for (const shown of ['"42"', '"/srv/x.db"', '"mask.lua"']) expect(report).toContain(shown);
});

test.each<[string, string, Kind | undefined, string]>([
  [
    'values of a chart of Helm',
    'config:\n  inputs: |\n    [INPUT]\n        Name tail\n',
    undefined,
    'conf/in, line 1: "config:" begins values of a chart, which hold parts of a configuration. Render the chart',
  ],
  [
    'a Kustomization',
    'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n',
    undefined,
    'Render it and give the result: kubectl kustomize DIRECTORY | logtap migrate -',
  ],
])('%s is an error that says how to render it', (_, text, kind, message) => {
  expect(() => result(text, kind)).toThrow(message);
});

test('match_regex selects by an expression of tags: a filter of one file does not drop records of another', () => {
  const input = (name: string) => `[INPUT]\n  Name tail\n  Path /srv/${name}.log\n  Tag ${name}.x\n`;
  const filter = '[FILTER]\n  Name grep\n  Match_Regex ^one\\.\n  Exclude log health\n';
  const { data, judged } = result(`${input('one')}${input('two')}${filter}[OUTPUT]\n  Name stdout\n  Match *\n`);
  expect(data.rules).toEqual(['drop file=/srv/one.log text~/health/']);
  expect(judged.filter(({ fate }) => fate === 'not carried over')).toEqual([]);
});

test('sections in <worker> of Fluentd are those of the pipeline', () => {
  const source = '<source>\n  @type tail\n  path /srv/a.log\n  tag a\n</source>\n';
  const text = `<worker 0-1>\n${source}</worker>\n<match a>\n  @type stdout\n</match>\n`;
  expect(result(text).data).toEqual({ sink: { stdout: {} }, streams: 'none', file: '/srv/a.log' });
});

test.each<[string, string, string]>([
  [
    'fluent-bit',
    `[INPUT]\n  Name tail\n  Path /srv/a.log\n[OUTPUT]\n  Name cloudwatch_logs\n  Match *\n  region r\n  log_key log\n  log_group_name g\n  log_stream_prefix \${NODE_NAME}-\n`,
    '{node}-{pod}/{container}',
  ],
  [
    'fluentd',
    `<source>\n@type tail\npath /srv/a.log\ntag a\n</source>\n<match a>\n@type cloudwatch_logs\nregion r\nlog_group_name g\nlog_stream_name "app-#{Socket.gethostname}"\n</match>\n`,
    'app-{pod}',
  ],
])('names of the pod in a log stream become placeholders: %s', (_, text, logStream) => {
  const { data, judged } = result(text);
  expect(data.sink).toMatchObject({ cloudWatch: { logStream } });
  expect(judged.filter(({ fate }) => fate === 'not carried over')).toEqual([]);
});

test.each([
  ['Regex level (WARN|ERROR)', 'drop level!=warn level!=error'],
  ['Regex level ^error$', 'drop level!=error'],
  ['Exclude level debug', 'drop level=debug'],
  ['Exclude level ^(trace|debug)$', 'drop level<=debug'],
  ['Exclude level INFO|DEBUG', 'drop level>=debug level<=info'],
  // One rule cannot have a gap, and two would be joined by `logical_op and`.
  ['Exclude level (debug|error)', undefined],
  ['Regex level WARN.*', undefined],
])('levels by their names: %s', (key, rule) => {
  const { data, judged } = result(
    `[INPUT]\n  Name tail\n  Path /srv/a.log\n[FILTER]\n  Name grep\n  Match *\n  ${key}\n[OUTPUT]\n  Name stdout\n  Match *\n`,
  );
  expect(data.rules).toEqual(rule === undefined ? undefined : [rule]);
  const left = judged.filter(({ fate }) => fate === 'not carried over').map(({ entry }) => entry.key);
  expect(left).toEqual(rule === undefined ? [key.split(' ')[0]] : []);
});

test('container definitions alone, as Terraform has them', () => {
  const options = { 'awslogs-group': '/shop', 'awslogs-region': 'eu-central-1' };
  const text = JSON.stringify([{ name: 'a', image: 'a:1', logConfiguration: { logDriver: 'awslogs', options } }]);
  const { data, judged } = result(text);
  expect(data.sink).toMatchObject({ cloudWatch: { logGroup: '/shop' } });
  expect(judged).toHaveLength(5);
});

test('the file of a <secondary> is needless: nothing is given up', () => {
  const output = '@type stdout\n<secondary>\n@type file\npath /tmp/failed\n</secondary>';
  const { judged } = result(`<source>\n@type tail\npath /srv/a.log\ntag a\n</source>\n<match a>\n${output}\n</match>`);
  expect(judged.filter(({ fate }) => fate === 'not carried over')).toEqual([]);
});
