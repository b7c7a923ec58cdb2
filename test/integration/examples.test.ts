/** The examples, run by the commands of their own pages. */
import { basename, join } from 'node:path';
import { freePort } from '../../scripts/free-port.js';
import { runPage, stepsOf } from '../support/page.js';
import { library, root, temporaryDirectory } from '../support/run.js';

const directoryOf = (example: string) => join(root, 'examples', example);

test('custom-sink: an HTTP service has every line', async () => {
  const page = 'examples/custom-sink/README.md';
  await runPage(stepsOf(page), { cwd: directoryOf('custom-sink'), replace: { '8080': String(await freePort()) } });
});

test('coming from liblogtap: either side works with the other of old', async () => {
  const directory = temporaryDirectory();
  await runPage(stepsOf('docs/start/coming-from-liblogtap.md'), {
    cwd: directoryOf('raw-sidecar'),
    env: { LIBRARY: library },
    replace: Object.fromEntries(
      ['/tmp/sidecar.sock', '/tmp/shipper.sock', 'sidecar.log', 'shipper.log', 'shipper.err'].map((name) => {
        return [name, join(directory, basename(name))];
      }),
    ),
  });
});
