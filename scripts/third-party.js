// Which packages' code is in dist/, as esbuild reports it; their licences, and a bill of materials in CycloneDX by `npm sbom`.
//
// Exported for build and tests: writeThirdParty(metafiles, root), packagesIn(metafiles, root), licenceFile(packages),
// billOf(bill, packages, options), imageDirectories(dockerfile).
const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { mkdirSync, readdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

/**
 * @typedef {{ name: string, version: string, licence: string, author: string, texts: readonly string[] }} Package
 * @typedef {{ outputs: Readonly<Record<string, { inputs: Readonly<Record<string, { bytesInOutput: number }>> }>> }} Metafile
 */

/** Directory of the package that a module belongs to. */
const PACKAGE = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;
const TEXT = /^((un)?licen[cs]e|copying|notice)/i;
/** Its runtime is in each bundle, and no module. */
const BUNDLER = 'node_modules/esbuild';

/**
 * Packages of which at least a byte is in an output, sorted by name and version.
 * @param {readonly Metafile[]} metafiles @param {string} root @returns {Package[]}
 */
function packagesIn(metafiles, root) {
  const directories = new Set([BUNDLER]);
  for (const { outputs } of metafiles) {
    for (const { inputs } of Object.values(outputs)) {
      for (const [module, { bytesInOutput }] of Object.entries(inputs)) {
        const directory = PACKAGE.exec(module)?.[0];
        if (directory !== undefined && bytesInOutput > 0) directories.add(directory);
      }
    }
  }
  const packages = new Map(
    [...directories].map((directory) => readPackage(join(root, directory))).map((one) => [idOf(one), one]),
  );
  return [...packages.values()].sort((one, other) => (idOf(one) < idOf(other) ? -1 : 1));
}

/** @param {{ name: string, version: string }} one */
const idOf = ({ name, version }) => `${name}@${version}`;

/** @param {string} directory @returns {Package} */
function readPackage(directory) {
  const { name, version, license, author } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const texts = readdirSync(directory)
    .filter((file) => TEXT.test(file))
    .sort()
    .map((file) => readFileSync(join(directory, file), 'utf8').replaceAll('\r\n', '\n').trim());
  return { name, version, licence: license, author: author?.name ?? author ?? '', texts };
}

const RULE = '-'.repeat(80);
const ABOUT = `cdk8s-logtap contains code of the packages below, each under its own licence.

dist/imports/ is generated from the custom resource definitions of AWS Controllers for Kubernetes and of External Secrets
Operator, both under Apache-2.0.`;

/**
 * Each licence text once, below the names of its packages. Throws for a package without a text that says its licence.
 * @param {readonly Package[]} packages
 */
function licenceFile(packages) {
  /** @type {Map<string, Package[]>} */
  const byText = new Map();
  for (const one of packages) {
    for (const text of textsOf(one, packages)) byText.set(text, [...(byText.get(text) ?? []), one]);
  }
  const sections = [...byText].map(([text, ones]) => {
    const names = ones.map((one) => `${idOf(one)} (${one.licence})`);
    return `${RULE}\n${names.join('\n')}\n${RULE}\n\n${text}\n`;
  });
  return `${ABOUT}\n\n${sections.join('\n')}`;
}

/**
 * Some packages name their licence, and have no text of it. That of Apache-2.0 names no owner, and is in others; that of MIT has no
 * other words than these.
 * @param {Package} one @param {readonly Package[]} packages
 */
function textsOf(one, packages) {
  if (one.texts.length > 0) return one.texts;
  if (one.licence === 'MIT' && one.author !== '') return [MIT.replace('OWNER', one.author)];
  const same = packages.find(({ licence, texts }) => licence === 'Apache-2.0' && texts.length === 1)?.texts;
  if (one.licence === 'Apache-2.0' && same !== undefined) return same;
  throw new Error(
    `${idOf(one)} is bundled, but has no licence text (${one.licence}): ask its authors, or do without it`,
  );
}

const MIT = `MIT License

Copyright (c) OWNER

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
"Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to
the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR
ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH
THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/**
 * All locked packages, as npm describes them.
 * @param {string} root
 */
function npmBill(root) {
  const args = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', '--sbom-type', 'application'];
  return JSON.parse(
    execFileSync('npm', args, {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
}

/**
 * Of npm's bill, what is in a product: the bundled packages, and what else it contains. Without time and random numbers, so that two
 * builds are equal.
 * @param {any} bill @param {readonly Package[]} packages
 * @param {{ name: string, others?: readonly object[] }} options
 */
function billOf(bill, packages, { name, others = [] }) {
  const wanted = new Set(packages.map(idOf));
  const components = wantedOf(bill.components, wanted);
  const missing = [...wanted].filter((id) => !components.some((each) => each['bom-ref'] === id));
  if (missing.length > 0) throw new Error(`npm sbom does not know ${missing.join(', ')}: run \`npm install\` again`);
  const { timestamp: _, component, ...metadata } = bill.metadata;
  const root = component['bom-ref'];
  const edges = edgesOf(bill.dependencies, wanted);
  const needed = new Set(edges.flatMap(({ dependsOn }) => dependsOn));
  const direct = [...wanted].filter((id) => !needed.has(id));
  const content = {
    ...bill,
    metadata: { ...metadata, lifecycles: [{ phase: 'build' }], component: { ...component, name } },
    components: [...components, ...others],
    dependencies: [{ ref: root, dependsOn: direct }, ...edges],
  };
  return { ...content, serialNumber: serialNumber(JSON.stringify({ ...content, serialNumber: undefined })) };
}

/** They are devDependencies, but what users run contains them. @param {any[]} components @param {ReadonlySet<string>} wanted */
const wantedOf = (components, wanted) =>
  components
    .filter((each) => wanted.has(each['bom-ref']))
    .map(({ properties: _, ...each }) => ({ ...each, scope: 'required' }))
    .sort((one, other) => (one['bom-ref'] < other['bom-ref'] ? -1 : 1));

/** @param {any[]} dependencies @param {ReadonlySet<string>} wanted @returns {{ ref: string, dependsOn: string[] }[]} */
const edgesOf = (dependencies, wanted) =>
  dependencies
    .filter(({ ref }) => wanted.has(ref))
    .map(({ ref, dependsOn = [] }) => ({
      ref,
      dependsOn: dependsOn.filter((/** @type {string} */ id) => wanted.has(id)),
    }))
    .sort((one, other) => (one.ref < other.ref ? -1 : 1));

/** A name-based UUID of the content. @param {string} content */
function serialNumber(content) {
  const hex = createHash('sha256').update(content).digest('hex');
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const LICENCES = 'THIRD-PARTY-LICENSES';
const BILL = 'sbom.cdx.json';

/** The directories of dist/ that an image has. @param {string} dockerfile its text */
const imageDirectories = (dockerfile) =>
  [...dockerfile.matchAll(/^COPY (dist\/\w+) /gm)].map(([, directory = '']) => directory);

/**
 * Licences and bill of the package, in dist/, and of the image, in dist/image/.
 * @param {readonly Metafile[]} metafiles @param {string} root
 */
function writeThirdParty(metafiles, root) {
  const bill = npmBill(root);
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const directories = imageDirectories(dockerfile);
  const isInImage = (/** @type {string} */ output) => directories.some((each) => output.startsWith(`${each}/`));
  const inImage = metafiles.map(({ outputs }) => ({
    outputs: Object.fromEntries(Object.entries(outputs).filter(([output]) => isInImage(output))),
  }));
  // A release names the digest.
  const base = process.env.LOGTAP_IMAGE_BASE ?? /^ARG BASE=(.+)$/m.exec(dockerfile)?.[1] ?? '';
  const others = [{ 'bom-ref': base, type: 'container', name: base, description: 'Base image' }];
  const write = (/** @type {string} */ directory, /** @type {Package[]} */ packages, /** @type {object} */ product) => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, LICENCES), licenceFile(packages));
    writeFileSync(join(directory, BILL), `${JSON.stringify(product, undefined, 2)}\n`);
  };
  const [all, shipped] = [packagesIn(metafiles, root), packagesIn(inImage, root)];
  write(join(root, 'dist'), all, billOf(bill, all, { name: 'cdk8s-logtap' }));
  write(join(root, 'dist', 'image'), shipped, billOf(bill, shipped, { name: 'cdk8s-logtap image', others }));
}

module.exports = { billOf, imageDirectories, licenceFile, packagesIn, writeThirdParty };
