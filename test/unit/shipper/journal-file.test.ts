/** A checkpoint that lasts moves past records whose counts are in the journal: not before these last, too. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JournalFile } from '../../../src/shipper/accounting/journal-file.js';

const calls: string[] = [];
let end: ((error: Error | null) => void) | undefined;

jest.mock('node:fs', () => {
  const actual = jest.requireActual('node:fs');
  const fdatasync = (_: number, done: (error: Error | null) => void) => {
    end = done;
  };
  const fdatasyncSync = (fd: number) => {
    calls.push('synced');
    actual.fdatasyncSync(fd);
  };
  return { ...actual, fdatasync, fdatasyncSync };
});

test('a sync that is under way is not taken for one that has ended', async () => {
  const directory = fs.mkdtempSync(join(tmpdir(), 'logtap-journal-'));
  try {
    const file = new JournalFile(join(directory, 'counts.journal'), true);
    file.replace(Buffer.from('["reported"]\n'));
    file.append(Buffer.from('["gone",1,1]\n'));
    const syncing = file.syncLater();
    calls.length = 0;
    file.sync();
    expect(calls).toEqual(['synced']);
    end?.(null);
    await syncing;
    file.sync();
    expect(calls).toEqual(['synced']);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});
