/**
 * The constructs for Python: jsii compiles a copy of them, and jsii-pacmak makes a Python package of it.
 *
 *     tsx scripts/python-package.ts      writes the package to dist/python, for `pip install`
 *
 * Needs npm, and python3 with pip and venv.
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { constructsProgram } from './api-reference.js';
import { ensureJsii } from './jsii.js';

const root = join(__dirname, '..');

/** The files of this repository that the constructs are made of, in the order of their names. */
const constructsFiles = (): string[] =>
  constructsProgram(root)
    .program.getSourceFiles()
    .map(({ fileName }) => fileName)
    .filter((file) => ['src/', 'imports/'].some((directory) => file.startsWith(join(root, directory))))
    .sort();

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

/** Silences what jsii says about the age of this Node, which is not about the constructs. */
export const ABOUT_NODE = {
  JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION: 'true',
  JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: process.versions.node.split('.')[0]!,
  JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION: 'true',
};

/** Runs a command of the jsii packages in `directory`. */
export function runJsii(directory: string, command: 'jsii' | 'jsii-pacmak', ...args: string[]) {
  const script = join(directory, 'node_modules', '.bin', command);
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    cwd: directory,
    encoding: 'utf8',
    env: { ...process.env, ...ABOUT_NODE },
  });
  return { code: status, output: stdout + stderr };
}

/** Makes the sources of the Python package in `directory`, where the constructs have been compiled: in dist/python. */
export const generatePython = (directory: string) =>
  runJsii(directory, 'jsii-pacmak', '--target', 'python', '--code-only');

function main(): void {
  const target = join(root, 'dist', 'python');
  const directory = mkdtempSync(join(tmpdir(), 'logtap-python-'));
  try {
    writeJsiiPackage(directory, ensureJsii().nodeModules);
    for (const step of [() => runJsii(directory, 'jsii'), () => generatePython(directory)]) {
      const { code, output } = step();
      if (code !== 0) throw new Error(output);
    }
    rmSync(target, { recursive: true, force: true });
    cpSync(join(directory, 'dist', 'python'), target, { recursive: true });
    console.log(`wrote ${relative(root, target)}`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (require.main === module) main();
