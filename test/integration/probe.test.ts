/** The kubelet's program and a shipper: from before its start, while it works, while it hangs, and after its end. */
import { freePort } from '../../scripts/free-port.js';
import { probe, run } from '../support/run.js';
import { drain, startShipper } from '../support/tapped.js';

test('the hook ends when the shipper listens, and the probe sees one that hangs, and one that has ended', async () => {
  const port = String(await freePort());
  const ask = (path: string, seconds: number) => run(probe, [port, path, String(seconds)]);
  const hook = ask('/livez', 100);
  const shipper = await startShipper({ LOGTAP_STATUS_PORT: port });
  expect(await hook).toMatchObject({ code: 0, stdout: '' });
  expect(await ask('/readyz', 60)).toMatchObject({ code: 0 });

  shipper.child.kill('SIGSTOP');
  const hung = await ask('/livez', 1);
  shipper.child.kill('SIGCONT');
  expect(hung).toMatchObject({ code: 1 });
  expect(hung.stdout).toContain('it takes connections, and does not answer');
  expect(await ask('/livez', 60)).toMatchObject({ code: 0 });

  expect((await drain(shipper)).code).toBe(0);
  expect((await ask('/livez', 0)).stdout).toContain('it does not listen');
});
