/** The example of the page on events, executed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventSettingsOf } from '../../../../src/shipper/events/settings.js';
import { parseSettings } from '../../../../src/shipper/settings.js';
import { shareAssembly } from '../../../../src/shipper/source/frames/assembly.js';
import { LineAssembler } from '../../../../src/shipper/source/frames/line-assembler.js';
import { recordsOf, stdoutOrigin } from '../../../support/batches.js';

const page = readFileSync(join(__dirname, '../../../../docs/guides/events.md'), 'utf8');
const records = [...page.matchAll(/```log\n([\s\S]*?)\n```/g)].map(([, text]) => text!);

/** By line, as a program that prints them. */
function read(text: string, environment: Readonly<Record<string, string>>): string[] {
  const settings = parseSettings({ LOGTAP_SINK: 'stdout', ...environment }, () => {});
  const shared = shareAssembly(settings.lineMaxBytes, Number.POSITIVE_INFINITY, eventSettingsOf(settings));
  const assembler = new LineAssembler(stdoutOrigin, shared);
  text.split('\n').forEach((line, i) => {
    const bytes = Buffer.from(`${line}\n`);
    assembler.write(bytes, 0, bytes.length, 0, i * 32_768, 0);
  });
  assembler.flush();
  return recordsOf(shared.builder.finish()).map(({ message }) => message);
}

test('each block is one record by default', () => {
  expect(records.length).toBe(4);
  expect(read(records.join('\n'), {})).toEqual(records);
});

test('off makes each line a record', () => {
  expect(read(records.join('\n'), { LOGTAP_EVENTS: 'off' })).toEqual(records.flatMap((record) => record.split('\n')));
});

test("the page's expression begins a record at each line with a date", () => {
  const [, expression] = /LOGTAP_EVENTS=(pattern:.*)/.exec(page)!;
  const lines = ['2026-11-28 one', 'more', '  and more', '2026-11-28 two'];
  expect(read(lines.join('\n'), { LOGTAP_EVENTS: expression! })).toEqual([
    '2026-11-28 one\nmore\n  and more',
    '2026-11-28 two',
  ]);
});

test.each([
  ['always', /LOGTAP_EVENTS.*must be auto, off, indent, or pattern/s],
  ['pattern:', /must be auto, off, indent, or pattern/],
  ['pattern:(a', /expression of RE2/],
])('%s is refused', (value, message) => {
  expect(() => read('', { LOGTAP_EVENTS: value })).toThrow(message);
});

test('the bound on bytes is not above that of a line', () => {
  const settings = parseSettings({ LOGTAP_SINK: 'stdout', LOGTAP_LINE_MAX_BYTES: '5000' }, () => {});
  expect(eventSettingsOf(settings)!.maxBytes).toBe(5000);
});
