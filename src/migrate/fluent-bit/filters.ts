/** Filters of Fluent Bit. */
import type { Data, Description, Filter } from '../description.js';
import { condition, constant, rate, unquoted } from '../filters.js';
import type { Entry } from '../input.js';
import { isOn, type Plugin } from '../plugin.js';
import { WHY } from '../reasons.js';
import { ofKeys } from '../tags/match.js';
import type { Parsers } from './parsers.js';

interface Result {
  drops?: string[];
  constants?: Data;
  rateLimit?: string;
  events?: Data;
}

/** @param selection the records of the filter, if its keys do not tell them */
export function readFilter(plugin: Plugin, to: Description, parsers: Parsers, selection = ofKeys(plugin)): void {
  const name = plugin.entry('name');
  const kind = name?.value.toLowerCase() ?? '';
  const read = Object.hasOwn(FILTERS, kind) ? FILTERS[kind] : undefined;
  if (name === undefined || read === undefined) {
    plugin.verdicts.leaveRest(plugin.section, `the filter '${name?.value ?? ''}' has no counterpart: ${WHY.stage}`);
    return;
  }
  const { drops = [], constants = {}, rateLimit, events } = read(plugin, parsers, to);
  const isEmpty =
    drops.length === 0 && Object.keys(constants).length === 0 && rateLimit === undefined && events === undefined;
  for (const each of [name, selection.entry]) {
    if (each === undefined || plugin.verdicts.isJudged(each)) continue;
    if (isEmpty) plugin.verdicts.needless(each, 'see the keys of the filter');
    else plugin.verdicts.carried(each, 'see the keys of the filter');
  }
  plugin.needless('alias log_level', WHY.ownLog);
  const filter: Filter = {
    selection,
    drops,
    constants,
    ...(rateLimit ? { rateLimit } : {}),
    ...(events ? { events } : {}),
    section: plugin.section,
  };
  to.filters.push(filter);
}

const FILTERS: Readonly<Record<string, (plugin: Plugin, parsers: Parsers, to: Description) => Result>> = {
  grep: readGrep,
  record_modifier: readRecordModifier,
  modify: readModify,
  throttle: readThrottle,
  parser: readParser,
  multiline: readMultiline,
  kubernetes: readKubernetes,
  aws: (plugin) =>
    needlessFilter(plugin, 'the shipper needs no metadata of the instance: the pod and its node are on every record'),
  ecs: (plugin) => needlessFilter(plugin, 'the shipper runs in a pod; its names are on every record'),
  stdout: (plugin) => needlessFilter(plugin, '`logtap tail` and the console show records'),
};

function needlessFilter(plugin: Plugin, why: string): Result {
  for (const entry of plugin.section.entries) plugin.verdicts.needless(entry, why);
  return {};
}

/** Without `logical_op`, each expression decides by itself. */
function readGrep(plugin: Plugin): Result {
  const operation = plugin.entry('logical_op');
  const together = operation?.value.toLowerCase() ?? 'legacy';
  const conditionsOf = (entries: readonly Entry[], isDropped: boolean) =>
    entries.map((entry) => {
      const [, key = '', text = ''] = /^(\S+)\s+(.*)$/s.exec(entry.value) ?? [];
      return condition(entry, key, text, isDropped, plugin.verdicts);
    });
  const kept = conditionsOf(plugin.all('regex'), false);
  const dropped = conditionsOf(plugin.all('exclude'), true);
  const drops: string[] = [];
  const separate = (conditions: (string | undefined)[]) =>
    drops.push(...conditions.filter((each) => each !== undefined));
  const joined = (conditions: (string | undefined)[], entries: readonly Entry[]) => {
    if (conditions.length === 0) return;
    if (conditions.every((each) => each !== undefined)) drops.push(conditions.join(' '));
    // A part of the conditions would drop more records than the tool did.
    else
      for (const entry of entries)
        plugin.verdicts.left(entry, 'it decides together with an expression that is not carried over');
  };
  // Kept if one matches: dropped if none does. Dropped if all match.
  if (together === 'or') joined(kept, plugin.all('regex'));
  else separate(kept);
  if (together === 'and') joined(dropped, plugin.all('exclude'));
  else separate(dropped);
  if (operation) plugin.verdicts.carried(operation, 'rules');
  return { drops };
}

function readRecordModifier(plugin: Plugin): Result {
  const constants: Data = {};
  for (const entry of plugin.all('record')) {
    const [, key = '', value = ''] = /^(\S+)\s+(.*)$/s.exec(entry.value) ?? [];
    constant(entry, key, unquoted(value), constants, plugin.verdicts);
  }
  plugin.left('remove_key allowlist_key whitelist_key uuid_key', `a record keeps its text as it is: ${WHY.stage}`);
  return { constants };
}

function readModify(plugin: Plugin): Result {
  const constants: Data = {};
  const isConditional = plugin.all('condition').length > 0;
  for (const entry of [...plugin.all('add'), ...plugin.all('set')]) {
    const [, key = '', value = ''] = /^(\S+)\s+(.*)$/s.exec(entry.value) ?? [];
    if (isConditional) plugin.verdicts.left(entry, `it applies under a condition: ${WHY.stage}`);
    else constant(entry, key, unquoted(value), constants, plugin.verdicts);
  }
  plugin.left(
    'remove remove_wildcard remove_regex rename hard_rename copy hard_copy move_to_start move_to_end condition',
    `a record keeps its text as it is: ${WHY.stage}`,
  );
  return { constants };
}

/** The tool's limit is an average over a window; the shipper's is per unit of time. */
function readThrottle(plugin: Plugin): Result {
  const to = 'budget.rateLimit, of each stream';
  const records = plugin.number('rate', to) ?? 1;
  const interval = plugin.text('interval', to) ?? '1s';
  const [, digits = '0', unit = 's'] = /^(\d+)\s*([smhd]?)$/.exec(interval) ?? [];
  const seconds = Number(digits) * { s: 1, m: 60, h: 3600, d: 86_400, '': 1 }[unit as 's']!;
  const rateLimit = rate(records, seconds);
  plugin.needless('window', 'the limit holds in each unit of time, not on average over several');
  plugin.needless('print_status', 'withheld records are counted, and one record has their number');
  if (rateLimit !== undefined) return { rateLimit };
  plugin.left(
    'rate interval',
    'the rate is no whole number of records per second, minute or hour: set budget.rateLimit',
  );
  return {};
}

function readParser(plugin: Plugin, parsers: Parsers): Result {
  for (const entry of plugin.all('parser')) parsers.fields(entry);
  plugin.needless('key_name', 'fields are read from the text of a record');
  plugin.needless('preserve_key reserve_data unescape_key', 'the text and all fields of a record stay');
  return {};
}

function readMultiline(plugin: Plugin, parsers: Parsers): Result {
  let events: Data | undefined;
  for (const entry of plugin.all('multiline.parser'))
    for (const name of entry.value.split(',').map((each) => each.trim()))
      events = parsers.multiline(entry, name) ?? events;
  const mode = plugin.entry('mode');
  if (mode?.value === 'partial_message') plugin.verdicts.needless(mode, WHY.envelope);
  else if (mode) plugin.verdicts.needless(mode, 'the shipper joins lines by their text');
  plugin.needless('multiline.key_content', 'lines are joined by their text');
  plugin.needless('buffer emitter_name emitter_storage.type emitter_mem_buf_limit', WHY.batches);
  plugin.needless('flush_ms', 'a record waits for its next line for 1 second at most (events.idleMs)');
  return events === undefined ? {} : { events };
}

function readKubernetes(plugin: Plugin): Result {
  const named = plugin.entry('name')!;
  plugin.verdicts.needless(named, WHY.pod);
  for (const [key, property] of [
    ['labels', 'fields.podLabels'],
    ['annotations', 'fields.podAnnotations'],
  ] as const) {
    const entry = plugin.entry(key);
    if (entry && isOn(entry.value))
      plugin.verdicts.left(entry, `a record has the ${key} that you name: write their names into ${property}`);
    else if (entry) plugin.verdicts.needless(entry, `a record has no ${key} by default`);
  }
  const merge = plugin.entry('merge_log');
  if (merge) plugin.verdicts.carried(merge, 'fields.fromText, which is the default');
  plugin.needless('keep_log merge_log_key merge_log_trim', 'the text of a record stays, beside its fields');
  plugin.left(
    'k8s-logging.parser k8s-logging.exclude merge_parser',
    'annotations of Fluent Bit have no effect: use those of logtap (docs/reference/constructs.md#annotations)',
  );
  for (const { key } of plugin.section.entries) {
    if (
      /^(kube_|tls|buffer_size|dns_|dummy_meta|use_|kubelet_|cache_|regex_parser|owner_references|namespace_|aws_|set_platform)/i.test(
        key,
      )
    )
      plugin.needless(key, 'the names of the pod come from the Downward API, without a request to the API server');
  }
  return {};
}
