/** Fluent Bit, in both of its formats, as a description of its pipeline. */
import { dirname, isAbsolute, join } from 'node:path';
import { Description } from '../description.js';
import type { Files, Section } from '../input.js';
import { Plugin } from '../plugin.js';
import { WHY } from '../reasons.js';
import { addTags } from '../tags/later-tags.js';
import { ofKeys } from '../tags/match.js';
import type { Verdicts } from '../verdicts.js';
import { readClassic } from './classic.js';
import { readFilter } from './filters.js';
import { readInput } from './inputs.js';
import { readOutput } from './outputs.js';
import { Parsers } from './parsers.js';
import { readYaml } from './yaml.js';

export interface Input {
  readonly file: string;
  readonly text: string;
  readonly files: Files;
  /** Values of variables that the caller gives. */
  readonly variables: ReadonlyMap<string, string>;
}

export function readFluentBit({ file, text, files, variables }: Input, verdicts: Verdicts): Description {
  const known = new Map(variables);
  const read = isYaml(text) ? readYaml : readClassic;
  const sections = read(file, text, files, known);
  for (const service of sections.filter(({ name }) => name === 'service'))
    sections.push(...parserFiles(service, files, known));
  return describe(sections, verdicts);
}

/** Classic files begin with a section or a command. */
export const isYaml = (text: string) => !/^\s*(\[[A-Za-z_]+\]?\s*$|@(set|include)\s)/im.test(text);

/** Fluent Bit reads parsers from files that the service names. */
function parserFiles(service: Section, files: Files, variables: Map<string, string>): Section[] {
  return service.entries
    .filter(({ key }) => /^parsers_file$/i.test(key))
    .flatMap(({ value }) => {
      const path = isAbsolute(value) ? value : join(dirname(service.file), value);
      const text = files.read(path);
      if (text === undefined) return [];
      return (isYaml(text) ? readYaml : readClassic)(path, text, files, variables);
    });
}

/** Sections that are not `parsers` of FireLens come from the same interpreter. */
export function describe(sections: readonly Section[], verdicts: Verdicts, to = new Description()): Description {
  verdicts.register(...sections);
  const parsers = new Parsers(sections, verdicts);
  for (const section of sections) {
    const plugin = new Plugin(section, verdicts);
    switch (section.name) {
      case 'command':
        readCommands(plugin);
        break;
      case 'service':
        readService(plugin, to, parsers);
        break;
      case 'input':
        readInput(plugin, to, parsers);
        break;
      case 'filter':
        readFilter(plugin, to, parsers);
        break;
      case 'output':
        readOutput(plugin, to);
        break;
      case 'parser':
      case 'multiline_parser':
        break;
      default:
        verdicts.leaveRest(section, `sections [${section.name.toUpperCase()}] have no counterpart`);
    }
  }
  for (const section of sections.filter(({ name }) => name === 'filter'))
    rewriteTags(new Plugin(section, verdicts), to);
  parsers.judgeRest();
  return to;
}

/** Records whose tag a filter changes are taken by other outputs. */
function rewriteTags(plugin: Plugin, to: Description): void {
  if (plugin.all('name').at(-1)?.value.toLowerCase() !== 'rewrite_tag') return;
  // KEY EXPRESSION TAG KEEP
  const tags = plugin.all('rule').flatMap(({ value }) => /\s(\S+)\s+\S+\s*$/.exec(value)?.[1] ?? []);
  addTags(to, ofKeys(plugin), tags);
}

function readCommands(plugin: Plugin): void {
  plugin.needless('@set', 'its value is in the keys that use it');
  plugin.needlessFamily('env.', 'its value is in the keys that use it');
  plugin.needless('@include includes', 'the file was read, and its keys are in this list');
}

function readService(plugin: Plugin, to: Description, parsers: Parsers): void {
  plugin.needless('flush', 'a batch waits 0.5 seconds at most (LOGTAP_BATCH_LINGER_MS)');
  plugin.needless(
    'daemon log_level log_file http_server http_listen health_check hc_errors_count hc_retry_failure_count hc_period hot_reload hot_reload.ensure_thread_safety_on_hot_reloading coro_stack_size sp.convert_from_str_to_num json.convert_nan_to_null storage.metrics',
    WHY.ownLog,
  );
  const port = plugin.number('http_port', 'nothing');
  if (port !== undefined) {
    plugin.verdicts.carried(plugin.entry('http_port')!, 'shipper.statusPort');
    to.properties.set('shipper.statusPort', port);
  }
  const grace = plugin.number('grace', 'shipper.drainSeconds');
  if (grace !== undefined) to.properties.set('shipper.drainSeconds', grace);
  plugin.needlessFamily('scheduler.', WHY.retry);
  plugin.needless(
    'storage.path storage.sync storage.checksum storage.max_chunks_up storage.backlog.mem_limit storage.backlog.flush_on_shutdown storage.delete_irrecoverable_chunks',
    'the shipper places and checks its disk buffer by itself; shipper.diskBufferMiB gives its size',
  );
  plugin.left(
    'plugins_file streams_file dns.mode dns.resolver dns.prefer_ipv4 dns.prefer_ipv6',
    'the shipper has no such part',
  );
  for (const entry of plugin.all('parsers_file')) {
    if (parsers.hasFile(entry.value))
      plugin.verdicts.needless(entry, 'the file was read, and its keys are in this list');
    else if (/parsers(_multiline)?\.conf$/.test(entry.value))
      plugin.verdicts.needless(
        entry,
        'a file with the parsers of Fluent Bit itself; other parsers of this file are named where they are used',
      );
    else plugin.verdicts.left(entry, 'the file cannot be read: put it beside the configuration and run again');
  }
}
