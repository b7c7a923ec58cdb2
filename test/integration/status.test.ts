/** What kubelet and Prometheus see of a running shipper. */
import { freePort } from '../../scripts/free-port.js';
import { run, until } from '../support/run.js';
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
