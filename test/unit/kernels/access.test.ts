/** The kernel that tells the severities of access logs, beside its twin, and both beside all fields of the line. */
import fc from 'fast-check';
import { KERNEL_AREAS, openKernels } from '../../../src/kernels/kernels.js';
import { fieldsOf } from '../../../src/shipper/fields/fields.js';
import { accessSeverity } from '../../../src/shipper/fields/level/access-severity.js';

const CAPACITY = 64;
const BYTES_AT = KERNEL_AREAS + CAPACITY * 64;
const kernels = openKernels(1024 * 1024)!;

/** Of lines that lie back to back: a vector sees the next one, too. */
function byKernel(lines: readonly Buffer[]): number[] {
  const { memory, loops } = kernels;
  const start = KERNEL_AREAS + CAPACITY * 16;
  let at = 0;
  lines.forEach((line, i) => {
    memory.writeUInt32LE(at, start + i * 4);
    memory.writeUInt32LE(line.length, start + CAPACITY * 4 + i * 4);
    memory.set(line, BYTES_AT + at);
    at += line.length;
  });
  const to = KERNEL_AREAS + CAPACITY * 40;
  loops.accessSeverities(KERNEL_AREAS, CAPACITY, lines.length, BYTES_AT, to);
  return [...memory.subarray(to, to + lines.length)];
}

const line = (request: string, status: string | number, rest = '12 "-" "curl/8.5.0"', client = '10.1.2.3') =>
  `${client} - - [23/Nov/2026:07:21:44 +0000] "${request}" ${status}${rest === '' ? '' : ` ${rest}`}`;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

function check(lines: readonly Buffer[]): void {
  const severities = byKernel(lines);
  expect(severities).toEqual(lines.map((each) => accessSeverity(each, 0, each.length)));
  lines.forEach((each, i) => {
    if (severities[i] === 0) return;
    const { severity, logger, thread, traceId, spanId, object } = fieldsOf(each, 0, each.length) ?? {};
    const others = { logger, thread, traceId, spanId, object };
    expect({ line: `${each}`, severity, ...others }).toEqual({ line: `${each}`, severity: severities[i] });
  });
}

test('statuses are severities', () => {
  const severities = [200, 101, 304, 404, 503].map((status) => Buffer.from(line('GET / HTTP/1.1', status)));
  expect(byKernel(severities)).toEqual([9, 9, 9, 13, 17]);
  expect(byKernel([Buffer.from(line('GET /', 200, ''))])).toEqual([9]);
});

test.each([
  ['an id of a trace', line('GET /', 200, `12 "-" "x" trace_id=${TRACE}`)],
  ['a pair of ids', line('GET /', 200, `12 [${TRACE}-${TRACE.slice(16)}]`)],
  ['an escape in the request', line('GET /\\"', 200)],
  ['a second line', line('GET /', 200, '12\nERROR')],
  ['a user', line('GET /', 200).replace('- - [', '- ERROR [')],
  ['a status of four digits', line('GET /', 2000)],
  ['a status that none has', line('GET /', 999)],
  ['no status', line('GET /', '-')],
  ['an object behind it', line('GET /', 200, '{"level":"error"}')],
  ['more than is read of a line', line(`GET /${'a'.repeat(4096)}`, 200)],
  ['nothing', ''],
  ['a client alone', '10.1.2.3'],
])('%s takes another look', (_, text) => {
  const bytes = Buffer.from(text);
  expect(byKernel([bytes])).toEqual([0]);
  expect(accessSeverity(bytes, 0, bytes.length)).toBe(0);
});

test('lines of any length, changed in any place', () => {
  const request = fc.nat(40).map((length) => `GET /${'a'.repeat(length)} HTTP/1.1`);
  const rest = fc.nat(40).map((length) => `12 "-" "${'b'.repeat(length)}"`);
  const text = fc.tuple(request, fc.integer({ min: 90, max: 610 }), rest).map((parts) => line(...parts));
  const byte = fc.oneof(
    fc.constantFrom(...Buffer.from(' "\\[]{}\n\r\tR+-./:019azAZ')),
    fc.constantFrom(0, 0x7f, 0x80, 0xc2, 0xff),
  );
  const piece = fc.oneof(
    byte.map((each) => Buffer.of(each)),
    fc.constantFrom('race', 'TRACE', 'rac', 'trace_id=', TRACE, '" 500 ', '   ').map((each) => Buffer.from(each)),
  );
  const edit = fc.record({ at: fc.nat(200), gone: fc.nat(2), piece });
  const changed = fc.tuple(text, fc.array(edit, { maxLength: 3 })).map(([before, edits]) => {
    let bytes: Buffer = Buffer.from(before);
    for (const { at, gone, piece } of edits) {
      const place = at % (bytes.length + 1);
      bytes = Buffer.concat([bytes.subarray(0, place), piece, bytes.subarray(place + gone)]);
    }
    return bytes;
  });
  fc.assert(fc.property(fc.array(changed, { maxLength: 20 }), check), { numRuns: 500 });
});
