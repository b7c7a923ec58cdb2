/** A replay of a file that others write to: it says when there may be letters that it has not sent. */
import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeLetter } from '../../../../src/shipper/dead-letters/letter.js';
import { replay } from '../../../../src/shipper/dead-letters/replay.js';
import { createLog } from '../../../../src/shipper/log.js';
import { Secrets } from '../../../../src/shipper/secrets.js';
import { batchOf } from '../../../support/batches.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lt-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const letter = (message: string) => encodeLetter('file', 0, batchOf([message]), { index: 0, reason: 'empty' });

test.each([
  ['is left alone', () => {}, false],
  ['is written to', (path: string) => appendFileSync(path, letter('late')), true],
  ['is rotated', (path: string) => renameSync(path, `${path}.1`) ?? writeFileSync(path, letter('late')), true],
  ['is removed', (path: string) => rmSync(path), true],
])('a file that %s', async (_, meanwhile, hasChanged) => {
  const path = join(directory, 'dead.ndjson');
  const out = join(directory, 'out.ndjson');
  writeFileSync(path, letter('first'));
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line), now: () => 0 });
  const env = { LOGTAP_FILE_PATH: out, LOGTAP_SINK: 'file' };
  const replaying = replay(path, env, log, new Secrets(), new AbortController().signal);
  // By then it is open.
  setImmediate(() => setImmediate(() => setImmediate(() => meanwhile(path))));
  const replayed = await replaying.catch((error) => ({ hasChanged: true, totals: undefined, error }));
  expect(replayed.hasChanged).toBe(hasChanged);
  if (replayed.totals !== undefined) expect(readFileSync(out, 'utf8')).toContain('first');
  if (replayed.totals !== undefined) expect(lines.some((line) => line.includes('may hold letters'))).toBe(hasChanged);
});
