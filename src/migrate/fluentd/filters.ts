/** Filters of Fluentd. */
import type { Data, Description, Selection } from '../description.js';
import { condition, constant, rate } from '../filters.js';
import type { Entry, Section } from '../input.js';
import { Plugin } from '../plugin.js';
import { WHY } from '../reasons.js';
import type { Verdicts } from '../verdicts.js';
import { fieldsOf, patternOf } from './sources.js';

interface Result {
  drops?: string[];
  constants?: Data;
  rateLimit?: string;
  events?: Data;
}

export function readFilter(plugin: Plugin, selection: Selection, to: Description): void {
  const { section, verdicts } = plugin;
  const type = plugin.entry('@type') ?? plugin.entry('type');
  const kind = type?.value ?? '';
  const read = Object.hasOwn(FILTERS, kind) ? FILTERS[kind] : undefined;
  if (type === undefined || read === undefined) {
    verdicts.leaveRest(section, `the filter '${kind}' has no counterpart: ${WHY.stage}`);
    return;
  }
  const { drops = [], constants = {}, rateLimit, events } = read(plugin);
  if (!verdicts.isJudged(type)) verdicts.carried(type, 'see the keys of the filter');
  plugin.needless('@id @log_level', WHY.ownLog);
  to.filters.push({
    selection,
    drops,
    constants,
    ...(rateLimit ? { rateLimit } : {}),
    ...(events ? { events } : {}),
    section,
  });
}

const FILTERS: Readonly<Record<string, (plugin: Plugin) => Result>> = {
  grep: readGrep,
  record_transformer: readTransformer,
  record_modifier: readTransformer,
  throttle: readThrottle,
  parser: readParser,
  concat: readConcat,
  kubernetes_metadata: (plugin) => needlessFilter(plugin, `${WHY.pod}; fields.podLabels names labels that it also has`),
  stdout: (plugin) => needlessFilter(plugin, '`logtap tail` and the console show records'),
};

function needlessFilter({ section, verdicts }: Plugin, why: string): Result {
  const judge = ({ entries, sections }: Section): void => {
    for (const entry of entries) verdicts.needless(entry, why);
    sections.forEach(judge);
  };
  judge(section);
  return {};
}

/** Records match every `<regexp>` and no `<exclude>`; `<and>` and `<or>` join them otherwise. */
function readGrep(plugin: Plugin): Result {
  const { section, verdicts } = plugin;
  const drops: string[] = [];
  for (const inner of section.sections) {
    if (inner.name === 'regexp' || inner.name === 'exclude') {
      const made = conditionOf(inner, inner.name === 'exclude', verdicts);
      if (made !== undefined) drops.push(made);
    } else if (inner.name === 'and' || inner.name === 'or') drops.push(...joined(inner, verdicts));
  }
  // Fluentd 0.12 has regexp1 and exclude1.
  for (const entry of section.entries) {
    const [, kind] = /^(regexp|exclude)\d+$/.exec(entry.key) ?? [];
    const [, key = '', text = ''] = /^(\S+)\s+(.*)$/s.exec(entry.value) ?? [];
    const made = kind && condition(entry, key, text, kind === 'exclude', verdicts);
    if (made) drops.push(made);
  }
  return { drops };
}

function conditionOf(section: Section, isDropped: boolean, verdicts: Verdicts): string | undefined {
  const plugin = new Plugin(section, verdicts);
  const [key, pattern] = [plugin.entry('key'), plugin.entry('pattern')];
  if (key === undefined || pattern === undefined) return undefined;
  if (plugin.isEmbedded(pattern)) return undefined;
  const made = condition(pattern, key.value, pattern.value, isDropped, verdicts);
  if (made === undefined) verdicts.left(key, 'see its pattern');
  else verdicts.carried(key, 'rules');
  return made;
}

/** `<and>` of exclusions drops what all match; `<or>` of regexps drops what none matches. The others are separate. */
function joined(section: Section, verdicts: Verdicts): string[] {
  const made = section.sections.map((inner) => ({
    name: inner.name,
    text: conditionOf(inner, inner.name === 'exclude', verdicts),
  }));
  const together = made.filter(({ name }) => name === (section.name === 'and' ? 'exclude' : 'regexp'));
  const separate = made.filter((each) => !together.includes(each)).flatMap(({ text }) => text ?? []);
  if (together.length === 0) return separate;
  if (together.every(({ text }) => text !== undefined))
    return [together.map(({ text }) => text).join(' '), ...separate];
  verdicts.leaveAll(section, 'it decides together with an expression that is not carried over');
  return [];
}

function readTransformer(plugin: Plugin): Result {
  const { section, verdicts } = plugin;
  const constants: Data = {};
  for (const inner of section.sections.filter(({ name }) => name === 'record'))
    for (const entry of inner.entries) constant(entry, entry.key, entry.value, constants, verdicts);
  plugin.left(
    'remove_keys keep_keys whitelist_keys renew_record renew_time_key replace_keys_value',
    `a record keeps its text as it is: ${WHY.stage}`,
  );
  plugin.needless('enable_ruby auto_typecast char_encoding', 'constants are text, and Ruby is not evaluated');
  return { constants };
}

/** fluent-plugin-throttle: records per period and group. */
function readThrottle(plugin: Plugin): Result {
  const to = 'budget.rateLimit, of each stream';
  const records = plugin.number('group_bucket_limit', to) ?? 6000;
  const seconds = plugin.number('group_bucket_period_s', to) ?? 60;
  const rateLimit = rate(records, seconds);
  plugin.left('group_key', 'the limit holds for each stream, not by a field of a record');
  plugin.left('group_reset_rate_s', 'the limit holds in each unit of time, without a way back');
  plugin.needless(
    'group_drop_logs group_warning_delay_s',
    'withheld records are counted, and one record has their number',
  );
  if (rateLimit !== undefined) return { rateLimit };
  plugin.left(
    'group_bucket_limit group_bucket_period_s',
    'the rate is no whole number of records per second, minute or hour: set budget.rateLimit',
  );
  return {};
}

function readParser(plugin: Plugin): Result {
  plugin.needless('key_name', 'fields are read from the text of a record');
  plugin.needless(
    'reserve_data reserve_time remove_key_name_field replace_invalid_sequence inject_key_prefix hash_value_field emit_invalid_record_to_error',
    'the text and all fields of a record stay',
  );
  for (const section of plugin.section.sections.filter(({ name }) => name === 'parse'))
    fieldsOf(new Plugin(section, plugin.verdicts));
  const old = plugin.entry('format');
  if (old) plugin.verdicts.left(old, WHY.fields);
  return {};
}

/** fluent-plugin-concat: the start of a record decides; its end does not. */
function readConcat(plugin: Plugin): Result {
  const start: Entry | undefined = plugin.entry('multiline_start_regexp');
  const events = start && patternOf(start, plugin.verdicts);
  plugin.left(
    'multiline_end_regexp continuous_line_regexp n_lines',
    'a line that does not match events.pattern continues the record',
  );
  plugin.needless(
    'key separator flush_interval timeout_label use_first_timestamp keep_partial_key keep_partial_metadata stream_identity_key',
    'lines of a stream are joined by their text, with a line end between them',
  );
  plugin.needless(
    'partial_key partial_value use_partial_metadata use_partial_cri_logtag partial_cri_logtag_key partial_cri_stream_key partial_metadata_format',
    WHY.envelope,
  );
  return events === undefined ? {} : { events };
}
