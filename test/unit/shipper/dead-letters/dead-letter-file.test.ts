import fs, {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeadLetterFile } from '../../../../src/shipper/dead-letters/dead-letter-file.js';
import { createLog } from '../../../../src/shipper/log.js';
import { Secrets } from '../../../../src/shipper/secrets.js';
import { batchOf } from '../../../support/batches.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lt-'));
  mkdirSync(join(directory, 'in'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function open(maxBytes = 1_000_000, path = join(directory, 'dead.ndjson'), monotonicMs = () => 0) {
  const lines: Record<string, unknown>[] = [];
  const log = createLog({ write: (line) => lines.push(JSON.parse(line)), now: () => 0 });
  const options = { path, maxBytes, now: () => 0, monotonicMs, log, secrets: new Secrets() };
  return { file: new DeadLetterFile(options), path, lines };
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
  test('only its owner may read it, and it goes on where a previous run ended', () => {
    const { file, path } = open();
    expect(write(file, 'a', 'b')).toBe('kept');
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
    expect(write(file, 'a')).toBe('dropped');
    expect(lines).toEqual([expect.objectContaining({ level: 'error', message: expect.stringContaining('ENOSPC') })]);
  });

  test('that cannot be made is an error at the start, with the remedy', () => {
    expect(() => open(4096, join(directory, 'missing', 'dead.ndjson'))).toThrow(
      /LOGTAP_DEAD_LETTER_FILE='.*': cannot be written: ENOENT.* Mount a writable directory/,
    );
  });

  test.each([
    ['removed', (path: string) => rmSync(path), 0],
    ['moved', (path: string) => renameSync(path, `${path}.moved`), 0],
    ['replaced', (path: string) => rename(path, 'another\n'), 1],
    ['removed with its directory, which is made again', (path: string) => remake(join(path, '..')), 0],
  ])('that was %s is opened again: the next letter is at its path', (_, change, lines) => {
    const { file, path } = open(4096, join(directory, 'in', 'dead.ndjson'));
    expect(write(file, 'before')).toBe('kept');
    change(path);
    expect(write(file, 'after')).toBe('kept');
    expect(
      readFileSync(path, 'utf8')
        .split('\n')
        .slice(lines, -1)
        .map((line) => JSON.parse(line).record.message),
    ).toEqual(['after']);
  });

  test('past half of its bound goes on after it was removed, as before', () => {
    const { file, path } = open(4096);
    for (let i = 0; i < 8; i++) write(file, `message ${i}`);
    rmSync(path);
    expect(write(file, 'after')).toBe('kept');
    expect(messagesIn(path)).toEqual(['after']);
    expect(existsSync(`${path}.1`)).toBe(false);
  });

  test('that two processes write loses no letter but those that are reported as discarded', () => {
    const one = open(4096);
    const other = open(4096);
    for (let i = 0; i < 200; i++) expect(write([one, other][((i * i) % 3) % 2]!.file, `${i}`)).toBe('kept');
    const gone = [...one.lines, ...other.lines].length;
    const kept = [...messagesIn(`${one.path}.1`), ...messagesIn(one.path)].map(Number);
    expect(gone).toBeGreaterThan(0);
    // Without a hole: those that were discarded are the oldest.
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => 200 - kept.length + i));
    expect(statSync(one.path).size + statSync(`${one.path}.1`).size).toBeLessThanOrEqual(4096);
  });

  test.each([
    ['', 1],
    [', and the clock was set back since', 4_000_000_000],
  ])('does not rotate while another process does, but goes on after one that was killed meanwhile%s', (_, seconds) => {
    const { file, path } = open(4096);
    const guard = `${path}.rotating`;
    writeFileSync(guard, '');
    for (let i = 0; i < 15; i++) expect(write(file, `message ${i}`)).toBe('kept');
    expect(existsSync(`${path}.1`)).toBe(false);
    utimesSync(guard, seconds, seconds);
    for (let i = 15; i < 18; i++) expect(write(file, `message ${i}`)).toBe('kept');
    expect([...messagesIn(`${path}.1`), ...messagesIn(path)]).toHaveLength(18);
    expect(existsSync(guard)).toBe(false);
  });

  describe('of which a write fails', () => {
    afterEach(() => jest.restoreAllMocks());
    const writeSync = fs.writeSync as (fd: number, bytes: Buffer, at: number, length?: number) => number;
    const failing = (code: string, meanwhile = (_: number) => {}) => {
      jest
        .spyOn(fs, 'writeSync')
        .mockImplementationOnce(((fd: number, bytes: Buffer, at: number) => writeSync(fd, bytes, at, 10)) as never)
        .mockImplementationOnce(((fd: number) => {
          meanwhile(fd);
          throw Object.assign(new Error(code), { code });
        }) as never);
    };

    test('has nothing of the letter', () => {
      const { file, path } = open();
      write(file, 'a');
      failing('ENOSPC');
      expect(write(file, 'b')).toBe('dropped');
      write(file, 'c');
      expect(messagesIn(path)).toEqual(['a', 'c']);
    });

    test('has all that another process wrote behind it', () => {
      const { file, path } = open();
      write(file, 'a');
      failing('ENOSPC', (fd) => writeSync(fd, Buffer.from('\n{"record":{"message":"other"}}\n'), 0));
      expect(write(file, 'b')).toBe('dropped');
      write(file, 'c');
      const lines = readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line.endsWith('}'));
      expect(lines.map((line) => JSON.parse(line).record.message)).toEqual(['a', 'other', 'c']);
    });

    test.each(['EMFILE', 'ENFILE', 'ENOMEM', 'EIO', 'EACCES', 'ESTALE', 'EAGAIN'])(
      'for want of a moment (%s) has it later, for a minute',
      (code) => {
        let nowMs = 1000;
        const { file, path } = open(1_000_000, undefined, () => nowMs);
        for (const [ms, kept] of [
          [0, 'later'],
          [59_999, 'later'],
          [60_000, 'dropped'],
        ] as const) {
          nowMs = 1000 + ms;
          failing(code);
          expect(write(file, 'a')).toBe(kept);
        }
        expect(write(file, 'b')).toBe('kept');
        failing(code);
        expect(write(file, 'c')).toBe('later');
        expect(messagesIn(path)).toEqual(['b']);
      },
    );
  });
});

function rename(path: string, content: string): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

function remake(path: string): void {
  rmSync(path, { recursive: true });
  mkdirSync(path);
}
