/** Configurations in ConfigMaps: files that include each other across keys, lists, and the stream of a rendered chart. */
import { stringify } from 'yaml';
import type { Kind } from '../../../src/cli/migrate/migrate-module.js';
import { migrate } from '../../../src/migrate/main.js';

const noFiles = { read: () => undefined, match: () => [] };

const result = (text: string, kind?: Kind) =>
  migrate({
    ...(kind ? { kind } : {}),
    file: 'in.yaml',
    text,
    files: noFiles,
    variables: new Map(),
    output: 'yaml',
  });

const configMap = (name: string, data: Readonly<Record<string, string>>, namespace?: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...(namespace ? { namespace } : {}) },
  data,
});

const stream = (...objects: readonly object[]) => objects.map((object) => stringify(object)).join('---\n');

const TAIL = '[INPUT]\n    Name tail\n    Path /srv/app.log\n    Tag app\n';
const STDOUT = '[OUTPUT]\n    Name stdout\n    Match *\n';
const FLUENTD =
  '<source>\n  @type tail\n  path /srv/app.log\n  tag app\n</source>\n<match **>\n  @type stdout\n</match>\n';
const AGENT = JSON.stringify({
  agent: { region: 'eu-central-1' },
  logs: { logs_collected: { files: { collect_list: [{ file_path: '/srv/app.log', log_group_name: '/shop' }] } } },
});
const OF_TAIL = { sink: { stdout: {} }, streams: 'none', file: '/srv/app.log' };
const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'orders' }, spec: { ports: [{ port: 80 }] } };

test.each<[string, Kind, object, object]>([
  ['fluent-bit.conf', 'fluent-bit', configMap('logs', { 'fluent-bit.conf': `${TAIL}${STDOUT}` }), OF_TAIL],
  ['fluent.conf', 'fluentd', configMap('logs', { 'fluent.conf': FLUENTD }), OF_TAIL],
  [
    'cwagentconfig.json',
    'cloudwatch-agent',
    configMap('logs', { 'cwagentconfig.json': AGENT }),
    {
      sink: { cloudWatch: { logGroup: '/shop', region: 'eu-central-1' } },
      streams: 'none',
      file: '/srv/app.log',
    },
  ],
])('a ConfigMap with %s, in YAML and in JSON', (_, kind, object, data) => {
  for (const text of [stringify(object), JSON.stringify(object)]) {
    const migrated = result(text);
    expect(migrated).toMatchObject({ kind, data });
    // The agent has defaults of its own.
    expect(Object.keys(migrated.data)).toEqual(Object.keys(data));
  }
});

test('@INCLUDE and the file of parsers are other keys of the ConfigMap, and each verdict names the key', () => {
  const { data, judged } = result(
    stringify(
      configMap(
        'logs',
        {
          'fluent-bit.conf': '[SERVICE]\n    Parsers_File parsers.conf\n@INCLUDE input-*.conf\n@INCLUDE output.conf\n',
          'input-app.conf': `${TAIL}    Multiline On\n    Parser_Firstline first\n`,
          'output.conf': STDOUT,
          'parsers.conf': '[PARSER]\n    Name first\n    Format regex\n    Regex ^\\d{4}-\n',
        },
        'shop',
      ),
    ),
  );
  expect(data).toEqual({ ...OF_TAIL, events: { pattern: '^\\d{4}-' } });
  const places = judged.map(({ entry: { file, line, key } }) => `${file}:${line} ${key}`);
  expect(places).toContain('ConfigMap/shop/logs/input-app.conf:3 Path');
  expect(places).toContain('ConfigMap/shop/logs/parsers.conf:4 Regex');
  expect(judged.filter(({ fate }) => fate === 'not carried over')).toEqual([]);
});

test('`includes` of the YAML format are other keys of the ConfigMap', () => {
  const { data } = result(
    stringify(
      configMap('logs', {
        'fluent-bit.yaml': 'includes:\n  - inputs.yaml\n  - outputs.yaml\n',
        'inputs.yaml': 'pipeline:\n  inputs:\n    - name: tail\n      path: /srv/app.log\n      tag: app\n',
        'outputs.yaml': "pipeline:\n  outputs:\n    - name: stdout\n      match: '*'\n",
      }),
    ),
  );
  expect(data).toEqual(OF_TAIL);
});

test('@include of Fluentd leads to other keys', () => {
  const [source = '', match = ''] = FLUENTD.split(/(?=<match)/);
  const { data } = result(
    stringify(
      configMap('logs', {
        'fluent.conf': '@include tail.conf\n@include out.conf\n',
        'tail.conf': source,
        'out.conf': match,
      }),
    ),
  );
  expect(data).toEqual(OF_TAIL);
});

test.each([
  [
    'a List',
    stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [service, configMap('logs', { 'fluent-bit.conf': `${TAIL}${STDOUT}` })],
    }),
  ],
  [
    'a ConfigMapList whose items have no kind',
    stringify({
      apiVersion: 'v1',
      kind: 'ConfigMapList',
      items: [{ metadata: { name: 'logs' }, data: { 'a.conf': `${TAIL}${STDOUT}` } }],
    }),
  ],
  [
    'the stream of a rendered chart',
    `---\n# Source: shop/templates/service.yaml\n${stringify(service)}---\n# Source: shop/templates/empty.yaml\n---\n# Source: shop/templates/logs.yaml\n${stringify(configMap('logs', { 'fluent-bit.conf': `${TAIL}${STDOUT}` }))}---\n${stringify(configMap('settings', { 'application.properties': 'a=b', 'logback.xml': '<?xml version="1.0"?>\n<configuration>\n<filter>\n</filter>\n</configuration>', 'otel.yaml': 'receivers: {}\nservice:\n  pipelines: {}\n' }))}`,
  ],
  [
    'a Secret',
    stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'logs' },
      data: { 'fluent-bit.conf': Buffer.from(`${TAIL}${STDOUT}`).toString('base64') },
    }),
  ],
])('%s', (_, text) => {
  expect(result(text).data).toEqual(OF_TAIL);
});

test('keys of Fluentd that no other key includes are one configuration, in the order of their names', () => {
  const [source = '', match = ''] = FLUENTD.split(/(?=<match)/);
  const { data, judged, report } = result(
    stringify(
      configMap('logs', {
        'notes.txt': 'none',
        'output.conf': match,
        'containers.input.conf': source,
        'system.conf': '<system>\n  workers 2\n</system>\n',
      }),
    ),
  );
  expect(data).toEqual(OF_TAIL);
  expect(judged.map(({ entry: { file, key } }) => `${file} ${key}`)).toContain('ConfigMap/logs/system.conf workers');
  expect(report).toContain('  ConfigMap/logs/notes.txt\n');
});

test('the mounts of a container lead to included files, and its variables have values, but not those of secrets', () => {
  const pod = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'orders' },
    spec: {
      template: {
        spec: {
          containers: [
            {
              name: 'fluent-bit',
              env: [
                { name: 'REGION', value: 'eu-west-1' },
                { name: 'API_TOKEN', value: 'hunter2' },
                { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
              ],
              volumeMounts: [
                { name: 'main', mountPath: '/fluent-bit/etc/' },
                { name: 'parts', mountPath: '/fluent-bit/etc/conf.d' },
                { name: 'more', mountPath: '/opt/out.conf', subPath: 'nested.conf' },
              ],
            },
          ],
          volumes: [
            { name: 'main', configMap: { name: 'main' } },
            { name: 'parts', projected: { sources: [{ configMap: { name: 'parts' } }] } },
            { name: 'more', configMap: { name: 'more', items: [{ key: 'out', path: 'nested.conf' }] } },
          ],
        },
      },
    },
  };
  const out = `[OUTPUT]\n    Name cloudwatch_logs\n    Match *\n    region \${REGION}\n    log_group_name /shop\n    log_key log\n    extra \${API_TOKEN}\n`;
  const { data, text, report } = result(
    stream(
      configMap('main', {
        'fluent-bit.conf': '@INCLUDE conf.d/*.conf\n@INCLUDE /opt/out.conf\n',
        'mask.lua': 'function mask() end',
      }),
      configMap('parts', { 'in.conf': TAIL }),
      configMap('more', { out }),
      pod,
    ),
    'fluent-bit',
  );
  expect(data).toEqual({
    sink: { cloudWatch: { logGroup: '/shop', region: 'eu-west-1', createLogGroup: false } },
    streams: 'none',
    file: '/srv/app.log',
  });
  expect(`${text}${report}`).not.toContain('hunter2');
});

test('files are those that the application opens, by the volume that it shares with the sidecar', () => {
  const mounts = (...all: readonly (readonly [name: string, mountPath: string, subPath?: string])[]) =>
    all.map(([name, mountPath, subPath]) => ({ name, mountPath, ...(subPath ? { subPath } : {}) }));
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'orders' },
    spec: {
      containers: [
        { name: 'orders', volumeMounts: mounts(['logs', '/app/logs', 'orders']) },
        { name: 'fluent-bit', volumeMounts: mounts(['logs', '/logs/'], ['config', '/fluent-bit/etc']) },
      ],
      volumes: [
        { name: 'logs', emptyDir: {} },
        { name: 'config', configMap: { name: 'logs' } },
      ],
    },
  };
  const tail =
    '[INPUT]\n    Name tail\n    Path /logs/orders/*.log,/var/log/own.log\n    Exclude_Path /logs/orders/gc.log\n';
  const { data, text } = result(stream(configMap('logs', { 'fluent-bit.conf': `${tail}${STDOUT}` }), pod));
  expect(data).toEqual({
    sink: { stdout: {} },
    streams: 'none',
    file: '/app/logs/*.log:/var/log/own.log',
    rules: ['drop file=/app/logs/gc.log'],
  });
  expect(text).toContain('#   /logs/orders/*.log is /app/logs/*.log\n');
});

test('files of the ConfigMap that nothing includes are listed', () => {
  const { text, report } = result(
    stringify(configMap('logs', { 'fluent-bit.conf': `${TAIL}${STDOUT}`, 'mask.lua': 'function mask() end' })),
  );
  for (const list of [text, report]) expect(list).toContain('ConfigMap/logs/mask.lua');
});

test('the environment of a container and of its sidecar in a manifest', () => {
  const { kind, data } = result(
    stream(service, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'orders' },
      spec: {
        template: {
          spec: {
            containers: [
              { name: 'orders', env: [{ name: 'LLT_TAP_INTO', value: '1' }] },
              { name: 'sidecar', env: [{ name: 'SINK_FLUENT', value: 'fluentd:24224' }] },
            ],
          },
        },
      },
    }),
  );
  expect({ kind, data }).toEqual({
    kind: 'liblogtap',
    data: { sink: { tcp: { host: 'fluentd', port: 24224 } }, streams: 'stdout' },
  });
});

test.each<[string, string, Kind | undefined, RegExp]>([
  [
    'no ConfigMap',
    stream(service),
    undefined,
    /^in\.yaml, line 1: "Service\/orders" has no configuration that logtap migrate knows in a ConfigMap\. Give the ConfigMap/,
  ],
  [
    'a ConfigMap with parsers alone',
    stream(configMap('logs', { 'parsers.conf': '[PARSER]\n    Name a\n    Format json\n' })),
    undefined,
    /"ConfigMap\/logs" has no configuration/,
  ],
  [
    'another tool than --from',
    stream(configMap('logs', { 'fluent-bit.conf': `${TAIL}${STDOUT}` })),
    'fluentd',
    /has no configuration of fluentd in a ConfigMap/,
  ],
  [
    'two configurations of one tool',
    stream(configMap('a', { 'fluent-bit.conf': TAIL }), configMap('b', { 'fluent-bit.conf': TAIL })),
    undefined,
    /"2 configurations" are in the objects: ConfigMap\/a\/fluent-bit\.conf, ConfigMap\/b\/fluent-bit\.conf\. Give one of these objects/,
  ],
  [
    'two configurations in one ConfigMap',
    stream(configMap('a', { 'one.conf': TAIL, 'two.conf': TAIL })),
    undefined,
    /Write one of them into a file, and give that file$/,
  ],
  [
    'configurations of two tools',
    stream(configMap('a', { 'fluent-bit.conf': TAIL }), configMap('b', { 'fluent.conf': FLUENTD })),
    undefined,
    /Give --from fluent-bit or fluentd$/,
  ],
  [
    'a missing included file',
    stream(configMap('a', { 'fluent-bit.conf': `${TAIL}@INCLUDE output.conf\n` })),
    undefined,
    /^ConfigMap\/a\/fluent-bit\.conf, line 5: "output\.conf" is included, but .* Give a stream that has the file/,
  ],
  [
    'a pattern that no file matches',
    stream(configMap('a', { 'fluent-bit.conf': `${TAIL}@INCLUDE out-*.conf\n` })),
    undefined,
    /line 5: "out-\*\.conf" is included, but no file matches ConfigMap\/a\/out-\*\.conf\. /,
  ],
  [
    'files that include each other',
    stream(configMap('a', { 'one.conf': `${TAIL}@INCLUDE two.conf\n`, 'two.conf': `${STDOUT}@INCLUDE one.conf\n` })),
    undefined,
    /Remove the circle$/,
  ],
  [
    'a template whose names are YAML',
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata: {}\n',
    undefined,
    /"name: \{\{ \.Release\.Name \}\}" is a template of Helm/,
  ],
  [
    'a chart that was not rendered',
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-logs\ndata: {}\n',
    undefined,
    /^in\.yaml, line 4: "name: \{\{ \.Release\.Name \}\}-logs" is a template of Helm\. Render the chart/,
  ],
  [
    'YAML that is none',
    'apiVersion: v1\nkind: ConfigMap\ndata: [\n',
    undefined,
    /^in\.yaml, line \d: .* is no valid YAML/,
  ],
])('%s', (_, text, kind, message) => {
  expect(() => result(text, kind)).toThrow(message);
});

test('of two configurations in a ConfigMap, that with the name of the image is the one, and the other is listed', () => {
  const { data, report } = result(
    stream(configMap('a', { 'debug.conf': `${TAIL}${STDOUT}`, 'fluent-bit.conf': `${TAIL}${STDOUT}` })),
  );
  expect(data).toEqual(OF_TAIL);
  expect(report).toContain('ConfigMap/a/debug.conf');
});

test('--from chooses among configurations of two tools', () => {
  const text = stream(configMap('a', { 'fluent-bit.conf': TAIL }), configMap('b', { 'fluent.conf': FLUENTD }));
  expect(result(text, 'fluentd').data).toEqual(OF_TAIL);
});
