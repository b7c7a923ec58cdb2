/** docs/internals/adding-a-sink.md, done as it says: the sink is made in a copy of the project, which compiles, and lines go through it. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { root, run, start, temporaryDirectory, until } from '../support/run.js';

jest.setTimeout(300_000);

const page = readFileSync(join(root, 'docs/internals/adding-a-sink.md'), 'utf8');
const blocks = (kind: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${kind}\\n(.*?)\`\`\``, 'gs'))].map(([, text = '']) => text);

/** Each hunk's lines without `+` occur in the file once, and become those with it. */
function patched(text: string, hunk: string): string {
  const lines = hunk.split('\n').slice(0, -1);
  const before = lines.filter((line) => !line.startsWith('+')).map((line) => line.slice(1));
  const after = lines.map((line) => line.slice(1));
  expect({ before, found: text.split(`${before.join('\n')}\n`).length - 1 }).toEqual({ before, found: 1 });
  return text.replace(`${before.join('\n')}\n`, () => `${after.join('\n')}\n`);
}

test('a sink is added as the page says, and delivers', async () => {
  const copy = temporaryDirectory();
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean);
  for (const file of files) cpSync(join(root, file), join(copy, file), { recursive: true, verbatimSymlinks: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  for (const text of blocks('ts')) {
    const [, file = ''] = /^\/\/ (\S+)\n/.exec(text) ?? [];
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    writeFileSync(join(copy, file), text.replace(/^.*\n/, ''));
  }
  for (const [, file = '', hunks = ''] of blocks('diff').flatMap((text) => [
    ...text.matchAll(/^--- (\S+)\n\+\+\+ \S+\n(.*?)(?=^--- |$(?![\s\S]))/gms),
  ])) {
    const path = join(copy, file);
    const result = hunks.split(/^@@\n/m).filter(Boolean).reduce(patched, readFileSync(path, 'utf8'));
    writeFileSync(path, result);
  }
  const node = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await run(process.execPath, args, { cwd: copy });
    expect({ args, code, stderr: code === 0 ? '' : stdout + stderr }).toEqual({ args, code: 0, stderr: '' });
    return stdout;
  };
  const bin = (name: string) => join(root, 'node_modules', name);
  await node(bin('tsx/dist/cli.mjs'), 'scripts/generate.ts');
  expect(readFileSync(join(copy, 'docs/reference/settings.md'), 'utf8')).toContain(
    'The sink `fifo` needs `LOGTAP_FIFO_PATH`',
  );
  await node(bin('typescript/bin/tsc'), '--noEmit', '-p', '.');
  const bundle = { entryPoints: ['src/shipper/main.ts'], bundle: true, platform: 'node', outfile: 'main.js' };
  await node('--eval', `require('esbuild').buildSync(${JSON.stringify(bundle)})`);

  const [socket, fifo] = [join(copy, 's'), join(copy, 'fifo')];
  execFileSync('mkfifo', [fifo]);
  const env = { LOGTAP_SINK: 'fifo', LOGTAP_FIFO_PATH: fifo, LOGTAP_SOCKET: socket, LOGTAP_STATUS_PORT: 'off' };
  const shipper = start(process.execPath, [join(copy, 'main.js')], { env });
  await until('the shipper listens', () => shipper.stderr().includes('listening'));
  await new Promise<void>((resolve) => connect(socket).end('one\ntwo\n', resolve));
  // Nothing reads yet: the records wait.
  const reader = start('cat', [fifo]);
  await until('the lines are there', () => reader.stdout().includes('"two"'));
  shipper.child.kill('SIGTERM');
  expect((await shipper.ended).code).toBe(0);
  expect((await reader.ended).stdout.match(/"message":"\w+"/g)).toEqual(['"message":"one"', '"message":"two"']);

  const script = `import { Sink } from './src/constructs/index.js';
    console.log(JSON.stringify(Sink.fifo({ volume: 'v', path: '/run/app/log.fifo' }).bind()));
    try { Sink.fifo({ volume: 'v', path: 'log.fifo' }); } catch (error) { console.log(error.message); }`;
  writeFileSync(join(copy, 'try.ts'), script);
  expect((await node(bin('tsx/dist/cli.mjs'), 'try.ts')).split('\n')).toEqual([
    expect.stringContaining('"settings":{"LOGTAP_FIFO_PATH":"/run/app/log.fifo"}'),
    expect.stringMatching(/^'path' \("log.fifo"\) must be an absolute path/),
    '',
  ]);
});
