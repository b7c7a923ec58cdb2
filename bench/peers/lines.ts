/**
 * The lines that peers ship. Each has `seq=` and its number in nine digits, which survives any encoding of text, so that a
 * sink knows which lines it has, and how often.
 */
import { closeSync, openSync, statSync, writeSync } from 'node:fs';

const LINES_PER_WRITE = 10_000;
const TRACE_LINES = 6;
const TRACE_EVERY = 20;

export const mark = (i: number): string => `seq=${String(i).padStart(9, '0')}`;

const access = (i: number): string =>
  `10.1.${i & 255}.${(i >> 8) & 255} - - [23/Nov/2026:07:21:44 +0000] "GET /api/v1/items?${mark(i)} HTTP/1.1" 200 ${1000 + (i % 9000)} "-" "Mozilla/5.0 (X11; Linux x86_64) Gecko"`;

const json = (i: number, more: string): string =>
  JSON.stringify({
    ...{ time: '2026-11-23T07:21:44.123Z', level: 'info', logger: 'com.example.shop.OrderService', thread: 'exec-12' },
    ...{ trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', msg: `order ${mark(i)} was accepted and ${more}` },
    ...{ customer: 100_000 + (i % 1000), items: i % 7, total: (i % 900) / 10, path: 'C:\\shop\\orders', region: 'eu' },
  });

/** JSON lines of which every fourth has a card number to hide; after every twentieth a stack trace of six lines. */
function mixed(i: number): string {
  const at = i % (TRACE_EVERY + TRACE_LINES);
  if (at === TRACE_EVERY) return `java.lang.IllegalStateException: order ${mark(i)} was paid twice`;
  if (at > TRACE_EVERY) return `\tat com.example.shop.OrderService.pay${mark(i)}(OrderService.java:${100 + at})`;
  return json(i, i % 4 === 0 ? 'paid by card 4111 1111 1111 1111' : 'will be shipped "today"');
}

const filled = (bytes: number) => (i: number) => {
  const start = `INFO ${mark(i)} `;
  return start + 'the quick brown fox '.repeat(Math.ceil(bytes / 20)).slice(0, bytes - start.length - 1);
};

/** By name, a line without its end. */
export const SHAPES = {
  access,
  json: (i: number) => json(i, 'will be shipped "today"'),
  mixed,
  '30 bytes': filled(30),
  '120 bytes': filled(120),
  '1,500 bytes': filled(1500),
  '16,000 bytes': filled(16_000),
} as const;

export type Shape = keyof typeof SHAPES;

/** Writes the lines to a file. Returns its size in bytes. */
export function writeLines(path: string, shape: Shape, lines: number): number {
  const file = openSync(path, 'w');
  for (let from = 0; from < lines; from += LINES_PER_WRITE) {
    const length = Math.min(LINES_PER_WRITE, lines - from);
    writeSync(file, Array.from({ length }, (_, i) => `${SHAPES[shape](from + i)}\n`).join(''));
  }
  closeSync(file);
  return statSync(path).size;
}
