/** A pod waits for its shipper to listen: what the start loads that it does not need costs each pod its time. */
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.js';
import { baseOf } from '../../scripts/image-parts.js';
import { describeWith } from '../support/capability.js';
import { logtap, root, start, temporaryDirectory, until } from '../support/run.js';

jest.setTimeout(120_000);

/** That of the image: what an import loads depends on the version. */
const node = () => join(baseOf(`linux/${process.arch === 'x64' ? 'amd64' : process.arch}`), 'nodejs', 'bin', 'node');

/** Files of this package by their paths in dist, and modules of Node, of a shipper that listens, started as in the image. */
async function loadedBy(settings: Readonly<Record<string, string>>): Promise<{ files: string[]; builtins: string[] }> {
  const directory = temporaryDirectory();
  const seen = join(directory, 'seen.cjs');
  // Node lists what it has loaded. ES modules are in no list, so their files are noted when they are opened.
  const script = `
    const fs = require('node:fs');
    const files = new Set();
    const { readFileSync } = fs;
    fs.readFileSync = (...given) => (files.add(String(given[0])), readFileSync(...given));
    require('node:module').registerHooks({
      load: (url, context, next) => (files.add(url.replace('file://', '')), next(url, context)),
    });
    process.on('SIGUSR2', () => {
      fs.writeSync(2, JSON.stringify({ files: [...files], builtins: process.moduleLoadList }) + '\\n');
    });`;
  writeFileSync(seen, script);
  const env = {
    ...{ LOGTAP_SOCKET: join(directory, 's.sock'), LOGTAP_RING_DIR: join(directory, 'rings') },
    ...{ LOGTAP_STATUS_HOST: '127.0.0.1', LOGTAP_STATUS_PORT: String(await freePort()), ...settings },
  };
  const running = start(node(), ['--require', seen, logtap, 'ship'], { env });
  await until('it listens', () => running.stderr().includes('"listening"'));
  running.child.kill('SIGUSR2');
  await until('it has told', () => running.stderr().includes('"builtins"'));
  running.child.kill('SIGTERM');
  const { stderr } = await running.ended;
  const told = JSON.parse(stderr.split('\n').find((line) => line.startsWith('{"files"')) ?? '{}');
  const dist = join(root, 'dist/');
  return {
    files: told.files.filter((path: string) => path.startsWith(dist)).map((path: string) => path.slice(dist.length)),
    builtins: told.builtins,
  };
}

describeWith(['image parts'], 'the start of a pod’s shipper', () => {
  test('loads neither the other commands nor the client of fetch', async () => {
    const { files, builtins } = await loadedBy({ LOGTAP_SINK: 'stdout' });
    expect(files).toContain('shipper/main.mjs');
    const commands = files.filter((path) => path.startsWith('cli/'));
    expect(commands).toEqual(['cli/logtap.js']);
    expect(statSync(join(root, 'dist', commands[0]!)).size).toBeLessThan(20_000);
    expect(builtins.filter((name) => /undici|http2/.test(name))).toEqual([]);
  });
});
