/** What signals do to the shipper: none ends it without a word, and a file that was moved is let go. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readdirSync, readFileSync, readlinkSync, renameSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryDirectory, until } from '../support/run.js';
import { drain, type Shipper, startShipper } from '../support/tapped.js';

async function startWithFile(): Promise<{ shipper: Shipper; file: string }> {
  const file = join(temporaryDirectory(), 'out.ndjson');
  const settings = { LOGTAP_SINK: 'file', LOGTAP_FILE_PATH: file, LOGTAP_BATCH_LINGER_MS: '10' };
  return { shipper: await startShipper(settings), file };
}

const send = (shipper: Shipper, line: string) =>
  new Promise<void>((resolve, reject) => {
    const socket = connect(shipper.socket);
    socket.on('error', reject);
    socket.end(`${line}\n`, () => resolve());
  });

const openFiles = ({ child }: Shipper) => {
  const directory = `/proc/${child.pid}/fd`;
  return readdirSync(directory).flatMap((fd) => {
    try {
      return [readlinkSync(join(directory, fd))];
    } catch {
      return [];
    }
  });
};

test('SIGHUP opens files again: one that log rotation has moved is let go at once', async () => {
  const { shipper, file } = await startWithFile();
  await send(shipper, 'before');
  await until('the line is there', () => readFileSync(file, 'utf8').includes('before'));
  renameSync(file, `${file}.1`);
  shipper.child.kill('SIGHUP');
  await until('it says so', () => shipper.stderr().includes('SIGHUP'));
  await until('the old file is let go', () => !openFiles(shipper).includes(`${file}.1`));
  await send(shipper, 'after');
  await until('the next line is at the path', () => readFileSync(file, 'utf8').includes('after'));
  expect(readFileSync(`${file}.1`, 'utf8')).not.toContain('after');
  expect((await drain(shipper)).code).toBe(0);
});

test('without a signal, too, the next lines are at the path', async () => {
  const { shipper, file } = await startWithFile();
  await send(shipper, 'before');
  await until('the line is there', () => readFileSync(file, 'utf8').includes('before'));
  renameSync(file, `${file}.1`);
  await send(shipper, 'after');
  await until('the next line is at the path', () => {
    try {
      return readFileSync(file, 'utf8').includes('after');
    } catch {
      return false;
    }
  });
  expect((await drain(shipper)).code).toBe(0);
});

test.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)('%s ends it in order', async (signal) => {
  const { shipper, file } = await startWithFile();
  await send(shipper, 'a line');
  shipper.child.kill(signal);
  const { code, stderr } = await shipper.ended;
  expect([code, JSON.parse(stderr.trim().split('\n').at(-1)!).balanced]).toEqual([0, true]);
  expect(readFileSync(file, 'utf8')).toContain('a line');
});

test.each(['SIGUSR1', 'SIGPIPE', 'SIGWINCH', 'SIGCONT'] as const)(
  '%s does not end it, nor open a port',
  async (signal) => {
    const { shipper, file } = await startWithFile();
    shipper.child.kill(signal);
    await sleep(200);
    await send(shipper, 'a line');
    await until('the line is there', () => readFileSync(file, 'utf8').includes('a line'));
    expect(shipper.stderr()).not.toContain('Debugger listening');
    expect((await drain(shipper)).code).toBe(0);
  },
);

/** A shipper in whose place a module loads for a second, and that gets signals meanwhile. Resolves with its output and end. */
async function signalledWhileLoading(then: string, signal: NodeJS.Signals) {
  const directory = temporaryDirectory();
  copyFileSync(join(__dirname, '../../dist/shipper/main.js'), join(directory, 'main.js'));
  const block = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);';
  writeFileSync(join(directory, 'main.cjs'), `console.error('loading'); ${block} ${then}`);
  const child = spawn(process.execPath, [join(directory, 'main.js')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
  });
  child.stderr.once('data', () => child.kill(signal));
  const [code, by] = await once(child, 'close');
  return { output, code, by };
}

// The kernel drops it for the first process of a container, which then runs until it is killed. For any other it ends the process.
test.each<NodeJS.Signals>(['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'])(
  '%s while the modules load reaches the shipper',
  async (signal) => {
    const listen = `process.on('${signal}', () => { console.log('heard'); process.exit(3); }); setTimeout(() => {}, 60_000);`;
    expect(await signalledWhileLoading(listen, signal)).toEqual({ output: 'heard\n', code: 3, by: null });
  },
);

test('SIGINT while the modules of a check load ends it', async () => {
  expect(await signalledWhileLoading('setTimeout(() => {}, 60_000);', 'SIGINT')).toMatchObject({ by: 'SIGINT' });
});
