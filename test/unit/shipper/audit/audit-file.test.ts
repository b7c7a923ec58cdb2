/** The audit ledger on a disk that becomes full: each entry is there whole, or costs no other one. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditFile } from '../../../../src/shipper/audit/audit-file.js';

/** Bytes that a write takes at most, and writes after which the disk is full. */
let [writeMax, writes] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];

jest.mock('node:fs', () => {
  const actual = jest.requireActual('node:fs');
  const writeSync = (fd: number, text: Buffer | string, from = 0) => {
    if (writes-- <= 0) throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
    const bytes = Buffer.from(text as string).subarray(from);
    return actual.writeSync(fd, bytes.subarray(0, writeMax));
  };
  return { ...actual, writeSync };
});

let directory: string;
const problems: string[] = [];
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'logtap-audit-'));
  problems.length = 0;
  [writeMax, writes] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
});
afterEach(() => fs.rmSync(directory, { recursive: true }));
const open = () => new AuditFile(directory, (problem) => problems.push(problem));

test('a write that takes a part is gone on with', () => {
  const file = open();
  writeMax = 3;
  file.append('["run"]\n');
  file.replace('["run"]\n["sent"]\n');
  expect([file.read(), file.bytes, problems]).toEqual(['["run"]\n["sent"]\n', 17, []]);
});

test('half an entry on a full disk does not take the next one along', () => {
  const file = open();
  file.append('["run"]\n');
  [writeMax, writes] = [3, 1];
  file.append('["sent"]\n');
  expect(problems).toHaveLength(1);
  [writeMax, writes] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  file.append('["again"]\n');
  expect(file.read().split('\n')).toEqual(['["run"]', '["s', '["again"]', '']);
});
