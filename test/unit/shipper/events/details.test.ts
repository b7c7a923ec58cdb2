/** The lines by which PostgreSQL explains an error are found by steps of up to three bytes: none may be stepped over. */
import fc from 'fast-check';
import { isDetail } from '../../../../src/shipper/events/families/data.js';
import { Line } from '../../../../src/shipper/events/line.js';
import { shareAssembly } from '../../../../src/shipper/source/frames/assembly.js';
import { LineAssembler } from '../../../../src/shipper/source/frames/line-assembler.js';
import { AUTO } from '../../../events/trial.js';
import { recordsOf, stdoutOrigin } from '../../../support/batches.js';
import { split } from '../../../support/frames.js';

const WORDS = ['DETAIL', 'HINT', 'CONTEXT', 'STATEMENT', 'QUERY', 'LOCATION'];
const WITHIN = 160;

/** By the first `:  ` among the first bytes of the line. */
function isDetailText(text: string): boolean {
  const head = text.slice(0, WITHIN);
  const colon = head.indexOf(':  ');
  return colon > 0 && WORDS.some((word) => head.slice(0, colon).endsWith(word));
}

const piece = fc.oneof(
  fc.constantFrom(':', ' ', ':  ', ': ', '  ', '::', ...WORDS),
  fc.nat(70).map((length) => 'x'.repeat(length)),
);

test('a line is a detail exactly if the first colon with two blanks is behind such a word', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.nat(3), (pieces, before) => {
      const text = pieces.join('');
      // Within a slab: bytes of other lines are around it.
      const slab = Buffer.from(`${':  '.slice(0, before)}${text}:  DETAIL:  `);
      const line = new Line().set(slab, before, before + text.length);
      expect([text, isDetail(line)]).toEqual([text, isDetailText(text)]);
    }),
    { numRuns: 2000 },
  );
});

/** Of a peer without frames, whose reads say nothing. */
function recordsOfReads(reads: readonly Buffer[]) {
  const shared = shareAssembly(1_000_000, Number.POSITIVE_INFINITY, AUTO);
  const assembler = new LineAssembler(stdoutOrigin, shared, false);
  // As sockets do, all read into the same memory.
  const memory = Buffer.alloc(Math.max(...reads.map(({ length }) => length)));
  let seq = 0;
  for (const read of reads) {
    memory.fill('.').set(read);
    assembler.write(memory, 0, read.length, 0, seq, 0);
    seq += read.length;
  }
  assembler.flush();
  return recordsOf(shared.builder.finish()).map(({ message }) => message);
}

const logged = fc
  .tuple(fc.constantFrom('LOG', 'ERROR', 'LOG', 'LOG', 'DETAIL', 'HINT'), fc.constantFrom(':  ', ': '), fc.nat(60))
  .map(([word, after, length]) => `2026-11-28 04:57:06 UTC [9] ${word}${after}${'x'.repeat(length)}\n`);

/** Details belong to the line before, but for one that a read begins with. */
function expectedOf(reads: readonly Buffer[]): string[] {
  const events: string[] = [];
  let isFirst = true;
  const take = (line: string) => {
    if (!isFirst && isDetailText(line)) events.push(`${events.pop()}\n${line}`);
    else events.push(line);
    isFirst = false;
  };
  let begun = '';
  for (const read of reads.map(String)) {
    const end = read.indexOf('\n');
    const isBegun = begun !== '';
    if (isBegun && end >= 0) take(begun + read.slice(0, end));
    if (isBegun && end < 0) {
      begun += read;
      continue;
    }
    const lines = read.slice(isBegun ? end + 1 : 0).split('\n');
    begun = lines.pop()!;
    if (lines.length > 0 || begun !== '') isFirst = true;
    for (const line of lines) take(line);
  }
  return events;
}

test('details are found however a stream is read: a read without any of them may end or begin within one', () => {
  fc.assert(
    fc.property(fc.array(logged, { minLength: 30, maxLength: 120 }), fc.array(fc.nat()), (lines, cuts) => {
      const quiet = '10.1.2.3 - - [28/Nov/2026:10:00:03 +0000] "GET / HTTP/1.1" 200 5\n'.repeat(40);
      const bytes = Buffer.from(quiet + lines.join('') + quiet);
      const detail = Math.max(0, bytes.toString().search(/(?:DETAIL|HINT): {2}/));
      // Two reads end within the first detail.
      for (const at of [cuts, [detail + 2], [detail + 7]]) {
        const reads = split(bytes, at);
        expect(recordsOfReads(reads)).toEqual(expectedOf(reads));
      }
    }),
    { numRuns: 200 },
  );
});
