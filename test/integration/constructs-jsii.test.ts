/** The public API is one that jsii takes, so that it can be offered to Python, Java, Go and C# without a change. */
import { appendFileSync, copyFileSync, cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { run, temporaryDirectory } from '../support/run.js';

const root = resolve(__dirname, '../..');
jest.setTimeout(120_000);

/** Compiles a copy of the constructs, with a line more at the end of their index. */
async function jsii(line = '') {
  const directory = temporaryDirectory();
  cpSync(join(root, 'src/constructs'), join(directory, 'src/constructs'), { recursive: true });
  for (const name of ['contract.ts', 'service-names.ts'])
    copyFileSync(join(root, 'src', name), join(directory, 'src', name));
  copyFileSync(join(root, 'README.md'), join(directory, 'README.md'));
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  appendFileSync(join(directory, 'src/constructs/index.ts'), line);
  const { name, version, license, author, peerDependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  writeFileSync(
    join(directory, 'package.json'),
    JSON.stringify({
      name,
      version,
      license,
      author: { name: author },
      repository: { url: 'https://example.com/cdk8s-logtap.git' },
      main: 'src/constructs/index.js',
      types: 'src/constructs/index.d.ts',
      peerDependencies,
      jsii: { outdir: 'out', targets: {} },
    }),
  );
  return run(process.execPath, [join(root, 'node_modules/jsii/bin/jsii'), '--fix-peer-dependencies=false'], {
    cwd: directory,
    env: { JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: '1' },
  });
}

const problems = (output: string) => output.split('\n').filter((line) => /(error|warning) (TS|JSII)\d+/.test(line));

test('jsii compiles it', async () => {
  const { code, stdout, stderr } = await jsii();
  // JSII6 is about package.json. `Finding.object` is a word of C#, which is worth a warning and no more.
  expect(problems(stdout + stderr).filter((line) => !/JSII6:|JSII5018: "object"/.test(line))).toEqual([]);
  expect(code).toBe(0);
});

test('the compiler is one that refuses', async () => {
  const { code, stdout, stderr } = await jsii('export interface BadProps { name: string }\n');
  expect(problems(stdout + stderr).join('\n')).toMatch(/JSII3008/);
  expect(code).not.toBe(0);
});
