// Makes what is published of the last commit, in release/: the package, bills of materials, licences and hashes. Publishes nothing.
//
//     npm run release -- --base IMAGE@sha256:DIGEST       the image that the Dockerfile is built on
//
// Exported for tests: pinned(base).
const { execFileSync } = require('node:child_process');
const { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { basename, join } = require('node:path');
const { parseArgs } = require('node:util');
const { build } = require('./build.js');
const { buildElsewhere, COMMITTED, sumOf } = require('./reproduce.js');

const root = join(__dirname, '..');
const target = join(root, 'release');
const IMAGE_BILL = join('dist', 'image', 'sbom.cdx.json');
const PINNED = /^[a-z0-9][\w./:-]*@sha256:[0-9a-f]{64}$/;

/** The image, if its name says its content. @param {string} [base] */
function pinned(base) {
  if (base !== undefined && PINNED.test(base)) return base;
  throw new Error(
    `--base (${base ?? 'not given'}) must be an image with its digest, IMAGE@sha256:DIGEST, as a tag may be another image tomorrow. \`docker buildx imagetools inspect IMAGE\` prints the digest.`,
  );
}

/** @param {readonly string[]} args */
function git(...args) {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
}

/** @param {string} directory */
function pack(directory) {
  const name = execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', directory], {
    cwd: root,
    encoding: 'utf8',
  });
  return join(directory, name.trim());
}

function main() {
  const base = pinned(parseArgs({ options: { base: { type: 'string' } } }).values.base);
  if (git('status', '--porcelain') !== '')
    throw new Error('there are changes that are not committed: commit them first');
  const work = mkdtempSync(join(tmpdir(), 'logtap-release-'));
  try {
    build();
    process.env.LOGTAP_IMAGE_BASE = base;
    const elsewhere = join(work, 'elsewhere');
    mkdirSync(elsewhere);
    const archive = buildElsewhere(elsewhere, COMMITTED);
    if (sumOf(readFileSync(pack(work))) !== sumOf(readFileSync(archive))) {
      throw new Error('a build elsewhere gives another package: `npm run reproduce` tells what differs');
    }
    // The image is built from here, and its bill names the base.
    copyFileSync(join(elsewhere, IMAGE_BILL), join(root, IMAGE_BILL));
    const files = {
      [basename(archive)]: archive,
      'sbom.cdx.json': join(root, 'dist', 'sbom.cdx.json'),
      'image-sbom.cdx.json': join(root, IMAGE_BILL),
      'THIRD-PARTY-LICENSES': join(root, 'dist', 'THIRD-PARTY-LICENSES'),
    };
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target);
    for (const [name, file] of Object.entries(files)) copyFileSync(file, join(target, name));
    const sums = Object.keys(files).map((name) => `${sumOf(readFileSync(join(target, name)))}  ${name}\n`);
    writeFileSync(join(target, 'SHA256SUMS'), sums.join(''));
    console.log(`release/ holds commit ${git('rev-parse', 'HEAD')}:\n${sums.join('')}`);
    console.log(`Build the image with --build-arg BASE=${base}. docs/internals/release.md lists the further steps.`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

module.exports = { pinned };

if (require.main === module) {
  try {
    main();
  } catch (error) {
    console.error(`release: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }
}
