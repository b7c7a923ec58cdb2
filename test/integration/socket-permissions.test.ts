/** The shipper's socket is for programs of every user, in a directory where other users may replace it. */
import { mkdtempSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SocketSource } from '../../src/shipper/source/socket/source.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'logtap-socket-'));
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(directory, { recursive: true });
});

const sourceAt = (path: string) => {
  const fail = (problem: unknown) => {
    throw problem;
  };
  return new SocketSource({
    ...{ path, lineMaxBytes: 1000, lingerMs: 10, lineIdleMs: 1000, onLost: fail, onProtocolError: fail },
  });
};
const modeOf = (path: string) => statSync(path).mode & 0o777;

test('every user may connect, with any umask of the shipper, which keeps its umask', async () => {
  const path = join(directory, 'tap.sock');
  const source = sourceAt(path);
  const before = process.umask(0o077);
  await source.listen();
  expect([process.umask(before), modeOf(path)]).toEqual([0o077, 0o666]);
  source.close();
});

test('a link that another user puts in place of the new socket does not open a file of the shipper', async () => {
  const [path, secret] = [join(directory, 'tap.sock'), join(directory, 'secret')];
  writeFileSync(secret, 'for the shipper only', { mode: 0o600 });
  const { listen } = Server.prototype;
  jest.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server, ...given: unknown[]) {
    listen.apply(this, given as Parameters<typeof listen>);
    unlinkSync(path);
    symlinkSync(secret, path);
    return this;
  });
  const source = sourceAt(path);
  await source.listen();
  source.close();
  expect(modeOf(secret)).toBe(0o600);
});
