import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

test('a file of a Secret that does not exist yet: each use fails with the remedy until it is there, and then all is as ever', () => {
  const path = join(directory, 'opensearch', 'password');
  const file = new ReloadedFile('LOGTAP_X_FILE', path, directory);
  const missing = expect.objectContaining({
    name: 'NoAnswerError',
    code: 'missing_secret',
    isSent: false,
    message: expect.stringMatching(
      /^LOGTAP_X_FILE='.*': ENOENT.* \(create the Secret 'opensearch' with the key 'password': .*#a-secret-is-missing\)$/,
    ),
  });
  for (let again = 0; again < 2; again += 1) {
    expect(file.isThere).toBe(false);
    expect(() => file.content).toThrow(missing);
  }
  mkdirSync(join(directory, 'opensearch'));
  writeFileSync(path, 'secret');
  expect(file.isThere).toBe(true);
  expect(file.content.toString()).toBe('secret');
  rmSync(path);
  expect(file.content.toString()).toBe('secret');
});

test('a file of a Secret that is there and cannot be read is a problem at once', () => {
  mkdirSync(join(directory, 'opensearch', 'password'), { recursive: true });
  const open = () => new ReloadedFile('LOGTAP_X_FILE', join(directory, 'opensearch', 'password'), directory);
  expect(open).toThrow(/cannot be read: EISDIR/);
});
