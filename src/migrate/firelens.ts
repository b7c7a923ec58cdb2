/** An ECS task definition, or a `logConfiguration` alone: options of FireLens are the keys of an output of Fluent Bit or Fluentd. */
import { isSeq } from 'yaml';
import { type Data, Description, type Selection } from './description.js';
import { readFilter } from './fluent-bit/filters.js';
import { readOutput as readFluentBitOutput } from './fluent-bit/outputs.js';
import { Parsers } from './fluent-bit/parsers.js';
import type { Input } from './fluent-bit/read.js';
import { readOutput as readFluentdOutput } from './fluentd/outputs.js';
import { patternOf } from './fluentd/sources.js';
import { type Entry, MigrateError, type Section } from './input.js';
import { Plugin } from './plugin.js';
import { WHY } from './reasons.js';
import { put } from './sinks/cloudwatch.js';
import { items, member, Tree } from './tree.js';
import type { Verdicts } from './verdicts.js';

export function readFireLens({ file, text, variables }: Input, verdicts: Verdicts): Description {
  const tree = new Tree(file, text, 'JSON');
  // The output of the command line tool has the definition in `taskDefinition`.
  const task = member(tree.root, 'taskDefinition') ?? tree.root;
  const prefix = task === tree.root ? '' : 'taskDefinition.';
  // Terraform has the list alone.
  const list = isSeq(tree.root) ? tree.root : member(task, 'containerDefinitions');
  const hasTask = list !== undefined;
  const listed = hasTask ? items(list) : [task];
  const to = new Description();
  const containers = listed.map((node, index) => {
    const owner = hasTask ? `containerDefinitions[${index}]` : '';
    const entries = tree
      .leaves(node, '', owner)
      .map((entry) => ({ ...entry, value: substitutedBy(entry.value, variables) }));
    return { file, line: tree.lineOf(node), name: 'container', argument: owner, entries, sections: [] };
  });
  const top: Section = { file, line: 1, name: 'task', argument: '', entries: [], sections: [] };
  if (hasTask && list !== tree.root)
    top.entries.push(
      ...tree.leaves(tree.root, '').filter(({ key }) => !key.startsWith(`${prefix}containerDefinitions.`)),
    );
  verdicts.register(top, ...containers);
  const isFluentd = containers.some(({ entries }) =>
    entries.some(({ key, value }) => key === 'firelensConfiguration.type' && value === 'fluentd'),
  );
  for (const container of containers) readContainer(new Plugin(container, verdicts), isFluentd, to);
  if (to.outputs.every(({ sink, section }) => sink === undefined && section.entries.length === 0))
    throw new MigrateError(
      { file, line: 1 },
      'logConfiguration',
      'is missing or has no driver that can be carried over',
      'Give a container with logDriver awsfirelens or awslogs',
    );
  const ofTask = 'it describes the task, not its logs';
  for (const entry of top.entries) verdicts.needless(entry, ofTask);
  return to;
}

const substitutedBy = (value: string, variables: ReadonlyMap<string, string>) =>
  value.replace(/\$\{([^}]+)\}/g, (whole, name: string) => variables.get(name) ?? whole);

function readContainer(plugin: Plugin, isFluentd: boolean, to: Description): void {
  const { section, verdicts } = plugin;
  const isRouter = section.entries.some(({ key }) => key.startsWith('firelensConfiguration.'));
  const values = new Map(section.entries.map(({ key, value }) => [key, value]));
  const prefix = values.has('logConfiguration.logDriver') ? 'logConfiguration.' : '';
  const driver = plugin.entry(`${prefix}logDriver`);
  if (isRouter) readRouter(plugin);
  else if (driver?.value === 'awsfirelens') readOptions(plugin, prefix, isFluentd, to);
  else if (driver?.value === 'awslogs') readAwsLogs(plugin, prefix, to);
  else if (driver) {
    verdicts.left(driver, `the log driver '${driver.value}' has no counterpart`);
    const tag = source(section, to);
    to.outputs.push({ selection: only(tag), name: driver.value, section: { ...section, entries: [] } });
  }
  if (!isRouter && values.has('image') && values.has('name'))
    to.containers.push({ name: values.get('name')!, image: values.get('image')! });
  for (const entry of section.entries) {
    if (verdicts.isJudged(entry)) continue;
    if (!isRouter && /^(name|image)$/.test(entry.key))
      verdicts.carried(entry, 'containers of the Deployment (-o typescript)');
    else if (!entry.key.startsWith('logConfiguration') && prefix !== '')
      verdicts.needless(
        entry,
        isRouter ? 'the shipper replaces the log router' : 'it describes the container, not its logs',
      );
  }
}

function readRouter({ section, verdicts }: Plugin): void {
  for (const entry of section.entries) {
    if (/^firelensConfiguration\.options\.config-file/.test(entry.key))
      verdicts.left(entry, 'a configuration of its own: migrate that file, too');
    else if (/^firelensConfiguration\.options\.enable-ecs-log-metadata/.test(entry.key))
      verdicts.needless(entry, WHY.pod);
    else verdicts.needless(entry, 'the shipper replaces the log router');
  }
}

const only = (tag: string): Selection => ({ text: tag, matches: (each) => each === tag });

/** A tag that Fluent Bit would have given to the streams of a container. */
function source(section: Section, to: Description, events?: Data, eventEntries: readonly Entry[] = []): string {
  const name = section.entries.find(({ key }) => key === 'name')?.value;
  const tag = `${section.argument || 'container'}-firelens`;
  to.sources.push({
    tag,
    paths: [],
    excluded: [],
    streams: 'both',
    ...(name === undefined ? {} : { containers: [name] }),
    ...(events === undefined ? {} : { events }),
    eventEntries,
    section: { ...section, entries: [] },
  });
  return tag;
}

function readOptions(plugin: Plugin, prefix: string, isFluentd: boolean, to: Description): void {
  const { section, verdicts } = plugin;
  const tag = source(section, to);
  verdicts.carried(plugin.entry(`${prefix}logDriver`)!, 'streams=both');
  const options = optionsOf(section, `${prefix}options.`);
  const secrets = secretOptions(plugin, prefix);
  const inner: Section = {
    ...section,
    name: 'output',
    entries: [...options.map(({ named }) => named), ...secrets.map(({ named }) => named)],
  };
  verdicts.register(inner);
  const output = new Plugin(inner, verdicts);
  fireLensKeys(output, to, tag);
  const before = to.outputs.length;
  if (isFluentd) readFluentdOutput(output, only(tag), to);
  else readFluentBitOutput(output, to);
  verdicts.leaveRest(inner, 'logtap migrate does not know this option');
  const made = to.outputs[before];
  if (made) to.outputs[before] = { ...made, selection: only(tag) };
}

/** Options of FireLens, with the keys of the plugin as their names. They are the entries of the container, so that each has one verdict. */
function optionsOf(section: Section, prefix: string): { named: Entry }[] {
  const found: { named: Entry }[] = [];
  for (const [index, entry] of section.entries.entries()) {
    if (!entry.key.startsWith(prefix)) continue;
    const named = entry as { -readonly [K in keyof Entry]: Entry[K] };
    named.key = entry.key.slice(prefix.length);
    section.entries[index] = named;
    found.push({ named });
  }
  return found;
}

/** Secrets of the task, by the names of their options. */
function secretOptions({ section, verdicts }: Plugin, prefix: string): { named: Entry }[] {
  const found: { named: Entry }[] = [];
  for (const entry of section.entries) {
    const [, index] = new RegExp(`^${prefix.replace('.', '\\.')}secretOptions\\.(\\d+)\\.name$`).exec(entry.key) ?? [];
    const from = index && section.entries.find(({ key }) => key === `${prefix}secretOptions.${index}.valueFrom`);
    if (!from) continue;
    verdicts.needless(entry, 'see its valueFrom');
    const named = from as { -readonly [K in keyof Entry]: Entry[K] };
    named.key = entry.value;
    found.push({ named });
  }
  return found;
}

/** Options that FireLens itself reads. */
function fireLensKeys(output: Plugin, to: Description, tag: string): void {
  output.needless('log-driver-buffer-limit', 'the ring of a process holds what it writes (LOGTAP_RING_BYTES)');
  for (const [key, name] of [
    ['exclude-pattern', 'Exclude'],
    ['include-pattern', 'Regex'],
  ] as const) {
    const entry = output.entry(key);
    if (entry === undefined) continue;
    const grep: Section = {
      ...output.section,
      name: 'filter',
      entries: [
        { ...entry, key: 'Name', value: 'grep' },
        { ...entry, key: name, value: `log ${entry.value}` },
      ],
      sections: [],
    };
    const before = to.filters.length;
    const scratch = new Plugin(grep, output.verdicts);
    readFilter(scratch, to, new Parsers([], output.verdicts));
    const made = to.filters[before]!;
    to.filters[before] = { ...made, selection: only(tag), section: { ...output.section, entries: [entry] } };
    if (made.drops.length > 0) output.verdicts.carried(entry, `rules: drop ${made.drops[0]}`);
    else output.verdicts.left(entry, 'a rule cannot have this expression');
    output.verdicts.forget(grep);
  }
}

/** The log driver of CloudWatch Logs. */
function readAwsLogs(plugin: Plugin, prefix: string, to: Description): void {
  const { section, verdicts } = plugin;
  const name = 'sink.cloudWatch';
  const key = (option: string) => `${prefix}options.${option}`;
  const pattern = plugin.entry(key('awslogs-multiline-pattern'));
  const tag = source(section, to, pattern && patternOf(pattern, verdicts), pattern && [pattern]);
  verdicts.carried(plugin.entry(`${prefix}logDriver`)!, name);
  const sink = {
    logGroup: to.required(`${name}.logGroup`, plugin.text(key('awslogs-group'), `${name}.logGroup`), 'CHANGE-ME'),
    region: to.required(`${name}.region`, plugin.text(key('awslogs-region'), `${name}.region`), 'us-east-1'),
    createLogGroup: plugin.flag(key('awslogs-create-group'), `${name}.createLogGroup`) ?? false,
  };
  const stream = plugin.text(key('awslogs-stream-prefix'), `${name}.logStream, with the pod in place of the task`);
  put(sink, 'logStream', stream === undefined ? undefined : `${stream}/{container}/{pod}`);
  plugin.left(key('awslogs-datetime-format'), 'write an expression of the first line into events.pattern');
  plugin.needless(
    `${key('mode')} ${key('max-buffer-size')}`,
    'the library never waits, and the ring of a process holds what it writes',
  );
  to.outputs.push({
    selection: only(tag),
    sink: { cloudWatch: sink },
    section: { ...section, entries: section.entries.filter((entry) => entry.key.includes('awslogs')) },
  });
}
