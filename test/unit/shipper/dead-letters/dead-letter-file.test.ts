import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeadLetterFile } from '../../../../src/shipper/dead-letters/dead-letter-file.js';
import { createLog } from '../../../../src/shipper/log.js';
import { Secrets } from '../../../../src/shipper/secrets.js';
import { batchOf } from '../../../support/batches.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lt-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function open(maxBytes = 1_000_000, path = join(directory, 'dead.ndjson')) {
  const lines: Record<string, unknown>[] = [];
  const log = createLog({ write: (line) => lines.push(JSON.parse(line)), now: () => 0 });
  return { file: new DeadLetterFile({ path, maxBytes, now: () => 0, log, secrets: new Secrets() }), path, lines };
}

const messagesIn = (path: string): string[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line).record.message);

const write = (file: DeadLetterFile, ...messages: string[]) =>
  file.write(
    'one',
    batchOf(messages),
    messages.map((_, index) => ({ index, reason: 'empty' })),
  );

describe('the file of dead letters', () => {
  test('only its owner may read it, and it goes on where an earlier life ended', () => {
    const { file, path } = open();
    expect(write(file, 'a', 'b')).toBe(true);
    file.close();
    const again = open();
    write(again.file, 'c');
    expect(messagesIn(path)).toEqual(['a', 'b', 'c']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('rule 92: is bounded; what is pushed out is counted', () => {
    const { file, path, lines } = open(4096);
    const sent = Array.from({ length: 60 }, (_, i) => `message ${i}`);
    for (const message of sent) write(file, message);
    expect(statSync(path).size + statSync(`${path}.1`).size).toBeLessThanOrEqual(4096);
    const kept = [...messagesIn(`${path}.1`), ...messagesIn(path)];
    expect(kept).toEqual(sent.slice(-kept.length));
    expect(kept.length).toBeGreaterThan(8);
    expect(lines[0]).toMatchObject({ level: 'warn', discarded: expect.any(Number) });
  });

  test('that cannot be written: nothing of it is kept, and it says so', () => {
    const full = join(directory, 'full');
    symlinkSync('/dev/full', full);
    const { file, lines } = open(1_000_000, full);
    expect(write(file, 'a')).toBe(false);
    expect(lines).toEqual([expect.objectContaining({ level: 'error', message: expect.stringContaining('ENOSPC') })]);
  });

  test('that cannot be made is an error at the start, with the remedy', () => {
    expect(() => open(4096, join(directory, 'missing', 'dead.ndjson'))).toThrow(
      /LOGTAP_DEAD_LETTER_FILE='.*': cannot be written: ENOENT.* Mount a writable directory/,
    );
  });
});
