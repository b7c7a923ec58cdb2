/** A shipper with neither rings nor a disk buffer is killed: the next one counts what the killed one and the kernel had. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.js';
import { LIBRARY_ENV } from '../../src/contract.js';
import type { Statement } from '../../src/shipper/accounting/statement.js';
import { type Running, start, temporaryDirectory, until } from '../support/run.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

jest.setTimeout(300_000);

/** Of 1 to 4 lines each. */
const CALLS = 100;
const LINES = 250;
/** Times as many, with a SIGUSR2: more than the kernel holds for a connection. */
const MANY = 500;
/** Writes at each signal, and says so on stderr, which is not tapped. */
const WRITER = `import os, signal
signals = {signal.SIGUSR1, signal.SIGUSR2}
signal.pthread_sigmask(signal.SIG_BLOCK, signals)
os.write(2, b'begun\\n')
for burst in range(9):
    times = ${MANY} if signal.sigwait(signals) == signal.SIGUSR2 else 1
    for i in range(${CALLS} * times): os.write(1, b'burst %d call %d\\n' % (burst, i) * (i % 4 + 1))
    os.write(2, b'done\\n')`;

async function write(writer: Running, signal: 'SIGUSR1' | 'SIGUSR2' = 'SIGUSR1'): Promise<void> {
  const bursts = () => writer.stderr().split('done').length - 1;
  const before = bursts();
  writer.child.kill(signal);
  await until('its lines are written', () => bursts() > before);
}

async function kill({ child, ended }: Running): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}

test.each<[number, 'SIGUSR1' | 'SIGUSR2', string]>([
  [1, 'SIGUSR1', 'and the kernel holds all'],
  [2, 'SIGUSR1', 'and the kernel holds all'],
  [1, 'SIGUSR2', 'and the process loses lines'],
  [2, 'SIGUSR2', 'and the process loses lines'],
])('after %d kills, written = delivered + counted', async (kills, signal) => {
  const socket = join(temporaryDirectory(), 'logtap.sock');
  const output = join(temporaryDirectory(), 'out.ndjson');
  const port = await freePort();
  const common = { LOGTAP_SOCKET: socket, LOGTAP_EVENTS: 'off' };
  const outage = { LOGTAP_SINK: 'opensearch', LOGTAP_OPENSEARCH_URL: `http://127.0.0.1:${await freePort()}` };
  const writer = start('python3', ['-c', WRITER], {
    env: {
      ...tapEnvironment(socket, { suppress: true }),
      [LIBRARY_ENV.TAP_INTO.name]: '1',
      [LIBRARY_ENV.ON_FULL.name]: 'pass',
    },
  });
  await until('the writer has begun', () => writer.stderr().includes('begun'));
  for (let i = 0; i < kills; i += 1) {
    const status = { LOGTAP_STATUS_PORT: String(port), LOGTAP_STATUS_HOST: '127.0.0.1' };
    const shipper = await startShipper({ ...common, ...outage, ...status });
    await write(writer);
    await until(
      'it has read them',
      async () => {
        const { read } = (await (await fetch(`http://127.0.0.1:${port}/ledger`)).json()) as Statement;
        return read.stdout?.records === LINES;
      },
      120_000,
    );
    shipper.child.kill('SIGSTOP');
    await write(writer, signal);
    await kill(shipper);
  }
  const last = await startShipper({ ...common, LOGTAP_SINK: 'file', LOGTAP_FILE_PATH: output });
  await write(writer);
  await kill(writer);
  const { stderr } = await drain(last);
  const totals = JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '');
  expect(totals).toMatchObject({ balanced: true });
  const delivered = readFileSync(output, 'utf8').split('"burst ').length - 1;
  // What it could not hand over is in its original output: also its first write, where it had to tell of losses before.
  const original = writer
    .stdout()
    .split('\n')
    .filter((line) => line.startsWith('burst ')).length;
  if (signal === 'SIGUSR1') expect({ delivered, original }).toEqual({ delivered: LINES, original: 0 });
  else expect(original).toBeGreaterThan(LINES);
  const written = kills * (LINES + LINES * (signal === 'SIGUSR2' ? MANY : 1)) + LINES;
  const lost = original > 0 ? { application: { not_handed_over: original } } : {};
  expect(totals.dropped).toEqual({ ...lost, hold: { shipper_killed: written - original - delivered } });
});
