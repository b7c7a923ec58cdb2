// The image as an OCI archive, for every platform in one file, without a registry and without a container engine.
//
//     npm run image -- --platform linux/amd64,linux/arm64 --tag registry.example/cdk8s-logtap:0.1.0 [--output FILE]
//
// `podman load -i FILE` and `skopeo copy oci-archive:FILE docker://...` read it. The contents are those of the Dockerfile, on
// the base of scripts/image-parts.js: the official Node binary of an npm package, and the shared libraries of Debian that
// it needs. The bytes depend on nothing else: names are sorted, and times and owners are constant.
//
// Exported for the test: writeImage(options).
const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { gzipSync } = require('node:zlib');

const { baseOf, PLATFORMS, runOf } = require('./image-parts.js');
const { entrypoint, environment, instruction } = require('./image-process.js');

const root = join(__dirname, '..');
const MEDIA = 'application/vnd.oci.image';

/** Directories and files of the Dockerfile's COPY lines, with their destinations. @param {string} architecture */
function copiesOfDockerfile(architecture) {
  const text = readFileSync(join(root, 'Dockerfile'), 'utf8').replaceAll(/\$\{TARGETARCH\}/g, architecture);
  return [...text.matchAll(/^COPY (.+) (\S+)$/gm)].map(([, from = '', to = '']) => ({ from: from.split(' '), to }));
}

/** A tar of a directory whose bytes depend on its files only. @param {string} directory @param {string} archive */
function reproducibleTar(directory, archive) {
  const constant = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'];
  execFileSync('tar', ['-C', directory, ...constant, '-cf', archive, '.'], { stdio: 'pipe' });
  return readFileSync(archive);
}

/** The files of the product at their places in the image. @param {string} directory @param {string} architecture */
function copyProduct(directory, architecture) {
  for (const { from, to } of copiesOfDockerfile(architecture)) {
    for (const name of from) {
      const source = join(root, name);
      if (!existsSync(source)) throw new Error(`${name} does not exist: run \`npm run build\` first`);
      // The contents of a directory go into the target, a file only into one with a slash.
      const isInto = to.endsWith('/') && !statSync(source).isDirectory();
      const target = join(directory, to, isInto ? name : '');
      mkdirSync(join(target, '..'), { recursive: true });
      cpSync(source, target, { recursive: true });
    }
  }
}

/** Runs the Dockerfile's command on the files of the product, and gives all of them modes. @param {string} directory @param {string} platform */
function runInProduct(directory, platform) {
  const [program = '', ...args] = JSON.parse(instruction('RUN'));
  const here = args.map((/** @type {string} */ arg) => (arg.startsWith('/') ? join(directory, arg) : arg));
  runOf(platform, program, here);
  execFileSync('chmod', ['-R', 'u=rwX,go=rX', directory]);
}

/** Writes the blobs of an image layout, by their digests. */
class Layout {
  /** @param {string} directory */
  constructor(directory) {
    this.directory = directory;
    mkdirSync(join(directory, 'blobs', 'sha256'), { recursive: true });
    writeFileSync(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  }

  /** @param {Buffer | string} bytes @param {string} mediaType */
  blob(bytes, mediaType) {
    const sum = createHash('sha256').update(bytes).digest('hex');
    const file = join(this.directory, 'blobs', 'sha256', sum);
    writeFileSync(file, bytes);
    return { mediaType, digest: `sha256:${sum}`, size: statSync(file).size };
  }
}

/** @param {Layout} layout @param {string} platform @param {string} work */
function manifestOf(layout, platform, work) {
  const [os = '', architecture = ''] = platform.split('/');
  const product = join(work, `product-${architecture}`);
  mkdirSync(product);
  copyProduct(product, architecture);
  runInProduct(product, platform);
  const tars = [baseOf(platform), product].map((directory, index) =>
    reproducibleTar(directory, join(work, `${architecture}-${index}.tar`)),
  );
  // Level 6 of one version of zlib: the digest of a layer needs the same Node.
  const layers = tars.map((tar) => layout.blob(gzipSync(tar), `${MEDIA}.layer.v1.tar+gzip`));
  const config = {
    created: '1970-01-01T00:00:00Z',
    architecture,
    os,
    config: {
      User: instruction('USER'),
      Env: ['PATH=/nodejs/bin', ...Object.entries(environment).map((each) => each.join('='))],
      Entrypoint: entrypoint,
      Cmd: JSON.parse(instruction('CMD')),
    },
    rootfs: { type: 'layers', diff_ids: tars.map((tar) => `sha256:${createHash('sha256').update(tar).digest('hex')}`) },
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: `${MEDIA}.manifest.v1+json`,
    config: layout.blob(JSON.stringify(config), `${MEDIA}.config.v1+json`),
    layers,
  };
  return { ...layout.blob(JSON.stringify(manifest), manifest.mediaType), platform: { architecture, os } };
}

/** @param {{ platforms: readonly string[], tag: string, output: string }} options */
function writeImage({ platforms, tag, output }) {
  const work = mkdtempSync(join(tmpdir(), 'logtap-image-'));
  try {
    const layout = new Layout(join(work, 'layout'));
    const manifests = platforms.map((platform) => manifestOf(layout, platform, work));
    const index = { schemaVersion: 2, mediaType: `${MEDIA}.index.v1+json`, manifests };
    // One platform needs no list of them.
    const top = manifests.length === 1 ? manifests[0] : layout.blob(JSON.stringify(index), index.mediaType);
    const named = { ...top, annotations: { 'org.opencontainers.image.ref.name': tag } };
    writeFileSync(join(layout.directory, 'index.json'), JSON.stringify({ ...index, manifests: [named] }));
    reproducibleTar(layout.directory, output);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function main() {
  const { parseArgs } = require('node:util');
  const { values } = parseArgs({
    options: {
      platform: { type: 'string', default: PLATFORMS.join(',') },
      tag: { type: 'string' },
      output: { type: 'string', default: 'cdk8s-logtap.oci.tar' },
    },
  });
  const platforms = values.platform.split(',');
  const unknown = platforms.find((platform) => !PLATFORMS.includes(platform));
  if (unknown !== undefined) throw new Error(`--platform (${unknown}) must be one of ${PLATFORMS.join(', ')}`);
  if (values.tag === undefined)
    throw new Error('--tag is missing: give the name of the image, such as registry.example/cdk8s-logtap:0.1.0');
  writeImage({ platforms, tag: values.tag, output: values.output });
  console.log(`wrote ${values.output}. Push it: skopeo copy --all oci-archive:${values.output} docker://${values.tag}`);
}

module.exports = { writeImage };

if (require.main === module) {
  try {
    main();
  } catch (error) {
    console.error(`image: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }
}
