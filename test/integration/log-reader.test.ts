/** The reader of the log of the shipper may be slow, or gone: a pipe that is full or broken. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../../src/shipper/errors.js';

const SHIPPER = join(__dirname, '../../dist/shipper/main.js');
const WAIT_MS = 60_000;

let directory: string;
let child: ChildProcess | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'logtap-log-reader-'));
});

afterEach(() => {
  child?.kill('SIGKILL');
  child = undefined;
  rmSync(directory, { recursive: true, force: true });
});

/** A pipe without room for another byte. */
function fullPipe() {
  const path = join(directory, 'log');
  spawnSync('mkfifo', [path]);
  // Two descriptors: that which a child gets becomes a blocking one.
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  const bytes = Buffer.alloc(4096);
  try {
    for (;;) writeSync(fd, bytes);
  } catch (error) {
    if (codeOf(error) !== 'EAGAIN') throw error;
  }
  const read = () => {
    let text = '';
    const chunk = Buffer.alloc(65_536);
    try {
      for (let length = 1; length > 0; ) {
        length = readSync(reader, chunk);
        text += chunk.toString('utf8', 0, length);
      }
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') throw error;
    }
    return text.replaceAll('\0', '');
  };
  const close = () => {
    closeSync(fd);
    closeSync(reader);
  };
  return { fd, read, close };
}

/** Reads every 300 ms until the shipper has ended. */
async function readSlowly({ read }: ReturnType<typeof fullPipe>, ended: Promise<unknown[]>) {
  let said = '';
  const reading = setInterval(() => {
    said += read();
  }, 300);
  const [code] = await ended;
  clearInterval(reading);
  said += read();
  return { code, said };
}

function start(stderr: number | 'pipe', settings: Readonly<Record<string, string>>): ChildProcess {
  child = spawn(process.execPath, [SHIPPER], {
    env: { PATH: process.env.PATH, LOGTAP_STATUS_PORT: 'off', ...settings },
    stdio: ['ignore', 'ignore', stderr],
  });
  return child;
}

const lines = () => ({
  LOGTAP_SOCKET: join(directory, 'socket'),
  LOGTAP_SINK: 'file',
  LOGTAP_FILE_PATH: join(directory, 'lines'),
});

async function until(what: string, isDone: () => boolean): Promise<void> {
  for (const end = Date.now() + WAIT_MS; !isDone(); ) {
    if (Date.now() > end) throw new Error(`not within ${WAIT_MS} ms: ${what}`);
    await sleep(20);
  }
}

/** Writes a line, and waits until it is delivered. */
async function deliver(line: string): Promise<void> {
  await until('the shipper listens', () => existsSync(join(directory, 'socket')));
  const socket = createConnection(join(directory, 'socket'));
  await once(socket, 'connect');
  socket.end(`${line}\n`);
  const file = join(directory, 'lines');
  await until(`${line} is delivered`, () => existsSync(file) && readFileSync(file, 'utf8').includes(line));
}

test('a log that is not read holds no line up, and its last line, the ledger, comes once it is read', async () => {
  const pipe = fullPipe();
  try {
    const shipper = start(pipe.fd, lines());
    await deliver('while the log is full');
    const ended = once(shipper, 'exit');
    shipper.kill('SIGTERM');
    const { code, said } = await readSlowly(pipe, ended);
    expect(code).toBe(0);
    const ledger = JSON.parse(said.trimEnd().split('\n').at(-1)!);
    expect([ledger.read, ledger.balanced]).toEqual([1, true]);
    expect(said).toContain('"listening"');
  } finally {
    pipe.close();
  }
});

test('the error of a wrong setting comes once the log is read', async () => {
  const pipe = fullPipe();
  try {
    const ended = once(start(pipe.fd, { ...lines(), LOGTAP_SINK: 'nowhere' }), 'exit');
    const { code, said } = await readSlowly(pipe, ended);
    expect(code).toBe(78);
    expect(said).toContain("LOGTAP_SINK='nowhere'");
  } finally {
    pipe.close();
  }
});

test('the shipper delivers on after the reader of its log has gone', async () => {
  const shipper = start('pipe', lines());
  await deliver('one');
  shipper.stderr!.destroy();
  // Each writes a line of the log.
  for (let i = 0; i < 3; i += 1) {
    shipper.kill('SIGHUP');
    await sleep(50);
  }
  await deliver('two');
  const ended = once(shipper, 'exit');
  shipper.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});
