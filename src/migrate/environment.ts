/** The environment of liblogtap and of its sidecar: lines of NAME=VALUE, or the `env` of a container in YAML. */
import { Description } from './description.js';
import type { Input } from './fluent-bit/read.js';
import { type Entry, MigrateError, mustBeText, type Section } from './input.js';
import { Plugin } from './plugin.js';
import { WHY } from './reasons.js';
import { items, member, Tree } from './tree.js';
import type { Verdicts } from './verdicts.js';

export function readEnvironment({ file, text }: Input, verdicts: Verdicts): Description {
  const entries = /^\s*(?:-\s*\{?\s*"?name"?:|"?env(?:ironment)?"?:|\[|\{)/m.test(text)
    ? fromYaml(file, text)
    : fromLines(file, text);
  const section: Section = { file, line: 1, name: 'environment', argument: '', entries, sections: [] };
  verdicts.register(section);
  const to = new Description();
  const plugin = new Plugin(section, verdicts);
  library(plugin, to);
  sinks(plugin, to);
  for (const entry of entries)
    if (!verdicts.isJudged(entry))
      verdicts.left(entry, 'it is no documented variable of liblogtap or its sidecar: it stays in the container');
  return to;
}

function fromLines(file: string, text: string): Entry[] {
  const entries: Entry[] = [];
  for (const [index, raw] of mustBeText(file, text).split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, key, value] = /^(?:export\s+)?([A-Za-z_]\w*)=(.*)$/.exec(line) ?? [];
    if (key === undefined || value === undefined)
      throw new MigrateError({ file, line: index + 1 }, line, 'sets no variable', 'Write NAME=VALUE, one per line');
    entries.push({ file, line: index + 1, key, value: value.replace(/^(["'])(.*)\1$/, '$2'), owner: '' });
  }
  return entries;
}

function fromYaml(file: string, text: string): Entry[] {
  const tree = new Tree(file, text, 'YAML');
  const list = member(tree.root, 'env') ?? member(tree.root, 'environment') ?? tree.root;
  if (items(list).length === 0) return tree.leaves(list, '');
  return items(list).map((item) => {
    const text = (key: string) => tree.leaves(member(item, key), '')[0]?.value;
    const name = text('name');
    const [plain] = tree.leaves(item, '');
    if (name !== undefined && name !== '')
      return { file, line: tree.lineOf(item), key: name, value: text('value') ?? '', owner: '' };
    const [, key, value] = /^([A-Za-z_]\w*)=(.*)$/.exec(plain?.value ?? '') ?? [];
    if (key === undefined || value === undefined)
      throw new MigrateError(
        { file, line: tree.lineOf(item) },
        plain?.value ?? '',
        'is no variable',
        'Write name and value',
      );
    return { file, line: tree.lineOf(item), key, value, owner: '' };
  });
}

const STREAMS: Readonly<Record<string, 'stdout' | 'stderr' | 'both'>> = { 1: 'stdout', 2: 'stderr', 3: 'both' };

function library(plugin: Plugin, to: Description): void {
  const { section, verdicts } = plugin;
  const into = plugin.text('LLT_TAP_INTO', 'streams');
  const streams = into === undefined ? undefined : STREAMS[into];
  if (into !== undefined && !/^[0-3]$/.test(into))
    throw new MigrateError(
      plugin.entry('LLT_TAP_INTO')!,
      into,
      'must be 0, 1, 2 or 3',
      '0 taps none, 1 stdout, 2 stderr, 3 both',
    );
  const file = plugin.entry('LLT_TAP_FILE');
  const paths = file?.value.split(':').filter(Boolean) ?? [];
  const relative = paths.find((path) => !path.startsWith('/'));
  if (file && relative !== undefined)
    verdicts.left(
      file,
      `'${relative}' is no absolute path: write the path, as the application opens it, into \`file\``,
    );
  else if (file && paths.length > 0) verdicts.carried(file, 'file');
  to.sources.push({
    tag: 'container',
    paths: paths.filter((path) => path.startsWith('/')),
    excluded: [],
    ...(streams ? { streams } : {}),
    eventEntries: [],
    section,
  });
  for (const [name, property] of [
    ['LLT_SUPPRESS_STDOUT', 'suppressStreams'],
    ['LLT_SUPPRESS_TAP_FILE', 'suppressFile'],
    ['LLT_DEBUG_MODE', 'debug'],
  ] as const) {
    const value = plugin.flag(name, property);
    if (value !== undefined) to.properties.set(property, value);
  }
  plugin.needless(
    'LLT_TARGET LLT_FORMAT LLT_TARGET_1STCONNECT LLT_TARGET_RECONNECT',
    'the tap connects the library to its sidecar by shared memory',
  );
  plugin.needless('LLT_PASSIV_ON_START', 'the library needs no pause after the start, and captures every write');
  plugin.left('LLT_ON_FULL LLT_PYTHON_UNBUFFERED', 'set it in the environment of the container: the tap keeps it');
  const disable = plugin.entry('LLT_DISABLE');
  if (disable?.value === 'true')
    verdicts.left(disable, 'it would turn the library off: remove it, or do not tap the container');
  else if (disable) verdicts.needless(disable, 'the library is on by default');
  const preload = plugin.entry('LD_PRELOAD');
  if (preload && /^[^\s:]*liblogtap[^\s:]*$/.test(preload.value)) verdicts.needless(preload, 'the tap sets it');
  else if (preload)
    verdicts.left(
      preload,
      'the tap puts its library before the others of the container: leave only those in LD_PRELOAD',
    );
}

function sinks(plugin: Plugin, to: Description): void {
  const { section, verdicts } = plugin;
  const selection = { text: '*', matches: () => true };
  if (plugin.flag('SINK_STDOUT', 'sink.stdout') === true) to.outputs.push({ selection, sink: { stdout: {} }, section });
  const fluent = plugin.entry('SINK_FLUENT');
  if (fluent && !plugin.isEmbedded(fluent)) {
    const [, host, port] = /^([^\s:/@]+):(\d+)$/.exec(fluent.value) ?? [];
    if (host === undefined)
      throw new MigrateError(fluent, fluent.value, 'must be host:port', 'Write, for example, fluentd:24224');
    verdicts.carried(fluent, 'sink.tcp');
    to.outputs.push({ selection, sink: { tcp: { host, port: Number(port) } }, section });
  }
  plugin.needless('SOCKET_PATH SINK_SOCKET_PATH', 'the tap places the socket of its sidecar');
  plugin.needless('POD_NAME NAMESPACE POD_NAMESPACE NODE_NAME', WHY.pod);
}
