// BusyBox as Alpine has it: linked dynamically with musl; and the same with glibc. Debian's packages of it are linked
// statically, so it is built here, from Debian's source.
//
// Exported for set-up and tests: ensureBusyBox(), isBusyBoxPresent(), busyBox(libc).
const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} = require('node:fs');
const { join } = require('node:path');
const { cacheDir } = require('./cache.js');

const APPLETS = `ASH ASH_ALIAS ASH_ECHO ASH_GETOPTS ASH_JOB_CONTROL ASH_OPTIMIZE_FOR_SIZE ASH_PRINTF ASH_TEST AWK BASENAME
  CAT CHMOD CP CUT DATE DD DIRNAME ECHO ENV EXPR FALSE FIND GREP HEAD LN LS MKDIR MV NOHUP OD PRINTF RM SED SEQ SETSID SH_IS_ASH
  SLEEP SORT STAT TAC TAIL TEE TEST TIMEOUT TOUCH TR TRUE TRUNCATE UNIQ WC XARGS YES`;
/** The shell runs its own applets, whatever PATH says: every tested program is BusyBox. */
const FEATURES = `FEATURE_SH_MATH FEATURE_SH_STANDALONE FEATURE_PREFER_APPLETS FEATURE_FANCY_ECHO FEATURE_FANCY_HEAD
  FEATURE_FANCY_TAIL FEATURE_FANCY_SLEEP FLOAT_DURATION FEATURE_DD_IBS_OBS FEATURE_DD_STATUS FEATURE_XARGS_SUPPORT_REPL_STR LONG_OPTS BUSYBOX LFS`;
const OPTIONS = [...APPLETS.split(/\s+/), ...FEATURES.split(/\s+/)];

/** @typedef {'glibc' | 'musl'} BusyBoxLibc */
/** @type {Readonly<Record<BusyBoxLibc, string>>} */
const COMPILERS = { glibc: 'gcc', musl: 'musl-gcc' };
/** Headers of the kernel, which musl-gcc does not look for. */
const KERNEL_HEADERS = ['linux', 'asm-generic', 'mtd'];

/** Holds both programs; complete if it exists. */
const target = () => {
  const key = createHash('sha256').update(OPTIONS.join()).digest('hex').slice(0, 8);
  return join(cacheDir(), `busybox-${key}`);
};
const isBusyBoxPresent = () => existsSync(target());
/** The program's path. @param {BusyBoxLibc} libc */
const busyBox = (libc) => join(target(), libc, 'busybox');

/** This machine's sources of packages as sources of source code. @param {string} directory */
function writeSources(directory) {
  mkdirSync(directory);
  const parts = '/etc/apt/sources.list.d';
  const files = existsSync(parts) ? readdirSync(parts).map((name) => join(parts, name)) : [];
  for (const [i, file] of ['/etc/apt/sources.list', ...files].filter((file) => existsSync(file)).entries()) {
    const text = readFileSync(file, 'utf8');
    if (file.endsWith('.sources')) {
      writeFileSync(join(directory, `${i}.sources`), text.replace(/^Types:.*$/gim, 'Types: deb-src'));
    } else if (file.endsWith('.list')) {
      const lines = text.split('\n').filter((line) => line.startsWith('deb '));
      writeFileSync(join(directory, `${i}.list`), lines.map((line) => `deb-src${line.slice(3)}\n`).join(''));
    }
  }
}

/** Downloads Debian's source with apt, which checks its signature, and unpacks it. @param {string} work */
function getSource(work) {
  writeSources(join(work, 'sources'));
  for (const directory of ['state/lists/partial', 'cache/archives/partial', 'source']) {
    mkdirSync(join(work, directory), { recursive: true });
  }
  const apt = (/** @type {string[]} */ ...args) =>
    execFileSync(
      'apt-get',
      [
        ...['-q', '-o', 'Dir::Etc::SourceList=/dev/null', '-o', `Dir::Etc::SourceParts=${join(work, 'sources')}`],
        ...['-o', `Dir::State::Lists=${join(work, 'state', 'lists')}`, '-o', `Dir::Cache=${join(work, 'cache')}`],
        ...['-o', 'APT::Sandbox::User=', ...args],
      ],
      { cwd: join(work, 'source'), stdio: 'pipe' },
    );
  try {
    apt('update');
  } catch {
    // Sources of other makers may have no source code. Whether Debian's has is seen next.
  }
  apt('source', '--download-only', 'busybox');
  const archive = readdirSync(join(work, 'source')).find((name) => /\.orig\.tar\.\w+$/.test(name));
  if (archive === undefined) throw new Error('apt-get source busybox left no archive');
  mkdirSync(join(work, 'tree'));
  execFileSync('tar', ['-xf', join(work, 'source', archive), '--strip-components=1', '-C', join(work, 'tree')]);
  return join(work, 'tree');
}

/** A directory with links to the kernel's headers and no others of glibc's. @param {string} work */
function linkKernelHeaders(work) {
  const headers = join(work, 'kernel-headers');
  mkdirSync(headers);
  for (const name of KERNEL_HEADERS) symlinkSync(join('/usr/include', name), join(headers, name));
  const triplet = execFileSync('gcc', ['-print-multiarch'], { encoding: 'utf8' }).trim();
  symlinkSync(join('/usr/include', triplet, 'asm'), join(headers, 'asm'));
  return headers;
}

/** @param {string} tree @param {string} to @param {BusyBoxLibc} libc @param {string} headers */
function build(tree, to, libc, headers) {
  mkdirSync(to, { recursive: true });
  const make = (/** @type {string[]} */ ...args) =>
    execFileSync('make', ['-C', tree, `O=${to}`, `CC=${COMPILERS[libc]}`, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      input: '\n'.repeat(2000),
    });
  make('allnoconfig');
  const config = join(to, '.config');
  const wanted = new Set(OPTIONS.map((name) => `# CONFIG_${name} is not set`));
  const lines = readFileSync(config, 'utf8').split('\n');
  // Many options appear only once their dependencies are chosen, so the wanted ones are stated, then the rest asked for.
  const kept = lines.filter((line) => !wanted.has(line));
  writeFileSync(config, [...kept, ...OPTIONS.map((name) => `CONFIG_${name}=y`), ''].join('\n'));
  make('oldconfig');
  make('-j2', 'busybox', ...(libc === 'musl' ? [`CFLAGS=-idirafter ${headers}`] : []));
}

/** Builds both unless they are there. */
function ensureBusyBox() {
  if (isBusyBoxPresent()) return;
  const work = mkdtempSync(join(cacheDir(), 'building-'));
  try {
    const tree = getSource(work);
    const headers = linkKernelHeaders(work);
    for (const libc of /** @type {const} */ (['glibc', 'musl'])) {
      const built = join(work, `build-${libc}`);
      build(tree, built, libc, headers);
      mkdirSync(join(work, 'done', libc), { recursive: true });
      renameSync(join(built, 'busybox'), join(work, 'done', libc, 'busybox'));
    }
    renameSync(join(work, 'done'), target());
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

module.exports = { busyBox, ensureBusyBox, isBusyBoxPresent };
