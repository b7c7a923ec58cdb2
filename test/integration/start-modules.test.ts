/** A pod waits for its shipper to listen: what the start loads that it does not need costs each pod its time. */
import { execFileSync } from 'node:child_process';
import { cpSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.js';
import { baseOf } from '../../scripts/image-parts.js';
import { nodeOptions } from '../../scripts/image-process.js';
import { describeWith } from '../support/capability.js';
import { logtap, root, start, temporaryDirectory, until } from '../support/run.js';

/** That of the image: what an import loads depends on the version. */
const node = () => join(baseOf(`linux/${process.arch === 'x64' ? 'amd64' : process.arch}`), 'nodejs', 'bin', 'node');

interface Loaded {
  readonly files: string[];
  /** Those of others, too. */
  readonly allFiles: string[];
  readonly builtins: string[];
}

/** Files of this package by their paths in dist, and modules of Node, of a shipper that listens, started as in the image. */
async function loadedBy(settings: Readonly<Record<string, string>>): Promise<Loaded> {
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
    allFiles: told.files,
    builtins: told.builtins,
  };
}

/** A copy of what the image has, with the code of its modules, as the Dockerfile's command makes it. */
function compiledWith(program: string): string {
  const directory = temporaryDirectory();
  for (const name of ['package.json', 'dist/cli', 'dist/shipper']) {
    cpSync(join(root, name), join(directory, name), { recursive: true });
  }
  execFileSync(program, ['--random-seed=1', join(directory, 'dist/shipper/compile.js')]);
  return directory;
}

/** Whether V8 has taken the code of each module that a shipper loads until it listens, by the name of the module. */
async function isCodeTaken(directory: string): Promise<Record<string, boolean>> {
  const work = temporaryDirectory();
  const seen = join(work, 'seen.cjs');
  const script = `
    const vm = require('node:vm');
    const taken = {};
    vm.Script = class extends vm.Script {
      constructor(source, options) {
        super(source, options);
        taken[require('node:path').basename(options.filename)] = this.cachedDataRejected === false;
      }
    };
    process.on('SIGUSR2', () => require('node:fs').writeSync(2, JSON.stringify({ taken }) + '\\n'));`;
  writeFileSync(seen, script);
  const env = {
    ...{ LOGTAP_SOCKET: join(work, 's.sock'), LOGTAP_RING_DIR: join(work, 'rings'), LOGTAP_SINK: 'stdout' },
    ...{ LOGTAP_STATUS_HOST: '127.0.0.1', LOGTAP_STATUS_PORT: String(await freePort()) },
  };
  const args = [...nodeOptions, '--require', seen, join(directory, 'dist/cli/logtap.js'), 'ship'];
  const running = start(node(), args, { env });
  await until('it listens', () => running.stderr().includes('"listening"'));
  running.child.kill('SIGUSR2');
  await until('it has told', () => running.stderr().includes('"taken"'));
  running.child.kill('SIGTERM');
  const { code, stderr } = await running.ended;
  expect(code).toBe(0);
  return JSON.parse(stderr.split('\n').find((line) => line.startsWith('{"taken"')) ?? '{}').taken;
}

describeWith(['image parts'], 'the start of a pod’s shipper', () => {
  // V8 takes code only from the same version with the same options, and says nothing when it does not.
  test('runs the code that the Node of the image has made of its modules', async () => {
    const taken = await isCodeTaken(compiledWith(node()));
    expect(Object.keys(taken)).toContain('main.cjs');
    expect(Object.entries(taken).filter(([, isTaken]) => !isTaken)).toEqual([]);
  });

  test('compiles the modules itself where another Node has made the code, or none is there', async () => {
    const directory = compiledWith(process.execPath);
    if (execFileSync(node(), ['--version'], { encoding: 'utf8' }).trim() !== process.version) {
      expect(Object.values(await isCodeTaken(directory))).not.toContain(true);
    }
    expect(Object.values(await isCodeTaken(root))).not.toContain(true);
  });

  test('loads neither the other commands nor the client of fetch, and reads no list of locks', async () => {
    const { files, allFiles, builtins } = await loadedBy({ LOGTAP_SINK: 'stdout' });
    expect(files).toContain('shipper/main.cjs');
    const commands = files.filter((path) => path.startsWith('cli/'));
    expect(commands).toEqual(['cli/logtap.js']);
    expect(statSync(join(root, 'dist', commands[0]!)).size).toBeLessThan(20_000);
    expect(builtins.filter((name) => /undici|http2|readline|worker_threads/.test(name))).toEqual([]);
    // The kernel takes ten milliseconds for it.
    expect(allFiles).not.toContain('/proc/locks');
  });
});
