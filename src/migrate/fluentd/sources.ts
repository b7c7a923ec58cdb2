/** Sources of Fluentd: files, and the log of the container. */
import { CONTAINER_LOG, containersIn } from '../container-log.js';
import type { Data, Description } from '../description.js';
import { expression } from '../expressions.js';
import type { Entry, Section } from '../input.js';
import { Plugin } from '../plugin.js';
import { WHY } from '../reasons.js';
import { ofPaths } from '../tags/match.js';
import type { Verdicts } from '../verdicts.js';

export function readSource(plugin: Plugin, to: Description): void {
  const { section, verdicts } = plugin;
  const type = plugin.entry('@type') ?? plugin.entry('type');
  if (type?.value !== 'tail') {
    verdicts.leaveRest(
      section,
      `the source '${type?.value ?? ''}' reads no log of an application that the library captures`,
    );
    return;
  }
  verdicts.carried(type, 'file and streams: the library captures the writes');
  const tag = plugin.entry('tag');
  const { all, paths, excluded, streams, containers } = pathsOf(plugin);
  const { events, entries } = parseSections(section, verdicts);
  const expanded = ofPaths(tag?.value ?? '', all);
  to.sources.push({
    tag: expanded,
    paths,
    excluded,
    ...(streams ? { streams: 'both' as const } : {}),
    ...(containers ? { containers } : {}),
    ...(events ? { events } : {}),
    eventEntries: entries,
    section,
  });
  if (tag) verdicts.needless(tag, 'a record has no tag; filters and outputs are matched by it here');
  plugin.needless('@label', 'filters and outputs of the label are matched here');
  plugin.needless('@id @log_level id', WHY.ownLog);
  plugin.needless('pos_file pos_file_compaction_interval follow_inodes open_on_every_update', WHY.position);
  plugin.needless('rotate_wait enable_watch_timer enable_stat_watcher limit_recently_modified', WHY.rotation);
  plugin.needless('refresh_interval skip_refresh_on_startup', WHY.discovery);
  plugin.needless(
    'read_from_head read_lines_limit read_bytes_limit_per_second multiline_flush_interval emit_unmatched_lines',
    WHY.whole,
  );
  plugin.needless('max_line_size', WHY.lines);
  plugin.needless('path_key', 'a record has the path of its file');
  plugin.needless('path_timezone ignore_repeated_permission_error', WHY.discovery);
  const encoding = plugin.entry('from_encoding');
  const charset = plugin.text('from_encoding', 'text.charset');
  plugin.needless('encoding', 'messages become UTF-8');
  if (charset !== undefined && encoding) characterSet(charset, encoding, to, verdicts);
}

/** A name that the shipper does not know would stop it. */
function characterSet(name: string, entry: Entry, to: Description, verdicts: Verdicts): void {
  const known = name.toLowerCase();
  try {
    new TextDecoder(known);
    to.properties.set('text.charset', known);
  } catch {
    verdicts.left(entry, 'text.charset takes a name of the Encoding Standard, such as windows-1252');
  }
}

function pathsOf(plugin: Plugin) {
  const split = (entry: Entry | undefined): string[] => {
    if (entry === undefined || plugin.isEmbedded(entry)) return [];
    const written = entry.value.startsWith('[')
      ? listOf(entry.value)
      : entry.value.split(',').map((path) => path.trim());
    // A path with a date is that of the day.
    return written.map((path) => path.replace(/%[A-Za-z](?:[._-]?%[A-Za-z])*/g, '*'));
  };
  const entry = plugin.entry('path');
  const all = split(entry);
  const unfit = all.find((path) => !path.startsWith('/') || /[:%]/.test(path));
  const streams = all.some((path) => CONTAINER_LOG.test(path));
  const paths = all.filter((path) => !CONTAINER_LOG.test(path) && path.startsWith('/') && !/[:%]/.test(path));
  if (entry && unfit !== undefined)
    plugin.verdicts.left(
      entry,
      `'${unfit}' is no absolute path without a colon: write the path, as the application opens it, into \`file\``,
    );
  else if (entry && all.length > 0)
    plugin.verdicts.carried(
      entry,
      [streams && 'streams=both', paths.length > 0 && 'file'].filter(Boolean).join(' and '),
    );
  const exclusion = plugin.entry('exclude_path');
  const patterns = split(exclusion);
  const excluded = patterns.filter((path) => path.startsWith('/') && !CONTAINER_LOG.test(path) && !/["\n]/.test(path));
  if (exclusion && patterns.length > 0) {
    if (excluded.length === patterns.length) plugin.verdicts.carried(exclusion, 'rules: drop file=...');
    else
      plugin.verdicts.left(exclusion, 'a tap has the containers of its own pod only: name them in excludeContainers');
  }
  return { all, paths, excluded, streams, containers: containersIn(all) };
}

/** Strings of a list in JSON. */
export function listOf(text: string): string[] {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.map(String) : [];
  } catch {
    return text
      .replace(/^\[|\]$/g, '')
      .split(',')
      .map((each) => each.trim().replace(/^["']|["']$/g, ''));
  }
}

const KNOWN = /^(json|none|nginx|apache2?|apache_error|syslog|logfmt|ltsv|multi_format|cri|docker)$/;

/** `<parse>` sections: which lines are one record, and whether the shipper reads the same fields. */
function parseSections(section: Section, verdicts: Verdicts): { events?: Data; entries: Entry[] } {
  let events: Data | undefined;
  const entries: Entry[] = [];
  // Fluentd 0.12 has the keys of a parser in the source.
  const old: Section = {
    ...section,
    entries: section.entries.filter(({ key }) => /^(format\w*|time_format|time_key|keep_time_key|types)$/.test(key)),
    sections: [],
  };
  const parsers = [
    ...section.sections.filter(({ name }) => name === 'parse'),
    ...(old.entries.length > 0 ? [old] : []),
  ];
  for (const each of parsers) {
    const parser = new Plugin(each, verdicts);
    const first = parser.entry('format_firstline');
    if (first) {
      events = patternOf(first, verdicts) ?? events;
      entries.push(first);
    }
    fieldsOf(parser);
  }
  for (const other of section.sections.filter(({ name }) => name !== 'parse'))
    verdicts.leaveRest(other, `sections <${other.name}> have no counterpart`);
  return { ...(events ? { events } : {}), entries };
}

/** The first line of each record. */
export function patternOf(entry: Entry, verdicts: Verdicts): Data | undefined {
  const pattern = expression(entry.value);
  if ('not' in pattern) {
    verdicts.left(entry, pattern.not);
    return undefined;
  }
  verdicts.carried(entry, 'events.pattern');
  return { pattern: pattern.is };
}

/** The fields of a parser. */
export function fieldsOf(parser: Plugin): void {
  const type = parser.entry('@type') ?? parser.entry('format') ?? parser.entry('type');
  const kind = type?.value ?? '';
  if (type && /^(cri|docker)$/.test(kind)) parser.verdicts.needless(type, WHY.envelope);
  else if (type && kind === 'none') parser.verdicts.needless(type, 'the text of a record is its message');
  else if (type && kind === 'multiline') parser.verdicts.carried(type, 'events.pattern');
  else if (type && KNOWN.test(kind)) parser.verdicts.carried(type, 'fields.fromText, which is the default');
  else if (type) parser.verdicts.left(type, WHY.fields);
  parser.needless(
    'keep_time_key time_type message_key null_value_pattern null_empty_string estimate_current_event timeout json_parser stream_buffer_size merge_cri_fields',
    'the text of a record stays whole',
  );
  parser.left(
    'time_key time_format timezone utc localtime',
    'a record has the time of its write; with fields.time=text it has the time in its text, if the shipper knows the layout',
  );
  for (const { key } of parser.section.entries)
    if (/^(expression|format\d+|types|ignorecase|multiline)$/.test(key)) parser.left(key, WHY.fields);
  for (const inner of parser.section.sections) fieldsOf(new Plugin(inner, parser.verdicts));
}
