/**
 * Reads the configuration of Fluentd:
 *
 *     file      = *( comment / "@include" pattern / section / key [ blanks value ] )
 *     section   = "<" NAME [ blanks argument ] ">" *( key / section ) "</" NAME ">"
 *     value     = text to the line end or " #" / "'" text "'" / '"' text '"' / array or object of JSON on several lines
 *
 * `#{ENV['NAME']}` in double quotes is replaced by a value of the caller, and stays otherwise. Ruby is never evaluated.
 */

import { includedFiles } from '../fluent-bit/classic.js';
import { DEEPEST_INCLUDE, type Entry, type Files, MigrateError, mustBeText, type Section } from '../input.js';

export interface Fluentd {
  readonly files: Files;
  readonly variables: ReadonlyMap<string, string>;
}

/** The file as a section without a name. */
export function parseFluentd(file: string, text: string, context: Fluentd, depth = 0): Section {
  const top: Section = { file, line: 1, name: '', argument: '', entries: [], sections: [] };
  const open = [top];
  const lines = mustBeText(file, text).split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    const place = { file, line: index + 1 };
    const line = lines[index]!.trim();
    if (line === '' || line.startsWith('#')) continue;
    const within = open.at(-1)!;
    if (line.startsWith('</')) close(line, open, place);
    else if (line.startsWith('<')) {
      const section = sectionFrom(line, place);
      within.sections.push(section);
      open.push(section);
    } else {
      const { entry, last } = keyFrom(lines, index, file, within, context);
      index = last;
      within.entries.push(entry);
      if (entry.key === '@include' || entry.key === 'include') include(entry, within, context, depth);
    }
  }
  const unclosed = open.at(-1)!;
  if (open.length > 1)
    throw new MigrateError(
      unclosed,
      `<${unclosed.name}>`,
      'is not closed',
      `Write </${unclosed.name}> after its last key`,
    );
  return top;
}

function close(line: string, open: Section[], place: { file: string; line: number }): void {
  const name = /^<\/([\w-]+)>$/.exec(line.replace(/\s+#.*$/, ''))?.[1];
  const section = open.at(-1)!;
  if (open.length === 1 || name !== section.name) {
    const expected = open.length === 1 ? 'no section is open' : `<${section.name}> of line ${section.line} is open`;
    throw new MigrateError(
      place,
      line,
      `closes nothing: ${expected}`,
      'Close the sections in the order of their nesting',
    );
  }
  open.pop();
}

function sectionFrom(line: string, place: { file: string; line: number }): Section {
  const [, name, argument = ''] = /^<([\w-]+)(?:\s+([^>]*(?:>[^>]*)*?))?\s*>(?:\s+#.*)?$/.exec(line) ?? [];
  if (name === undefined)
    throw new MigrateError(
      place,
      line,
      'is no section',
      'Write <NAME PATTERN> alone on a line, such as <match app.**>',
    );
  return { ...place, name, argument: argument.trim(), entries: [], sections: [] };
}

function keyFrom(lines: readonly string[], index: number, file: string, within: Section, context: Fluentd) {
  const line = lines[index]!.trim();
  const [, key = line, rest = ''] = /^(\S+)\s*(.*)$/s.exec(line) ?? [];
  const place = { file, line: index + 1 };
  const { text, last } = valueFrom(lines, index, rest, place);
  const owner = within.name === '' ? '' : `<${within.name}${within.argument && ` ${within.argument}`}>`;
  const entry: Entry = { ...place, key, value: withVariables(text, context.variables), owner };
  return { entry, last };
}

/** A value may continue on further lines: JSON until it is complete, and text in double quotes until they close. */
function valueFrom(lines: readonly string[], index: number, rest: string, place: { file: string; line: number }) {
  const isQuoted = rest.startsWith('"') || rest.startsWith("'");
  const isJson = /^[[{]/.test(rest);
  if (!isQuoted && !isJson) return { text: rest.replace(/\s+#.*$/, '').trim(), last: index };
  let text = rest;
  for (let last = index; ; ) {
    const whole = isQuoted ? quotedText(text) : completeJson(text);
    if (whole !== undefined) return { text: whole, last };
    // What looks like JSON may be text, such as a time format in brackets.
    if (isJson && last > index + 500) return { text: rest, last: index };
    last += 1;
    if (last >= lines.length) {
      if (isJson) return { text: rest, last: index };
      throw new MigrateError(place, rest, 'has no closing quote', `Write ${rest[0]} at its end`);
    }
    text += `\n${lines[last]}`;
  }
}

function quotedText(text: string): string | undefined {
  const [, single] = /^'((?:[^'\\]|\\.)*)'\s*(?:#.*)?$/s.exec(text) ?? [];
  if (single !== undefined) return single.replace(/\\(['\\])/g, '$1');
  const [, double] =
    /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/s.exec(text.replace(/#\{[^}]*\}/g, (code) => code.replace(/"/g, "'"))) ?? [];
  return double?.replace(
    /\\(.)/gs,
    (_, escaped: string) =>
      ({ n: '\n', t: '\t', r: '\r' })[escaped] ?? (/["\\#]/.test(escaped) ? escaped : `\\${escaped}`),
  );
}

function completeJson(text: string): string | undefined {
  for (const candidate of [text, text.replace(/\s+#.*$/, '')]) {
    try {
      JSON.parse(candidate);
      return candidate;
    } catch {
      // It continues.
    }
  }
  return undefined;
}

const withVariables = (text: string, variables: ReadonlyMap<string, string>) =>
  text.replace(/#\{ENV(?:\[|\.fetch\(\s*)["'](\w+)["'][^}]*\}/g, (whole, name: string) => variables.get(name) ?? whole);

function include(entry: Entry, within: Section, context: Fluentd, depth: number): void {
  if (/^https?:/.test(entry.value)) return;
  if (depth >= DEEPEST_INCLUDE)
    throw new MigrateError(entry, entry.value, 'includes too many files within each other', 'Remove the circle');
  for (const { path, text } of includedFiles(entry, entry.value, context.files, depth)) {
    const { entries, sections } = parseFluentd(path, text, context, depth + 1);
    within.entries.push(...entries);
    within.sections.push(...sections);
  }
}
