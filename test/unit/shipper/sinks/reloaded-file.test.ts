import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReloadedFile } from '../../../../src/shipper/sinks/reloaded-file.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'logtap-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('a file that is not there is a problem of its setting', () => {
  expect(() => new ReloadedFile('LOGTAP_X_FILE', join(directory, 'none'))).toThrow(
    /^LOGTAP_X_FILE='.*none': cannot be read: /,
  );
});

test('a mounted Secret is replaced by a link that points elsewhere', () => {
  const version = (name: string, content: string) => {
    writeFileSync(join(directory, name), content);
    symlinkSync(name, join(directory, 'new'));
    renameSync(join(directory, 'new'), join(directory, 'data'));
  };
  version('1', 'first');
  const file = new ReloadedFile('LOGTAP_X_FILE', join(directory, 'data'));
  expect(file.content.toString()).toBe('first');
  version('2', 'other');
  expect(file.content.toString()).toBe('other');
});

test('while a file is missing its last content holds, and then that of the next one', () => {
  const path = join(directory, 'file');
  writeFileSync(path, 'first');
  const file = new ReloadedFile('LOGTAP_X_FILE', path);
  rmSync(path);
  expect(file.content.toString()).toBe('first');
  writeFileSync(path, 'second');
  expect(file.content.toString()).toBe('second');
});
