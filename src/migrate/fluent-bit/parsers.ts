/** Parsers of Fluent Bit: which read fields that the shipper reads by itself, and which form records of several lines. */
import type { Data } from '../description.js';
import { expression } from '../expressions.js';
import type { Entry, Section } from '../input.js';
import { Plugin } from '../plugin.js';
import { WHY } from '../reasons.js';
import type { Verdicts } from '../verdicts.js';

/** Parsers of Fluent Bit whose layouts the shipper knows. */
const KNOWN =
  /^(json|logfmt|ltsv|apache2?|apache_error|nginx|k8s-nginx-ingress|syslog-rfc(5424|3164)(-local)?|envoy|istio-envoy-proxy|java|python|go|ruby)$/i;
/** Parsers of what a container runtime puts around a line. */
const ENVELOPE = /^(docker|docker-daemon|docker_no_time|cri|containerd|crio)$/i;
/** Multiline parsers of Fluent Bit for stack traces. */
export const TRACES = /^(java|python|go|ruby|exception_test)$/i;

const FIELDS = 'fields.fromText, which is the default';

export class Parsers {
  readonly #parsers = new Map<string, Plugin>();
  readonly #files = new Set<string>();

  constructor(
    sections: readonly Section[],
    readonly verdicts: Verdicts,
  ) {
    for (const section of sections) {
      this.#files.add(section.file.split('/').at(-1)!);
      if (section.name !== 'parser' && section.name !== 'multiline_parser') continue;
      const plugin = new Plugin(section, verdicts);
      const name = plugin.all('name').at(-1)?.value ?? '';
      this.#parsers.set(`${section.name}:${name.toLowerCase()}`, plugin);
    }
  }

  hasFile(path: string): boolean {
    return this.#files.has(path.split('/').at(-1)!);
  }

  /** Judges an entry that names a parser of fields. */
  fields(entry: Entry): void {
    const plugin = this.#parsers.get(`parser:${entry.value.toLowerCase()}`);
    if (ENVELOPE.test(entry.value)) {
      if (plugin) this.verdicts.leaveRest(plugin.section, WHY.envelope);
      if (plugin) for (const each of plugin.section.entries) this.verdicts.needless(each, WHY.envelope);
      this.verdicts.needless(entry, WHY.envelope);
    } else if (plugin !== undefined) this.#own(plugin, entry);
    else if (KNOWN.test(entry.value)) this.verdicts.carried(entry, FIELDS);
    else this.verdicts.left(entry, `its parser is not in the input: ${WHY.fields}`);
  }

  #own(plugin: Plugin, entry: Entry): void {
    const format = plugin.entry('format')?.value.toLowerCase() ?? '';
    const isKnown = /^(json|logfmt|ltsv)$/.test(format) || KNOWN.test(entry.value);
    if (isKnown) this.verdicts.carried(entry, FIELDS);
    else this.verdicts.left(entry, WHY.fields);
    for (const key of ['name', 'format', 'regex']) {
      for (const each of plugin.all(key)) {
        if (isKnown) this.verdicts.carried(each, FIELDS);
        else this.verdicts.left(each, WHY.fields);
      }
    }
    this.#rest(plugin);
  }

  #rest(plugin: Plugin): void {
    plugin.left(
      'time_key time_format',
      'a record has the time of its write; with fields.time=text it has the time in its text, if the shipper knows the layout',
    );
    plugin.needless('time_keep time_strict time_system_timezone', 'the text of a record stays whole');
    plugin.left('time_offset', 'fields.timeZone takes the name of a zone, such as Europe/Berlin');
    plugin.left('types decode_field decode_field_as skip_empty_values', WHY.fields);
  }

  /** The pattern of the first line of a record, by a parser of `parser_firstline`. */
  firstLine(entry: Entry): Data | undefined {
    const plugin = this.#parsers.get(`parser:${entry.value.toLowerCase()}`);
    const regex = plugin?.entry('regex');
    if (plugin === undefined || regex === undefined) {
      this.verdicts.left(entry, 'its parser is not in the input: write its expression into events.pattern');
      return undefined;
    }
    const events = this.#pattern(regex, regex.value);
    const to = events === undefined ? undefined : 'events.pattern';
    for (const each of [entry, ...plugin.all('name'), ...plugin.all('format')]) {
      if (to) this.verdicts.carried(each, to);
      else this.verdicts.left(each, 'see its expression');
    }
    this.#rest(plugin);
    return events;
  }

  #pattern(entry: Entry, text: string): Data | undefined {
    const pattern = expression(text);
    if ('not' in pattern) {
      this.verdicts.left(entry, pattern.not);
      return undefined;
    }
    this.verdicts.carried(entry, 'events.pattern');
    return { pattern: pattern.is };
  }

  /** How lines are joined by a name in `multiline.parser`. */
  multiline(entry: Entry, name: string): Data | undefined {
    const plugin = this.#parsers.get(`multiline_parser:${name.toLowerCase()}`);
    if (plugin === undefined) {
      if (ENVELOPE.test(name)) this.verdicts.needless(entry, WHY.envelope);
      else if (TRACES.test(name)) this.verdicts.carried(entry, 'events.mode=auto, which is the default');
      else
        this.verdicts.left(
          entry,
          `the multiline parser '${name}' is not in the input: write its start state into events.pattern`,
        );
      return TRACES.test(name) ? { mode: 'auto' } : undefined;
    }
    const start = startState(plugin.section);
    const events = start === undefined ? undefined : this.#pattern(start.entry, start.regex);
    for (const each of [entry, ...plugin.all('name'), ...plugin.all('type')]) {
      if (events) this.verdicts.carried(each, 'events.pattern');
      else this.verdicts.left(each, 'its start state is no expression of RE2');
    }
    plugin.left('parser key_content', WHY.fields);
    plugin.needless('flush_timeout', 'a record waits for its next line for 1 second at most (events.idleMs)');
    plugin.left('negate match_string', 'a record begins with a line that events.pattern matches');
    this.#states(plugin, start?.entry, events !== undefined);
    return events;
  }

  /** States other than the first, which events.pattern does not have. */
  #states({ section }: Plugin, start: Entry | undefined, isCarried: boolean): void {
    for (const entry of section.entries.filter(({ key }) => /^rules?(\.|$)/i.test(key))) {
      if (this.verdicts.isJudged(entry) && entry === start) continue;
      const isOfStart =
        start !== undefined &&
        entry.key.replace(/\w+$/, '') === start.key.replace(/\w+$/, '') &&
        entry.key.includes('.');
      if (isOfStart && isCarried) this.verdicts.carried(entry, 'events.pattern');
      else
        this.verdicts.left(
          entry,
          'a line that does not match events.pattern continues the record: other states have no counterpart',
        );
    }
  }

  /** Parsers that nothing uses. */
  judgeRest(): void {
    for (const { section } of this.#parsers.values())
      for (const entry of section.entries)
        if (!this.verdicts.isJudged(entry))
          this.verdicts.needless(
            entry,
            'no input and no filter that is carried over uses this parser, or the key has no effect',
          );
  }
}

/** The expression of the state `start_state`, of either format. */
function startState({ entries }: Section): { readonly entry: Entry; readonly regex: string } | undefined {
  for (const entry of entries) {
    const [, regex] = /^"start_state"\s+"(.*)"\s+"[^"]*"\s*$/.exec(entry.value) ?? [];
    if (/^rule$/i.test(entry.key) && regex !== undefined) return { entry, regex };
    if (!/^rules\.\d+\.state$/.test(entry.key) || entry.value !== 'start_state') continue;
    const found = entries.find(({ key }) => key === entry.key.replace(/state$/, 'regex'));
    if (found !== undefined) return { entry: found, regex: found.value };
  }
  return undefined;
}
