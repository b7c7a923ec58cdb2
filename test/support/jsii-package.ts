/** A copy of the constructs that jsii compiles, and the Python package that jsii-pacmak makes of it. */
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { constructsFiles } from './public-names.js';
import { type Ended, root, run } from './run.js';

/** Name of the Python module. */
export const PYTHON_MODULE = 'cdk8s_logtap';

/**
 * Writes a package of the constructs alone into `directory`, and links the npm packages there.
 *
 * The compiled files lie as deep as in dist, since they look for package.json.
 */
export function writeJsiiPackage(directory: string, nodeModules: string): void {
  const { name, version, description, license, author, peerDependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  const manifest = {
    name,
    version,
    description,
    license,
    author: { name: author },
    // jsii wants one; nothing is looked up there.
    repository: { type: 'git', url: 'https://git.example/cdk8s-logtap.git' },
    main: 'lib/src/constructs/index.js',
    types: 'lib/src/constructs/index.d.ts',
    peerDependencies,
    // jsii wants the oldest version of each peer, and compiles against what is installed.
    devDependencies: Object.fromEntries(
      Object.entries<string>(peerDependencies).map(([peer, range]) => [peer, range.replace('^', '')]),
    ),
    jsii: {
      outdir: 'dist',
      targets: { python: { distName: name, module: PYTHON_MODULE } },
      tsconfig: 'tsconfig.json',
      validateTsconfig: 'minimal',
    },
  };
  // The compiler settings of this repository, and where jsii wants its results.
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const compilerOptions = {
    ...config.compilerOptions,
    rootDir: '.',
    outDir: 'lib',
    declaration: true,
    noEmit: false,
    allowJs: false,
    checkJs: false,
    types: ['node'],
  };
  for (const file of constructsFiles()) {
    const copy = join(directory, relative(root, file));
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(file, copy);
  }
  for (const file of ['README.md', 'LICENSE']) copyFileSync(join(root, file), join(directory, file));
  writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest, null, 2));
  writeFileSync(
    join(directory, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include: ['src', 'imports'] }, null, 2),
  );
  symlinkSync(nodeModules, join(directory, 'node_modules'));
}

/** Runs a command of the jsii packages in `directory`. */
export function runJsii(directory: string, command: 'jsii' | 'jsii-pacmak', ...args: string[]): Promise<Ended> {
  const script = join(directory, 'node_modules', '.bin', command);
  // What it says about the age of this Node is not about the constructs.
  const env = {
    JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION: 'true',
    JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: process.versions.node.split('.')[0],
    JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION: 'true',
  };
  return run(process.execPath, [script, ...args], { cwd: directory, env });
}
