/** The JSON configuration of the Amazon CloudWatch agent. Of it, `logs.logs_collected.files` is about logs of applications. */
import { type Data, Description } from './description.js';
import { expression, textCondition } from './expressions.js';
import type { Input } from './fluent-bit/read.js';
import { type Entry, MigrateError, type Section } from './input.js';
import { Plugin } from './plugin.js';
import { WHY } from './reasons.js';
import { assumedRole } from './sinks/assumed-role.js';
import { put } from './sinks/cloudwatch.js';
import { items, member, Tree } from './tree.js';
import type { Verdicts } from './verdicts.js';

const LIST = 'logs.logs_collected.files.collect_list';

export function readCloudWatchAgent({ file, text }: Input, verdicts: Verdicts): Description {
  const tree = new Tree(file, text, 'JSON');
  const files = member(member(member(tree.root, 'logs'), 'logs_collected'), 'files');
  const isInList = ({ key }: Entry) => key.startsWith(`${LIST}.`);
  const top = section(
    file,
    1,
    '',
    tree.leaves(tree.root, '').filter((entry) => !isInList(entry)),
  );
  const list = items(member(files, 'collect_list')).map((item, index) =>
    section(file, tree.lineOf(item), `${LIST}[${index}]`, tree.leaves(item, '', `${LIST}[${index}]`)),
  );
  if (list.length === 0)
    throw new MigrateError(
      { file, line: 1 },
      'logs',
      `has no ${LIST}`,
      'Only the files of an agent can be carried over',
    );
  verdicts.register(top, ...list);
  const to = new Description();
  const agent = new Plugin(top, verdicts);
  const defaults = defaultsOf(agent, to);
  for (const each of list) collect(new Plugin(each, verdicts), defaults, to);
  judgeRest(agent);
  return to;
}

const section = (file: string, line: number, argument: string, entries: Entry[]): Section => ({
  file,
  line,
  name: 'collect',
  argument,
  entries,
  sections: [],
});

interface Defaults {
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
  readonly roleArn: string | undefined;
  readonly stream: string | undefined;
  readonly service: string | undefined;
  readonly environment: string | undefined;
}

function defaultsOf(agent: Plugin, to: Description): Defaults {
  const region = agent.text('agent.region', 'sink.cloudWatch.region');
  const flush = agent.number('logs.force_flush_interval', 'LOGTAP_BATCH_LINGER_MS in shipper.settings');
  if (flush !== undefined)
    to.properties.set('shipper.settings', { LOGTAP_BATCH_LINGER_MS: String(Math.min(flush * 1000, 60_000)) });
  const endpoint = agent.text('logs.endpoint_override', 'sink.cloudWatch.endpoint');
  return {
    region,
    endpoint: endpoint === undefined || /^https?:/.test(endpoint) ? endpoint : `https://${endpoint}`,
    roleArn: roleOf(agent),
    stream: streamOf(agent, 'logs.log_stream_name'),
    service: agent.text('logs.service.name', 'sink.cloudWatch.service'),
    environment: agent.text('logs.deployment.environment', 'sink.cloudWatch.environment'),
  };
}

/** That of the logs overrides that of the agent. */
function roleOf(agent: Plugin): string | undefined {
  const ofLogs = 'logs.credentials.role_arn';
  const ofAgent = 'agent.credentials.role_arn';
  const isOwn = agent.entry(ofLogs) !== undefined;
  if (isOwn) agent.needless(ofAgent, `${ofLogs} overrides it`);
  const found: Data = {};
  assumedRole(agent, found, 'sink.cloudWatch', { role: isOwn ? ofLogs : ofAgent });
  return found.roleArn as string | undefined;
}

function collect(plugin: Plugin, defaults: Defaults, to: Description): void {
  const { verdicts, section } = plugin;
  const path = plugin.entry('file_path');
  const isUsable = path?.value.startsWith('/') && !/[:\n]/.test(path.value);
  if (path === undefined || !isUsable) {
    const why = `file_path ${path === undefined ? 'is missing' : 'is no absolute path of Linux without a colon'}: write the path, as the application opens it, into \`file\``;
    verdicts.leaveRest(section, why);
    return;
  }
  verdicts.carried(path, 'file');
  const events = eventsOf(plugin);
  to.filters.push(...filtersOf(plugin, path.value));
  to.sources.push({
    tag: section.argument,
    // Its `**` matches slashes within a name, too.
    paths: [path.value.replace(/\*\*+(?=[^/])/g, '**/*')],
    excluded: [],
    ...(events ? { events } : {}),
    eventEntries: plugin.all('multi_line_start_pattern'),
    section,
  });
  times(plugin, to);
  const sink = sinkOf(plugin, defaults, to);
  to.outputs.push({
    selection: { text: path.value, matches: (tag) => tag === section.argument },
    sink: { cloudWatch: sink },
    section: ofSink(section),
  });
  plugin.left(
    'blacklist',
    'an expression of names of files has no counterpart: write a rule, such as drop file=/var/log/app/*.gz',
  );
  plugin.left('trim_timestamp', 'a record keeps its text as it is');
  plugin.needless('publish_multi_logs', 'every file that matches `file` is captured');
  const removal = plugin.entry('auto_removal');
  if (removal?.value === 'true')
    verdicts.left(removal, 'the shipper removes no files; with suppressFile=true they stay empty');
  else if (removal) verdicts.needless(removal, 'the shipper removes no files');
  encodingOf(plugin, to);
}

/** Keys of the destination: they are not carried over with it. */
const ofSink = (section: Section): Section => ({
  ...section,
  entries: section.entries.filter(({ key }) => /^(log_|retention|service|deployment)/.test(key)),
});

function sinkOf(plugin: Plugin, defaults: Defaults, to: Description): Data {
  const name = 'sink.cloudWatch';
  const group = plugin.text('log_group_name', `${name}.logGroup`) ?? defaultGroup(plugin);
  const isPlain = group !== undefined && /^[\w./#-]{1,512}$/.test(group);
  if (group !== undefined && !isPlain)
    plugin.left(
      'log_group_name',
      'a placeholder of the agent has no counterpart in the name of a log group: write the name, or {label:NAME}, into sink.cloudWatch.logGroup',
    );
  const sink: Data = {
    logGroup: to.required(`${name}.logGroup`, isPlain ? group : undefined, 'CHANGE-ME'),
    region: to.required(`${name}.region`, defaults.region, 'us-east-1'),
  };
  put(sink, 'logStream', streamOf(plugin, 'log_stream_name') ?? defaults.stream);
  const days = plugin.entry('retention_in_days');
  if (days?.value === '-1')
    plugin.verdicts.needless(days, 'an existing group keeps its retention, and logs of a new one never expire');
  else put(sink, 'retentionDays', plugin.number('retention_in_days', `${name}.retentionDays`));
  put(sink, 'groupClass', plugin.text('log_group_class', `${name}.groupClass`)?.toUpperCase());
  put(sink, 'endpoint', defaults.endpoint);
  put(sink, 'roleArn', defaults.roleArn);
  put(sink, 'service', plugin.text('service.name', `${name}.service`) ?? defaults.service);
  if (sink.service !== undefined)
    put(sink, 'environment', plugin.text('deployment.environment', `${name}.environment`) ?? defaults.environment);
  return sink;
}

/** The agent derives the group from the path if there is none. */
const defaultGroup = (plugin: Plugin) =>
  plugin
    .all('file_path')[0]
    ?.value.replace(/[^\w./#-]/g, '')
    .replace(/\./g, '_');

/** Placeholders of the instance become those of the pod. */
function streamOf(plugin: Plugin, key: string): string | undefined {
  const entry = plugin.entry(key);
  if (entry === undefined) return undefined;
  const stream = entry.value.replace(/\{(instance_id|hostname|local_hostname)\}/g, '{pod}');
  const others = stream.replace(/\{(pod)\}/g, '');
  if (/[{}:*]/.test(others)) {
    plugin.verdicts.left(
      entry,
      'the placeholder has no counterpart: use {namespace}, {pod}, {node}, {container} and {stream} in sink.cloudWatch.logStream',
    );
    return undefined;
  }
  plugin.verdicts.carried(
    entry,
    stream === entry.value
      ? 'sink.cloudWatch.logStream'
      : 'sink.cloudWatch.logStream, with the pod in place of the instance',
  );
  return stream;
}

function eventsOf(plugin: Plugin): Data | undefined {
  const entry = plugin.entry('multi_line_start_pattern');
  if (entry === undefined) return undefined;
  if (entry.value === '{timestamp_format}') {
    const format = plugin.all('timestamp_format')[0]?.value;
    const pattern = format === undefined ? undefined : timePattern(format);
    if (pattern === undefined) {
      plugin.verdicts.left(
        entry,
        'the time format cannot be read: write an expression of the first line into events.pattern',
      );
      return undefined;
    }
    plugin.verdicts.carried(entry, 'events.pattern, from timestamp_format');
    return { pattern };
  }
  const made = expression(entry.value);
  if ('not' in made) {
    plugin.verdicts.left(entry, made.not);
    return undefined;
  }
  plugin.verdicts.carried(entry, 'events.pattern');
  return { pattern: made.is };
}

/** Codes of the agent's time formats. */
const CODES: Readonly<Record<string, string>> = {
  y: '\\d{2}',
  Y: '\\d{4}',
  m: '\\d{1,2}',
  d: '\\d{1,2}',
  '-m': '\\d{1,2}',
  '-d': '\\d{1,2}',
  B: '[A-Za-z]+',
  b: '[A-Za-z]{3}',
  A: '[A-Za-z]+',
  a: '[A-Za-z]{3}',
  H: '\\d{2}',
  I: '\\d{1,2}',
  '-I': '\\d{1,2}',
  M: '\\d{2}',
  '-M': '\\d{1,2}',
  S: '\\d{2}',
  '-S': '\\d{1,2}',
  f: '\\d{1,9}',
  L: '\\d{3}',
  p: '[AP]M',
  Z: '[A-Z]{2,5}',
  z: '[+-]\\d{2}:?\\d{2}',
};

/** An expression that matches times of a format. */
function timePattern(format: string): string | undefined {
  const parts = format.split(/(%-?[A-Za-z])/);
  const texts = parts.map((part, index) =>
    index % 2 === 0 ? part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&') : CODES[part.slice(1)],
  );
  return texts.some((text) => text === undefined) ? undefined : texts.join('');
}

function times(plugin: Plugin, to: Description): void {
  const format = plugin.entry('timestamp_format');
  const zone = plugin.entry('timezone');
  if (format === undefined) {
    if (zone) plugin.verdicts.needless(zone, 'it has no timestamp_format');
    return;
  }
  to.properties.set('fields.time', 'text');
  plugin.verdicts.carried(format, 'fields.time=text: the shipper knows the layout of the time by itself');
  if (zone?.value === 'UTC') plugin.verdicts.carried(zone, 'fields.timeZone=UTC, which is the default');
  else if (zone)
    plugin.verdicts.left(zone, 'write the name of the local zone, such as Europe/Berlin, into fields.timeZone');
}

/** Filters of a file: a record passes if each one lets it pass. */
function filtersOf(plugin: Plugin, path: string): Description['filters'] {
  const filters: Description['filters'] = [];
  for (const type of plugin.section.entries.filter(({ key }) => /^filters\.\d+\.type$/.test(key))) {
    const found = plugin.entry(type.key.replace(/type$/, 'expression'));
    if (found === undefined || !/^(include|exclude)$/.test(type.value)) continue;
    const made = expression(found.value);
    const condition = 'is' in made ? textCondition(type.value === 'exclude' ? '~' : '!~', made.is) : undefined;
    if (condition === undefined) {
      for (const entry of [type, found])
        plugin.verdicts.left(entry, 'not' in made ? made.not : 'a rule cannot have this expression');
      continue;
    }
    plugin.verdicts.carried(type, `rules: drop ${condition}`);
    plugin.verdicts.carried(found, `rules: drop ${condition}`);
    filters.push({
      selection: { text: path, matches: (tag) => tag === plugin.section.argument },
      drops: [condition],
      constants: {},
      section: { ...plugin.section, entries: [type, found] },
    });
  }
  return filters;
}

function encodingOf(plugin: Plugin, to: Description): void {
  const entry = plugin.entry('encoding');
  if (entry === undefined) return;
  try {
    to.properties.set('text.charset', new TextDecoder(entry.value).encoding);
    plugin.verdicts.carried(entry, 'text.charset');
  } catch {
    plugin.verdicts.left(entry, 'text.charset takes a name of the Encoding Standard, such as windows-1252');
  }
}

/** Parts of the agent that have nothing to do with logs of applications. */
function judgeRest({ section, verdicts }: Plugin): void {
  for (const entry of section.entries) {
    if (verdicts.isJudged(entry)) continue;
    const { key } = entry;
    if (
      /^agent\.(debug|logfile|quiet|aws_sdk_log_level|run_as_user|user_agent|metrics_collection_interval|internal|omit_hostname)/.test(
        key,
      )
    )
      verdicts.needless(entry, WHY.ownLog);
    else if (/^(metrics|traces)/.test(key))
      verdicts.left(entry, 'the shipper collects logs: keep an agent for metrics and traces');
    else if (/credentials|role_arn/.test(key)) verdicts.left(entry, WHY.identity);
    else if (/^logs\.(metrics_collected|logs_collected)/.test(key))
      verdicts.left(entry, 'the library captures writes of applications, and no other source');
    else if (/^logs\.concurrency/.test(key)) verdicts.needless(entry, WHY.threads);
  }
}
