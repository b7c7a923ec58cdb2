/**
 * Reads the classic format of Fluent Bit:
 *
 *     file    = *( blank line / "#" comment / "@INCLUDE" pattern / "@SET" name "=" value / section )
 *     section = "[" NAME "]" line end *( indent key blanks value line end )
 *
 * `${NAME}` is replaced by a value of @SET or of the caller, and stays otherwise.
 */
import { dirname, isAbsolute, join } from 'node:path';
import { DEEPEST_INCLUDE, type Entry, type Files, MigrateError, mustBeText, type Section } from '../input.js';

export function readClassic(
  file: string,
  text: string,
  files: Files,
  variables: Map<string, string>,
  depth = 0,
): Section[] {
  const sections: Section[] = [];
  // Keys of @SET and @INCLUDE are keys of the input as well.
  const commands: Section = { file, line: 1, name: 'command', argument: '', entries: [], sections: [] };
  let open: Section | undefined;
  for (const [index, raw] of mustBeText(file, text).split('\n').entries()) {
    const place = { file, line: index + 1 };
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('[')) {
      open = sectionFrom(line, place);
      sections.push(open);
    } else if (line.startsWith('@')) {
      const entry = keyFrom(line, place, '');
      commands.entries.push(entry);
      sections.push(...commandFrom(entry, files, variables, depth));
      if (/^@include$/i.test(entry.key)) open = sections.at(-1)?.name === 'command' ? open : (sections.at(-1) ?? open);
    } else {
      if (open === undefined)
        throw new MigrateError(
          place,
          line,
          'is a key outside of a section',
          'Write a section such as [INPUT] above it',
        );
      const { key, value } = keyFrom(line, place, '');
      open.entries.push({ ...place, key, value: substituted(value, variables), owner: `[${open.name.toUpperCase()}]` });
    }
  }
  return [commands, ...sections];
}

function sectionFrom(line: string, place: { file: string; line: number }): Section {
  const [, name] = /^\[([A-Za-z_]+)\]$/.exec(line) ?? [];
  if (name === undefined)
    throw new MigrateError(
      place,
      line,
      'is no section',
      'A section is a name in brackets, alone on its line, such as [INPUT]',
    );
  return { ...place, name: name.toLowerCase(), argument: '', entries: [], sections: [] };
}

function keyFrom(line: string, place: { file: string; line: number }, owner: string): Entry {
  const [, key, value] = /^(\S+)\s+(.+)$/s.exec(line) ?? [];
  if (key === undefined || value === undefined)
    throw new MigrateError(place, line, 'is a key without a value', 'Write a value after the key, or remove the line');
  return { ...place, key, value, owner };
}

function commandFrom(entry: Entry, files: Files, variables: Map<string, string>, depth: number): Section[] {
  const command = entry.key.toLowerCase();
  if (command === '@set') {
    const [, name, value] = /^\s*([^=\s]+)\s*=(.*)$/.exec(entry.value) ?? [];
    if (name === undefined || value === undefined)
      throw new MigrateError(entry, entry.value, 'sets no variable', 'Write @SET NAME=VALUE');
    variables.set(name, value.trim());
    return [];
  }
  if (command !== '@include')
    throw new MigrateError(entry, entry.key, 'is no command', 'Fluent Bit has @INCLUDE and @SET');
  return includedFiles(entry, entry.value, files, depth).flatMap(({ path, text }) =>
    readClassic(path, text, files, variables, depth + 1),
  );
}

/** Files of a pattern, relative to the including file. */
export function includedFiles(entry: Entry, pattern: string, files: Files, depth: number) {
  if (depth >= DEEPEST_INCLUDE)
    throw new MigrateError(
      entry,
      pattern,
      `includes more than ${DEEPEST_INCLUDE} files within each other`,
      'Remove the circle',
    );
  const path = isAbsolute(pattern) ? pattern : join(dirname(entry.file), pattern);
  const isPattern = /[*?[]/.test(path);
  const paths = isPattern ? files.match(path) : [path];
  const remedy = files.remedy ?? 'Copy the file there, or remove the line';
  if (isPattern && paths.length === 0)
    throw new MigrateError(entry, pattern, `is included, but no file matches ${path}`, remedy);
  return paths.map((each) => {
    const text = files.read(each);
    if (text === undefined) throw new MigrateError(entry, pattern, `is included, but ${each} cannot be read`, remedy);
    return { path: each, text };
  });
}

export const substituted = (value: string, variables: ReadonlyMap<string, string>) =>
  value.replace(/\$\{([^}]+)\}/g, (whole, name: string) => variables.get(name) ?? whole);
