/** A shipper with neither rings nor a disk buffer is killed: the next one counts what the killed one and the kernel had. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.js';
import { LIBRARY_ENV } from '../../src/contract.js';
import type { Statement } from '../../src/shipper/accounting/statement.js';
import { type Running, start, temporaryDirectory, until } from '../support/run.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

jest.setTimeout(300_000);

const LINES = 100;
/** Writes as many lines at each SIGUSR1, each with a call of its own, and says so on stderr, which is not tapped. */
const WRITER = `import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
os.write(2, b'begun\\n')
for burst in range(9):
    signal.sigwait({signal.SIGUSR1})
    for i in range(${LINES}): os.write(1, b'burst %d line %d\\n' % (burst, i))
    os.write(2, b'done\\n')`;

async function write(writer: Running): Promise<void> {
  const bursts = () => writer.stderr().split('done').length - 1;
  const before = bursts();
  writer.child.kill('SIGUSR1');
  await until('its lines are written', () => bursts() > before, 120_000);
}

async function kill({ child, ended }: Running): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}

test.each([1, 2])('after %d kills, written = delivered + counted', async (kills) => {
  const socket = join(temporaryDirectory(), 'logtap.sock');
  const output = join(temporaryDirectory(), 'out.ndjson');
  const port = await freePort();
  const common = { LOGTAP_SOCKET: socket, LOGTAP_EVENTS: 'off' };
  const outage = { LOGTAP_SINK: 'opensearch', LOGTAP_OPENSEARCH_URL: `http://127.0.0.1:${await freePort()}` };
  const writer = start('python3', ['-c', WRITER], {
    env: { ...tapEnvironment(socket), [LIBRARY_ENV.TAP_INTO.name]: '1' },
  });
  await until('the writer has begun', () => writer.stderr().includes('begun'), 120_000);
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
    await write(writer);
    await kill(shipper);
  }
  const last = await startShipper({ ...common, LOGTAP_SINK: 'file', LOGTAP_FILE_PATH: output });
  await write(writer);
  await kill(writer);
  const { stderr } = await drain(last);
  const totals = JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '');
  expect(totals).toMatchObject({ read: LINES, balanced: true });
  expect(totals.dropped).toEqual({ hold: { shipper_killed: 2 * kills * LINES } });
  expect(readFileSync(output, 'utf8').trimEnd().split('\n')).toHaveLength(LINES);
});
