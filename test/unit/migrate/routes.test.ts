/** Several outputs, filters and multiline rules that tags tell apart: what is exact is carried over, and the rest is listed by tag. */
import { recordRules } from '../../../src/catalog/values/record-rules.js';
import { propsOf } from '../../../src/cli/config.js';
import { migrate } from '../../../src/migrate/main.js';

function result(text: string) {
  const files = { read: () => undefined, match: () => [] };
  const migrated = migrate({ file: 'in', text, files, variables: new Map(), output: 'yaml' });
  // `logtap inject` accepts it.
  propsOf(structuredClone(migrated.data));
  const left = migrated.judged.filter(({ fate }) => fate === 'not carried over');
  const [, routes = ''] = /^records that go elsewhere than before:\n((?: {2}.*\n)+)/m.exec(migrated.report) ?? [];
  return { ...migrated, left, routes: routes.trim() === '' ? [] : routes.trim().split(/\n\s+/) };
}

const tail = (path: string, tag: string, ...more: string[]) =>
  ['[INPUT]', 'Name tail', `Path ${path}`, `Tag ${tag}`, ...more].join('\n');
const output = (match: string, ...keys: string[]) => ['[OUTPUT]', ...keys, `Match ${match}`].join('\n');
const group = (name: string) => [
  'Name cloudwatch_logs',
  'region eu-central-1',
  `log_group_name ${name}`,
  'log_key log',
];
const bit = (...sections: string[]) => sections.join('\n');
const sinkOf = (name: string) => ({
  cloudWatch: { logGroup: name, region: 'eu-central-1', createLogGroup: false },
});

test('log groups of one name in two accounts are two: the list tells them apart by their roles', () => {
  const role = (account: string) => `arn:aws:iam::${account}:role/logs`;
  const { data, routes } = result(
    bit(
      tail('/srv/app.log', 'app'),
      tail('/srv/access.log', 'access'),
      output('app', ...group('/shop'), `role_arn ${role('111122223333')}`),
      output('access', ...group('/shop'), `role_arn ${role('444455556666')}`),
    ),
  );
  expect(data).toMatchObject({ sink: { cloudWatch: { logGroup: '/shop', roleArn: role('111122223333') } } });
  expect(routes).toEqual([
    `/srv/access.log (tag 'access'): not to cloudWatch /shop as ${role('444455556666')}, but to cloudWatch /shop as ${role('111122223333')}`,
  ]);
});

test('two log groups by tag: the first is the sink, and the list names the other tag, its file and both groups', () => {
  const { data, left, routes, text } = result(
    bit(
      tail('/srv/app.log', 'app.main'),
      tail('/srv/access.log', 'access.main'),
      output('app.*', ...group('/shop/app')),
      output('access.*', ...group('/shop/access')),
    ),
  );
  expect(data).toMatchObject({ sink: sinkOf('/shop/app'), file: '/srv/app.log:/srv/access.log' });
  const route = `/srv/access.log (tag 'access.main'): not to cloudWatch /shop/access, but to cloudWatch /shop/app`;
  expect(routes).toEqual([route]);
  expect(text).toContain(`#   ${route}`);
  // The region is the same for both, so that it is carried over.
  expect(left.map(({ entry: { line, key } }) => `${line} ${key}`)).toEqual([
    '14 Match',
    '16 Name',
    '18 log_group_name',
    '20 Match',
  ]);
  expect(left.at(-1)?.text).toContain("the records of 'access.*' go where those of 'app.*' go");
});

test('of two outputs of one kind, that for most records is the sink, since a kind of sink can be there once', () => {
  const { data, routes } = result(
    bit(
      tail('/srv/app.log', 'app'),
      tail('/srv/access.log', 'access'),
      output('access', ...group('/shop/access')),
      output('*', ...group('/shop/all')),
    ),
  );
  expect(data.sink).toEqual(sinkOf('/shop/all'));
  expect(routes).toEqual([`/srv/access.log (tag 'access'): not to cloudWatch /shop/access`]);
});

test('a group for both, with two streams: only the second stream is missing', () => {
  const { data, left } = result(
    bit(
      tail('/srv/app.log', 'app'),
      tail('/srv/access.log', 'access'),
      output('app', ...group('/shop'), 'log_stream_name app'),
      output('access', ...group('/shop'), 'log_stream_name access'),
    ),
  );
  expect(data.sink).toEqual({ cloudWatch: { ...sinkOf('/shop').cloudWatch, logStream: 'app' } });
  expect(left.map(({ entry: { key } }) => key)).toEqual(['Match', 'Name', 'log_stream_name', 'Match']);
});

test('outputs of two kinds for two tags are two sinks, and the list says which records go to both', () => {
  const { data, routes } = result(
    bit(
      tail('/srv/app.log', 'app'),
      tail('/srv/access.log', 'access'),
      output('app', ...group('/shop')),
      output('access', 'Name tcp', 'Host collector', 'Port 5170', 'Format json_lines'),
    ),
  );
  expect(Object.keys(data.sink as object)).toEqual(['all']);
  expect(routes).toEqual([
    `/srv/app.log (tag 'app'): to tcp collector:5170`,
    `/srv/access.log (tag 'access'): to cloudWatch /shop`,
  ]);
});

test('records of an output without a sink go to the others, which the list says', () => {
  const { routes } = result(
    bit(
      tail('/srv/app.log', 'app'),
      tail('/srv/access.log', 'access'),
      output('app', ...group('/shop')),
      output('access', 'Name kafka', 'Brokers kafka:9092'),
    ),
  );
  expect(routes).toEqual([`/srv/access.log (tag 'access'): not to kafka, but to cloudWatch /shop`]);
});

test.each([
  ['discards', output('access', 'Name null')],
  ['does not take', '# nothing'],
])('a file whose records every output %s is not captured, as its records went nowhere', (_, last) => {
  const { data, routes, left } = result(
    bit(tail('/srv/app.log', 'app'), tail('/srv/access.log', 'access'), output('app', ...group('/shop')), last),
  );
  expect({ data, routes, left }).toEqual({
    data: { sink: sinkOf('/shop'), streams: 'none', file: '/srv/app.log' },
    routes: [],
    left: [],
  });
});

test('a filter that changes tags: outputs of the new tag are sinks, which get every record', () => {
  const rewrite = '[FILTER]\nName rewrite_tag\nMatch app\nRule $log (ERROR) errors.$TAG false';
  const { data, left, routes } = result(
    bit(rewrite, tail('/srv/app.log', 'app'), output('errors.*', ...group('/shop/errors'))),
  );
  expect(data).toMatchObject({ sink: sinkOf('/shop/errors'), file: '/srv/app.log' });
  expect(left.map(({ entry: { key } }) => key)).toEqual(['Name', 'Match', 'Rule', 'Match']);
  expect(routes).toEqual([`/srv/app.log (tag 'app'): all, not a part, to cloudWatch /shop/errors`]);
});

test('Fluentd: two match sections, and one for a tag of rewrite_tag_filter', () => {
  const { data, routes } = result(`
<source>
  @type tail
  path /srv/app.log
  tag app
</source>
<source>
  @type tail
  path /srv/access.log
  tag access
</source>
<match app>
  @type rewrite_tag_filter
  <rule>
    key log
    pattern /ERROR/
    tag errors.\${tag}
  </rule>
</match>
<match errors.**>
  @type opensearch
  host search
  index_name errors
</match>
<match access>
  @type opensearch
  host search
  index_name access
</match>`);
  expect(data).toMatchObject({
    sink: { openSearch: { url: 'http://search:9200', index: 'errors' } },
    file: '/srv/app.log:/srv/access.log',
  });
  expect(routes).toEqual([
    `/srv/app.log (tag 'app'): all, not a part, to openSearch http://search:9200 errors`,
    `/srv/access.log (tag 'access'): not to openSearch http://search:9200 access, but to openSearch http://search:9200 errors`,
  ]);
});

test('CloudWatch agent: two groups, of which the list names the second with its file', () => {
  const list = ['app', 'access'].map((name) => ({ file_path: `/srv/${name}.log`, log_group_name: `/shop/${name}` }));
  const { routes } = result(
    JSON.stringify({ agent: { region: 'eu-central-1' }, logs: { logs_collected: { files: { collect_list: list } } } }),
  );
  expect(routes).toEqual([
    expect.stringMatching(
      /^\/srv\/access\.log \(tag .*\): not to cloudWatch \/shop\/access, but to cloudWatch \/shop\/app$/,
    ),
  ]);
});

/** An ECS task with containers that log by the driver awslogs or by FireLens. */
const task = (...containers: readonly [name: string, log: object | undefined][]) =>
  JSON.stringify({
    containerDefinitions: containers.map(([name, logConfiguration]) => ({
      name,
      image: `${name}:1`,
      ...(logConfiguration ? { logConfiguration } : {}),
    })),
  });
const awslogs = (more: object) => ({
  logDriver: 'awslogs',
  options: { 'awslogs-group': '/shop', 'awslogs-region': 'eu-central-1', 'awslogs-create-group': 'true', ...more },
});

test('multiline patterns of two containers are those of the containers', () => {
  const { data, left } = result(
    task(
      ['orders', awslogs({ 'awslogs-multiline-pattern': '^\\d{4}-' })],
      ['nginx', awslogs({})],
      ['batch', awslogs({ 'awslogs-multiline-pattern': '^JOB ' })],
    ),
  );
  expect(data.events).toBeUndefined();
  expect(data.perContainer).toEqual({
    orders: { events: { pattern: '^\\d{4}-' } },
    batch: { events: { pattern: '^JOB ' } },
  });
  expect(left).toEqual([]);
});

test('an exclusion of one container is a rule for that container', () => {
  const firelens = (more: object) => ({ logDriver: 'awsfirelens', options: { Name: 'stdout', ...more } });
  const { data } = result(task(['orders', firelens({ 'exclude-pattern': 'health' })], ['nginx', firelens({})]));
  expect(data.rules).toEqual(['drop stream!=file container=orders text~/health/']);
});

test('a container whose output was not collected is not tapped', () => {
  expect(result(task(['orders', awslogs({})], ['helper', undefined])).data.containers).toEqual(['orders']);
  expect(result(task(['orders', awslogs({})])).data.containers).toBeUndefined();
});

test('inputs by the names of containers: filters are rules for them', () => {
  const { data } = result(
    bit(
      tail('/var/log/containers/*_shop_orders-*.log', 'kube.orders'),
      tail('/var/log/containers/*_shop_nginx-*.log', 'kube.nginx'),
      '[FILTER]\nName grep\nMatch kube.nginx\nExclude log health',
      output('*', ...group('/shop')),
    ),
  );
  expect(data).toEqual({
    sink: sinkOf('/shop'),
    streams: 'both',
    containers: ['orders', 'nginx'],
    rules: ['drop stream!=file container=nginx text~/health/'],
  });
});

test('a filter for records that no rule can tell from others is not carried over: it would drop those as well', () => {
  const filter = '[FILTER]\nName grep\nMatch one\nExclude log health';
  for (const [one, two] of [
    ['/var/log/containers/orders*.log', '/var/log/containers/nginx*.log'],
    ['/srv/*.log', '/srv/access.log'],
  ] as const) {
    const { data, left } = result(bit(tail(one, 'one'), tail(two, 'two'), filter, output('*', ...group('/shop'))));
    expect(data.rules).toBeUndefined();
    expect(left.map(({ text }) => text)).toContain(
      "it applies to 'one' only, and no condition of a rule tells those records from those of 'two'",
    );
  }
});

test('a pattern of the first line for one of two files is not carried over: it would join all lines of the other', () => {
  const parser =
    '[MULTILINE_PARSER]\nName dated\nType regex\nRule "start_state" "/^\\d{4}-/" "cont"\nRule "cont" "/^\\s/" "cont"';
  const { data, left } = result(
    bit(
      parser,
      tail('/srv/app.log', 'app', 'multiline.parser dated'),
      tail('/srv/access.log', 'access'),
      output('*', ...group('/shop')),
    ),
  );
  expect(data.events).toBeUndefined();
  expect(left.map(({ text }) => text).join('\n')).toContain("events.pattern would join the lines of 'access'");
});

test('a tag made of paths has many values: an output for some of them is a sink, and the source is captured', () => {
  const { data, left, routes } = result(
    bit(
      tail('/var/log/containers/*.log', 'kube.*'),
      tail('/srv/app.log', 'app'),
      output('kube.var.log.containers.orders-*', ...group('/shop')),
      output('app', ...group('/shop')),
    ),
  );
  expect(data).toEqual({ sink: sinkOf('/shop'), streams: 'both', file: '/srv/app.log' });
  expect(left.map(({ entry: { key } }) => key)).toEqual(['Match']);
  expect(routes).toEqual([
    "standard streams (tag 'kube.var.log.containers.*.log'): all, not a part, to cloudWatch /shop",
  ]);
});

test('Fluentd: a part of the records that an output discards is listed', () => {
  const { data, left } = result(`
<source>
  @type tail
  path /var/log/containers/*.log
  tag kubernetes.*
</source>
<match kubernetes.var.log.containers.fluentd**>
  @type null
</match>
<match kubernetes.**>
  @type stdout
</match>`);
  expect(data).toEqual({ sink: { stdout: {} }, streams: 'both' });
  expect(left.map(({ text }) => text)).toEqual([
    expect.stringMatching(/^it discards a part of the records of standard streams/),
  ]);
});

const grepFor = (match: string) => ['[FILTER]', 'Name grep', `Match ${match}`, 'Exclude log debug'].join('\n');
const stdout = output('*', 'Name stdout');

test.each([
  ['/srv/a[0-9].log', '/srv/a5.log'],
  ['/srv/a*', '/srv/*b'],
])('%s and %s may be one file: a filter of one of them is not carried over', (one, other) => {
  const { data, left } = result(bit(tail(one, 'a'), tail(other, 'b'), grepFor('a'), stdout));
  expect(data.rules).toBeUndefined();
  expect(left.map(({ entry: { key } }) => key)).toContain('Exclude');
});

test('a filter of files in a set of characters applies to them', () => {
  const { data } = result(bit(tail('/srv/a[0-9].log', 'a'), tail('/srv/b5.log', 'b'), grepFor('a'), stdout));
  const [rule] = recordRules((data.rules as string[]).join(';'));
  const condition = rule!.conditions.find(({ of }) => of === 'file') as { glob: { matches(path: string): boolean } };
  expect(['/srv/a5.log', '/srv/b5.log'].map((path) => condition.glob.matches(path))).toEqual([true, false]);
});

test('two stars of Fluent Bit are one', () => {
  expect(result(bit(tail('/srv/**/a.log', 'a'), stdout)).data.file).toBe('/srv/*/a.log');
});

test('a star of an exclusion matches directories', () => {
  const { data } = result(bit(tail('/srv/*', 'a', 'Exclude_Path *.gz,/srv/old*'), stdout));
  expect(data.rules).toEqual(['drop file=**/*.gz', 'drop file=/srv/old**/*']);
});

test('files that one input leaves out stay where another reads them', () => {
  const gz = tail('/var/backup/*.gz', 'b');
  const { data } = result(bit(tail('/srv/*', 'a', 'Exclude_Path *.gz'), gz, stdout));
  expect(data.rules).toEqual(['drop file=/srv/* file=**/*.gz']);
  const same = result(bit(tail('/srv/*', 'a', 'Exclude_Path *.gz'), tail('/srv/a*', 'b'), stdout));
  expect(same.data.rules).toBeUndefined();
  expect(same.left.map(({ entry: { key } }) => key)).toEqual(['Exclude_Path']);
});

describe('a tag for each container', () => {
  const inGroup = (name: string, more: object = {}) => awslogs({ 'awslogs-group': name, ...more });

  test('containers of a task with log groups of their own have sinks of their own, and no route changes', () => {
    const { data, left, routes, judged } = result(
      task(
        ['orders', inGroup('/shop')],
        ['nginx', inGroup('/access', { 'awslogs-multiline-pattern': '^\\d' })],
        ['batch', inGroup('/shop')],
      ),
    );
    const of = (logGroup: string) => ({ cloudWatch: { logGroup, region: 'eu-central-1', createLogGroup: true } });
    expect(data).toMatchObject({
      sink: of('/shop'),
      perContainer: { nginx: { sink: of('/access'), events: { pattern: '^\\d' } } },
    });
    expect([left, routes]).toEqual([[], []]);
    const groups = judged.filter(({ entry }) => entry.key.endsWith('awslogs-group'));
    expect(groups.map(({ text }) => text)).toEqual([
      'sink.cloudWatch.logGroup',
      'perContainer.nginx.sink.cloudWatch.logGroup',
      'sink.cloudWatch.logGroup',
    ]);
  });

  const [orders, nginx] = ['orders', 'nginx'].map((name) => `/var/log/containers/*_shop_${name}-*.log`);

  test('two outputs of one kind, by the tags of inputs of one container each', () => {
    const { data, left, routes } = result(
      bit(
        tail(orders!, 'app'),
        tail(nginx!, 'access'),
        output('access', ...group('/access')),
        output('app', ...group('/shop')),
        output('*', 'Name tcp', 'Host collector', 'Port 5170', 'Format json_lines'),
      ),
    );
    const tcp = { tcp: { host: 'collector', port: 5170 } };
    expect(data).toMatchObject({
      sink: { all: [sinkOf('/shop'), tcp] },
      perContainer: { nginx: { sink: { all: [sinkOf('/access'), tcp] } } },
    });
    expect([left, routes]).toEqual([[], []]);
  });

  test('a chart has the sink of the container as code', () => {
    const text = task(['orders', inGroup('/shop')], ['nginx', inGroup('/access')]);
    const files = { read: () => undefined, match: () => [] };
    const chart = migrate({ file: 'in', text, files, variables: new Map(), output: 'typescript' });
    expect(chart.text).toContain("perContainer: { nginx: { sink: Sink.cloudWatch({ logGroup: '/access',");
  });

  test.each([
    ['a file is read by each container', [tail('/srv/access.log', 'access')], []],
    ['one container has two groups', [tail(nginx!, 'access')], [output('access', ...group('/other'))]],
    ['an output takes a part', [tail(nginx!, 'kube.*')], [output('kube.var.log.containers.x*', ...group('/other'))]],
    ['an output has no sink', [tail(nginx!, 'access')], [output('access', 'Name kafka', 'Brokers kafka:9092')]],
    ['an output discards', [tail(nginx!, 'access')], [output('access', 'Name null')]],
    ['one container has two tags', [tail(nginx!, 'access'), tail(nginx!, 'again')], [output('again', ...group('/b'))]],
  ])('not where %s', (_why, inputs, outputs) => {
    const { data } = result(
      bit(
        tail(orders!, 'app'),
        ...inputs,
        ...[output('app', ...group('/shop')), output('access', ...group('/access')), ...outputs],
      ),
    );
    expect(data).not.toHaveProperty('perContainer');
  });
});
