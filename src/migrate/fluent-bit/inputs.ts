/** Inputs of Fluent Bit: files, and the log of the container. */
import { CONTAINER_LOG, containersIn } from '../container-log.js';
import type { Data, Description } from '../description.js';
import type { Entry } from '../input.js';
import { mebibytes, type Plugin } from '../plugin.js';
import { WHY } from '../reasons.js';
import { ofPaths } from '../tags/match.js';
import type { Parsers } from './parsers.js';
import { readProcessors } from './processors.js';

export function readInput(plugin: Plugin, to: Description, parsers: Parsers): void {
  const name = plugin.entry('name');
  const kind = name?.value.toLowerCase() ?? '';
  const tag = plugin.entry('tag');
  if (name === undefined || kind !== 'tail') {
    const why = `the input '${name?.value ?? ''}' reads no log of an application that the library captures`;
    plugin.verdicts.leaveRest(plugin.section, why);
    return;
  }
  plugin.verdicts.carried(name, 'file and streams: the library captures the writes');
  const { all, paths, excluded, streams, containers } = pathsOf(plugin);
  const { events, entries } = eventsOf(plugin, parsers);
  to.sources.push({
    tag: (tag && ofPaths(tag.value, all)) ?? `tail.${to.sources.length}`,
    paths,
    excluded,
    ...(streams ? { streams: 'both' as const } : {}),
    ...(containers ? { containers } : {}),
    ...(events ? { events } : {}),
    eventEntries: entries,
    section: plugin.section,
  });
  if (tag) plugin.verdicts.needless(tag, 'a record has no tag; filters and outputs are matched by it here');
  buffers(plugin, to);
  const parser = plugin.entry('parser');
  if (parser) parsers.fields(parser);
  others(plugin);
  const made = to.sources.at(-1)!.tag;
  readProcessors(plugin, { text: made, matches: (each) => each === made }, to, parsers);
}

/** Paths of the key `path`, which has several separated by commas. */
function pathsOf(plugin: Plugin) {
  const entry = plugin.entry('path');
  // Its glob knows no `**`: two stars are one.
  const all =
    entry === undefined || plugin.isEmbedded(entry)
      ? []
      : entry.value.split(',').map((path) => path.trim().replace(/\*+/g, '*'));
  const unfit = all.find((path) => !path.startsWith('/') || path.includes(':'));
  const streams = all.some((path) => CONTAINER_LOG.test(path));
  const paths = all.filter((path) => !CONTAINER_LOG.test(path) && path.startsWith('/') && !path.includes(':'));
  if (entry && unfit !== undefined)
    plugin.verdicts.left(
      entry,
      `'${unfit}' is no absolute path without a colon: write the path, as the application opens it, into \`file\``,
    );
  else if (entry && all.length > 0) {
    const to = [streams && 'streams=both', paths.length > 0 && 'file'].filter(Boolean).join(' and ');
    plugin.verdicts.carried(entry, to);
  }
  const exclusion = plugin.entry('exclude_path');
  const patterns =
    exclusion === undefined || plugin.isEmbedded(exclusion)
      ? []
      : exclusion.value.split(',').map((path) => path.trim());
  // A star of an exclusion matches slashes, too: fnmatch() is called without FNM_PATHNAME.
  const excluded = patterns
    .filter((path) => !CONTAINER_LOG.test(path) && /^[^"\n]+$/.test(path))
    .map((path) => path.replace(/\*+/g, '**/*'));
  if (exclusion && patterns.length > 0) {
    if (excluded.length === patterns.length) plugin.verdicts.carried(exclusion, 'rules: drop file=...');
    else
      plugin.verdicts.left(exclusion, 'a tap has the containers of its own pod only: name them in excludeContainers');
  }
  return { all, paths, excluded, streams, containers: containersIn(all) };
}

function eventsOf(plugin: Plugin, parsers: Parsers): { events?: Data; entries: Entry[] } {
  const entries: Entry[] = [];
  let events: Data | undefined;
  for (const entry of plugin.all('multiline.parser')) {
    for (const name of entry.value.split(',').map((each) => each.trim()))
      events = parsers.multiline(entry, name) ?? events;
    entries.push(entry);
  }
  const first = plugin.entry('parser_firstline');
  const multiline = plugin.entry('multiline');
  if (first && multiline && /^(on|true)$/i.test(multiline.value)) {
    events = parsers.firstLine(first) ?? events;
    plugin.verdicts.needless(multiline, 'events.pattern has the expression of its parser');
    entries.push(first);
  } else if (first) plugin.verdicts.needless(first, 'multiline is off');
  else if (multiline) plugin.verdicts.needless(multiline, 'it has no parser of the first line');
  plugin.needless('multiline_flush', 'a record waits for its next line for 1 second at most (events.idleMs)');
  plugin.left('parser_1 parser_2 parser_3', WHY.fields);
  return { ...(events ? { events } : {}), entries };
}

function buffers(plugin: Plugin, to: Description): void {
  const limit = plugin.entry('mem_buf_limit');
  const size = limit && mebibytes(limit.value);
  if (limit && size !== undefined) {
    plugin.verdicts.needless(
      limit,
      'the memory of the sidecar limits the records in it (shipper.memoryBufferMiB), and a full buffer holds the writers back',
    );
  }
  const storage = plugin.entry('storage.type');
  if (storage?.value.toLowerCase() === 'filesystem') {
    to.properties.set('shipper.diskBufferMiB', to.properties.get('shipper.diskBufferMiB') ?? 1024);
    plugin.verdicts.carried(storage, 'shipper.diskBufferMiB');
  } else if (storage) plugin.verdicts.needless(storage, 'records are buffered in memory by default');
  plugin.needless('storage.pause_on_chunks_overlimit', 'a full buffer holds the writers back (LOGTAP_ON_FULL=block)');
}

function others(plugin: Plugin): void {
  plugin.needless('db db.sync db.locking db.journal_mode db.compare_filename', WHY.position);
  plugin.needless('rotate_wait ignore_older inotify_watcher truncate_long_lines keep_file_handle', WHY.rotation);
  plugin.needless('refresh_interval progress_check_interval progress_check_interval_nsec', WHY.discovery);
  plugin.needless(
    'read_from_head read_newly_discovered_files_from_head skip_empty_lines static_batch_size file_cache_advise',
    WHY.whole,
  );
  plugin.needless('buffer_chunk_size buffer_max_size skip_long_lines buffer_size', WHY.lines);
  plugin.needless('docker_mode docker_mode_flush docker_mode_parser', WHY.envelope);
  plugin.needless('path_key', 'a record has the path of its file');
  plugin.left('offset_key tag_regex ignore_active_older_files', 'a record has no offset and no tag');
  plugin.needless('key', 'the text of a record is its message');
  plugin.needless('threaded log_level log_suppress_interval alias', WHY.threads);
  const charset = plugin.entry('unicode.encoding') ?? plugin.entry('generic.encoding');
  if (charset) plugin.verdicts.left(charset, 'set text.charset to a name of the Encoding Standard');
}
