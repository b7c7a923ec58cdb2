// Builds everything into dist/: constructs (tsc), kernels (AssemblyScript, embedded in the bundles), CLI, shipper, try, audit and cluster (one bundled file each), the licences and the bill
// of materials of what is bundled, the native library (make).
//
//     node scripts/build.js            builds outdated parts
//
// Needs the npm packages (npm ci), gcc and make. Exported for the other scripts: build().
const { spawnSync } = require('node:child_process');
const {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} = require('node:fs');
const { join } = require('node:path');

const { withConstants } = require('./commonjs-chunks.js');
const { lazyExports } = require('./lazy-exports.js');
const { writeThirdParty } = require('./third-party.js');

const root = join(__dirname, '..');
const stamp = join(root, 'dist', '.built');

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (error)
    throw new Error(`cannot start ${command}: ${error.message}. Install it, then run \`npm run build\` again.`);
  if (status !== 0) throw new Error(`\`${[command, ...args].join(' ')}\` failed with exit code ${status}`);
}

/** Newest modification below a path, in milliseconds. @param {string} path @returns {number} */
function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), stat.mtimeMs);
}

/** Whether everything but the library is newer than its sources. */
function isUpToDate() {
  if (!existsSync(stamp)) return false;
  const inputs = [
    'src',
    'imports',
    'package-lock.json',
    'tsconfig.build.json',
    'scripts/build.js',
    'scripts/commonjs-chunks.js',
    'scripts/lazy-exports.js',
    'scripts/third-party.js',
    'Dockerfile',
  ];
  const built = statSync(stamp).mtimeMs;
  return inputs.every((input) => newest(join(root, input)) < built);
}

const kernels = join(root, 'dist', 'kernels', 'kernels.wasm');

/** AssemblyScript to WebAssembly. The module has no memory of its own, and no runtime. */
function compileKernels() {
  mkdirSync(join(root, 'dist', 'kernels'), { recursive: true });
  run(process.execPath, [
    join(root, 'node_modules', 'assemblyscript', 'bin', 'asc.js'),
    'src/kernels/assembly/index.ts',
    ...['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd'],
    ...['--importMemory', '--noExportMemory', '--outFile', kernels],
  ]);
}

/**
 * The console: one page that asks for nothing but its own shipper.
 * @param {import('esbuild').BuildOptions} common @param {import('esbuild').Metafile[]} metafiles
 */
function buildConsole(common, metafiles) {
  const esbuild = require('esbuild');
  const source = join(root, 'src', 'console');
  const built = esbuild.buildSync({
    ...common,
    entryPoints: [join(source, 'main.tsx')],
    // The name of its part of the page, for the licences of what it contains.
    outfile: 'dist/shipper/console.js',
    write: false,
    platform: 'browser',
    target: 'es2022',
    format: 'iife',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    legalComments: 'none',
  });
  if (built.metafile !== undefined) metafiles.push(built.metafile);
  const style = esbuild.transformSync(readFileSync(join(source, 'style.css'), 'utf8'), { loader: 'css', minify: true });
  const [script] = built.outputFiles;
  const page = readFileSync(join(source, 'index.html'), 'utf8')
    .replace('/* STYLE */', () => style.code.trim())
    .replace('/* SCRIPT */', () => script?.text.trim() ?? '');
  writeFileSync(join(root, 'dist', 'shipper', 'console.html'), page);
}

/**
 * The shipper in chunks: a process reads and keeps those of its sinks only. esbuild splits ES modules and no others, so each is turned into
 * a CommonJS module afterwards. Such a module can be compiled ahead (docs/decisions/0069). It also loads no parts of Node that it does not
 * use: an import of `node:http` into an ES module reads all of its exports, and one of them loads a whole client for `fetch`.
 * @param {import('esbuild').BuildOptions} common @param {import('esbuild').Metafile[]} metafiles
 */
function buildChunks(common, metafiles) {
  const esbuild = require('esbuild');
  const { outputFiles = [], metafile } = esbuild.buildSync({
    ...common,
    entryPoints: ['src/shipper/main.ts'],
    outdir: 'dist/shipper',
    write: false,
    format: 'esm',
    splitting: true,
    outExtension: { '.js': '.cjs' },
    // Names stay what they are until each chunk is a module of its own.
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
  });
  if (metafile !== undefined) metafiles.push(metafile);
  for (const { path, text } of withConstants(outputFiles)) {
    const { code } = esbuild.transformSync(text, { format: 'cjs', platform: 'node', target: 'node20', minify: true });
    writeFileSync(path, code);
  }
}

function bundle() {
  const esbuild = require('esbuild');
  /** @type {import('esbuild').Metafile[]} */
  const metafiles = [];
  const buildSync = (/** @type {import('esbuild').BuildOptions} */ options) => {
    const { metafile } = esbuild.buildSync(options);
    if (metafile !== undefined) metafiles.push(metafile);
  };
  /** @type {import('esbuild').BuildOptions} */
  const common = {
    bundle: true,
    metafile: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    define: { LOGTAP_KERNELS_MODULE: JSON.stringify(readFileSync(kernels).toString('base64')) },
    logLevel: 'warning',
    absWorkingDir: root,
  };
  // A chunk whose content has changed has another name.
  rmSync(join(root, 'dist', 'shipper'), { recursive: true, force: true });
  buildSync({
    ...common,
    entryPoints: {
      main: 'src/shipper/process/start.ts',
      compile: 'src/shipper/process/compile.ts',
      stage: 'src/shipper/stages/module/thread.ts',
    },
    outdir: 'dist/shipper',
    minify: true,
    keepNames: true,
  });
  buildChunks(common, metafiles);
  buildConsole(common, metafiles);
  buildSync({
    ...common,
    entryPoints: ['src/try/main.ts'],
    outfile: 'dist/try/main.js',
    minify: true,
    keepNames: true,
  });
  buildSync({
    ...common,
    entryPoints: ['src/audit/main.ts'],
    outfile: 'dist/audit/main.js',
    minify: true,
    keepNames: true,
  });
  buildSync({
    ...common,
    entryPoints: ['src/migrate/main.ts'],
    outfile: 'dist/migrate/main.js',
    minify: true,
    keepNames: true,
  });
  buildSync({
    ...common,
    entryPoints: ['src/cluster/main.ts'],
    outfile: 'dist/cluster/main.js',
    minify: true,
    keepNames: true,
  });
  buildSync({
    ...common,
    entryPoints: { main: 'src/prove/main.ts', writer: 'src/prove/writer.ts', guard: 'src/prove/guard.ts' },
    outdir: 'dist/prove',
    minify: true,
    keepNames: true,
  });
  buildSync({
    ...common,
    entryPoints: { logtap: 'src/cli/logtap.ts', main: 'src/cli/main.ts' },
    outdir: 'dist/cli',
    banner: { js: '#!/usr/bin/env node' },
  });
  writeThirdParty(metafiles, root);
  // For editors.
  copyFileSync(join(root, 'src/cli/config-schema.json'), join(root, 'dist/logtap.schema.json'));
}

/** Directories of the library by the names that platforms of images have. */
const PLATFORMS = { amd64: 'x86_64', arm64: 'aarch64' };

/** The files of an image volume. The Dockerfile finds those of its platform by the platform's name. */
function copyVolumes() {
  for (const [platform, architecture] of Object.entries(PLATFORMS)) {
    const from = join(root, 'dist', 'native', architecture);
    if (!existsSync(from)) continue;
    const to = join(root, 'dist', 'volume', platform);
    mkdirSync(to, { recursive: true });
    for (const name of ['liblogtap.so', 'logtap-probe']) copyFileSync(join(from, name), join(to, name));
  }
}

/** Builds outdated parts. make knows by itself, also when a cross compiler was installed meanwhile. */
function build() {
  const started = Date.now();
  // Modes are part of the package.
  process.umask(0o022);
  if (!isUpToDate()) {
    // A file whose source is gone would stay in the package.
    for (const part of ['src', 'imports']) rmSync(join(root, 'dist', part), { recursive: true, force: true });
    run(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json']);
    lazyExports(join(root, 'dist', 'src', 'constructs', 'index.js'));
    compileKernels();
    bundle();
    writeFileSync(stamp, '');
  }
  run('make', ['--silent', '-C', 'native']);
  copyVolumes();
  console.log(`built dist/ in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

module.exports = { build };

if (require.main === module) {
  try {
    build();
  } catch (error) {
    console.error(`build: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }
}
