/** What kubelet and Prometheus see of a running shipper. */
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.js';
import { LIBRARY_ENV } from '../../src/contract.js';
import type { State } from '../../src/shipper/console/wire.js';
import { root, run, start, temporaryDirectory, until } from '../support/run.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

const ask = async (url: string) => {
  const response = await fetch(url);
  return { status: response.status, text: await response.text() };
};

test('rules 95, 97: a sink that cannot be reached: alive, not ready, and every record accounted for in the metrics', async () => {
  const port = await freePort();
  const status = `http://127.0.0.1:${port}`;
  const shipper = await startShipper({
    LOGTAP_STATUS_HOST: '127.0.0.1',
    LOGTAP_STATUS_PORT: String(port),
    LOGTAP_SINK: 'stdout,opensearch',
    LOGTAP_OPENSEARCH_URL: `http://127.0.0.1:${await freePort()}`,
    LOGTAP_GRACE_SECONDS: '2',
  });
  expect(await ask(`${status}/readyz`)).toEqual({ status: 200, text: 'ok\n' });
  await run('printf', ['one\\ntwo\\nthree\\n'], { env: tapEnvironment(shipper.socket) });
  await until('the outage is noticed', async () => (await ask(`${status}/readyz`)).status === 503);
  expect((await ask(`${status}/readyz`)).text).toMatch(
    /^opensearch: \d+ failures in a row, the last one ECONNREFUSED\n$/,
  );
  expect((await ask(`${status}/livez`)).status).toBe(200);
  const { text } = await ask(`${status}/metrics`);
  const metrics = new Map(text.split('\n').map((line) => line.split(' ') as [string, string]));
  expect(metrics.get('logtap_records_read_total{stream="stdout"}')).toBe('3');
  expect(metrics.get('logtap_records_delivered_total{sink="stdout"}')).toBe('3');
  expect(metrics.get('logtap_records_delivered_total{sink="opensearch"}')).toBe('0');
  expect(metrics.get('logtap_records_held{sink="opensearch"}')).toBe('3');
  expect(Number(metrics.get('logtap_retries_total{sink="opensearch",reason="ECONNREFUSED"}'))).toBeGreaterThan(0);
  expect((await drain(shipper)).code).toBe(74);
});

test('a status port that is taken: exit code 78, and no process was let in before', async () => {
  const port = String(await freePort());
  const settings = { LOGTAP_STATUS_HOST: '127.0.0.1', LOGTAP_STATUS_PORT: port };
  const first = await startShipper(settings);
  await expect(startShipper(settings)).rejects.toThrow(new RegExp(`LOGTAP_STATUS_PORT='${port}'.*EADDRINUSE`));
  expect((await drain(first)).code).toBe(0);
});

async function startRefusing(settings: Record<string, string> = {}) {
  const path = join(root, 'test', 'support', 'refusing-sink.mjs');
  const port = await freePort();
  const own = { LOGTAP_STATUS_HOST: '127.0.0.1', LOGTAP_STATUS_PORT: String(port), LOGTAP_SINK: `module:${path}` };
  const shipper = await startShipper({ ...own, ...settings });
  await run('printf', ['one\\ntwo\\n'], { env: tapEnvironment(shipper.socket) });
  const url = `http://127.0.0.1:${port}`;
  await until('both are refused', async () => {
    const { sinks } = (await (await fetch(`${url}/status`)).json()) as State;
    return (sinks[0]!.dropped.too_old ?? sinks[0]!.deadLettered.too_old) === 2;
  });
  return { shipper, url, sink: `module:${path}` };
}

const lastLine = (stderr: string) => JSON.parse(stderr.trimEnd().split('\n').at(-1)!);

test('lost lines: ready, but /readyz and the last line, an error, tell how many, why, and what to set', async () => {
  const { shipper, url, sink } = await startRefusing();
  const remedy = `${sink}: 2 dropped (too_old): the sink permanently refuses them; set LOGTAP_DEAD_LETTER_FILE`;
  const { status, text } = await ask(`${url}/readyz`);
  expect([status, text.split('\n')[0]]).toEqual([200, 'ok']);
  expect(text).toContain(`\nlost: ${remedy}`);
  expect((await ask(`${url}/metrics`)).text).toContain(
    'logtap_records_dropped_total{where="sink",reason="too_old"} 2\n',
  );
  const { code, stderr } = await drain(shipper);
  expect(code).toBe(0);
  const last = lastLine(stderr);
  expect(last).toMatchObject({ level: 'error', dropped: { [sink]: { too_old: 2 } }, held: 0, balanced: true });
  expect(last.message).toContain(`stopped: nothing remains to be delivered, but lines are lost: ${remedy}`);
});

test('dead letters are no loss: the last line is no error', async () => {
  const { shipper, url, sink } = await startRefusing({
    LOGTAP_DEAD_LETTER_FILE: join(temporaryDirectory(), 'letters'),
  });
  expect((await ask(`${url}/readyz`)).text).toBe('ok\n');
  const { code, stderr } = await drain(shipper);
  expect(code).toBe(0);
  expect(lastLine(stderr)).toMatchObject({ level: 'info', deadLettered: { [sink]: { too_old: 2 } } });
});

test('writers are visible: a process is seen when it writes, and counted after its end; before, none was', async () => {
  const [port, rings] = [await freePort(), join(temporaryDirectory(), 'rings')];
  const shipper = await startShipper({ LOGTAP_STATUS_PORT: String(port), LOGTAP_RING_DIR: rings });
  const metric = async (name: string) => {
    const { text } = await ask(`http://127.0.0.1:${port}/metrics`);
    return new RegExp(`^logtap_${name} (.*)$`, 'm').exec(text)?.[1];
  };
  const all = () => Promise.all(['processes_seen_total', 'processes', 'rings', 'rings_full'].map(metric));
  expect(await all()).toEqual(['0', '0', '0', '0']);
  expect(await metric('last_read_age_seconds')).toBeUndefined();
  const env = { ...tapEnvironment('', { suppress: true }), [LIBRARY_ENV.TARGET.name]: `ring:${rings}` };
  const gate = join(temporaryDirectory(), 'gate');
  await run('mkfifo', [gate]);
  const writer = start('sh', ['-c', `echo hello; read stop < ${gate}`], { env });
  await until(
    'its line is read',
    async () => (await metric('records_read_total{stream="stdout"}'.replace(/[{}]/g, '\\$&'))) === '1',
  );
  expect(await all()).toEqual(['1', '1', '1', '0']);
  expect(Number(await metric('last_read_age_seconds'))).toBeGreaterThanOrEqual(0);
  writer.child.kill('SIGKILL');
  await until('its end is noticed', async () => (await metric('processes')) === '0');
  expect(await all()).toEqual(['1', '0', '0', '0']);
  await drain(shipper);
});
