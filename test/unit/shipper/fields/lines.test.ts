/**
 * Lines of some 60 programs with the level and the logger that they have: `-` is none, `?` any logger. ⏎ is a line end within
 * the record, ⇥ a tab, ␛ an escape.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fieldsOf } from '../../../../src/shipper/fields/fields';
import { severityName } from '../../../../src/shipper/fields/level/severity';

const lines = readFileSync(join(__dirname, 'lines.txt'), 'utf8')
  .trimEnd()
  .split('\n')
  .filter((line) => !line.startsWith('## '))
  .map((line) => {
    const [level, logger] = line.split(' ', 2) as [string, string];
    return [line.slice(level.length + logger.length + 2), level, logger] as const;
  });

test.each(lines)('%s: level %s, logger %s', (line, level, logger) => {
  const bytes = Buffer.from(line.replaceAll('⏎', '\n').replaceAll('⇥', '\t').replaceAll('␛', '\u001b'));
  const fields = fieldsOf(bytes, 0, bytes.length);
  expect(severityName(fields?.severity ?? 0) ?? '-').toBe(level);
  if (logger !== '?') expect(fields?.logger ?? '-').toBe(logger);
});
