/** What is bundled is named with its licence, and in the bill of materials: from what the bundler reports. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { billOf, imageDirectories, licenceFile, packagesIn } from '../../scripts/third-party.js';
import { temporaryDirectory } from '../support/run.js';

let root: string;
beforeEach(() => {
  root = temporaryDirectory();
  add('esbuild', { version: '1.0.0', license: 'MIT' }, { 'LICENSE.md': 'MIT of esbuild' });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function add(path: string, manifest: object, texts: Readonly<Record<string, string>> = {}): void {
  const directory = join(root, 'node_modules', path);
  const files = {
    'package.json': JSON.stringify({ name: path.replace(/^.*node_modules\//, ''), ...manifest }),
    ...texts,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
}

/** A bundle with so many bytes of each module. */
const bundle = (bytesOf: Readonly<Record<string, number>>) => ({
  outputs: {
    'dist/a.js': {
      inputs: Object.fromEntries(Object.entries(bytesOf).map(([path, bytesInOutput]) => [path, { bytesInOutput }])),
    },
  },
});
const ids = (...metafiles: ReturnType<typeof bundle>[]) =>
  packagesIn(metafiles, root).map(({ name, version }) => `${name}@${version}`);

test('packages are found by their modules, the bundler by its runtime; those of which nothing is left are not', () => {
  add('a', { version: '1.0.0' });
  add('a/node_modules/@s/b', { version: '2.0.0' });
  add('@s/b', { version: '3.0.0' });
  add('gone', { version: '4.0.0' });
  const modules = { 'src/x.ts': 5, 'node_modules/a/lib/x.js': 5, 'node_modules/a/node_modules/@s/b/x.js': 5 };
  expect(ids(bundle({ ...modules, 'node_modules/gone/x.js': 0 }), bundle({ 'node_modules/@s/b/x.js': 1 }))).toEqual([
    '@s/b@2.0.0',
    '@s/b@3.0.0',
    'a@1.0.0',
    'esbuild@1.0.0',
  ]);
});

describe('licences', () => {
  const file = (...names: string[]) =>
    licenceFile(packagesIn([bundle(Object.fromEntries(names.map((name) => [`node_modules/${name}/x.js`, 1])))], root));

  test('each text is there once, with all its packages and notices', () => {
    add('a', { version: '1.0.0', license: 'ISC' }, { LICENCE: 'one text\r\n', 'NOTICE.txt': 'a notice' });
    add('b', { version: '1.0.0', license: 'ISC' }, { 'license.md': 'one text' });
    const text = file('a', 'b');
    expect(text.match(/one text/g)).toHaveLength(1);
    expect(text).toMatch(/a@1\.0\.0 \(ISC\)\nb@1\.0\.0 \(ISC\)\n-+\n\none text\n/);
    expect(text).toMatch(/a@1\.0\.0 \(ISC\)\n-+\n\na notice\n/);
  });

  test('a package that only names its licence gets the text of MIT with its author, or that of Apache-2.0', () => {
    add('a', { version: '1.0.0', license: 'MIT', author: { name: 'Ann' } });
    add('b', { version: '1.0.0', license: 'Apache-2.0' }, { LICENSE: 'Apache text' });
    add('c', { version: '1.0.0', license: 'Apache-2.0' });
    const text = file('a', 'b', 'c');
    expect(text).toContain('Copyright (c) Ann\n');
    expect(text).toMatch(/b@1\.0\.0 \(Apache-2\.0\)\nc@1\.0\.0 \(Apache-2\.0\)\n-+\n\nApache text/);
  });

  test.each([{ license: 'MIT' }, { license: 'BSD-3-Clause', author: 'Ann' }, {}])(
    'no text ends the build: %j',
    (manifest) => {
      add('a', { version: '1.0.0', ...manifest });
      expect(() => file('a')).toThrow('a@1.0.0 is bundled, but has no licence text');
    },
  );
});

describe('the bill of materials', () => {
  const component = (id: string) => ({
    'bom-ref': id,
    name: id.slice(0, id.lastIndexOf('@')),
    hashes: [{ alg: 'SHA-512', content: id }],
    properties: [{ name: 'cdx:npm:package:development', value: 'true' }],
  });
  const npm = (timestamp: string) => ({
    serialNumber: `urn:uuid:${timestamp}`,
    metadata: { timestamp, component: { 'bom-ref': 'us@1', name: 'directory' } },
    components: ['jest@1', 'b@1', 'a@1'].map(component),
    dependencies: [
      { ref: 'us@1', dependsOn: ['jest@1', 'a@1'] },
      { ref: 'a@1', dependsOn: ['b@1', 'jest@1'] },
      { ref: 'b@1' },
    ],
  });
  const wanted = ['a', 'b'].map((name) => ({ name, version: '1', licence: 'MIT', author: '', texts: [] }));
  const bill = (timestamp = 'then') => billOf(npm(timestamp), wanted, { name: 'us', others: [{ name: 'base' }] });

  test('has what is bundled, with hashes and dependencies, and no tools', () => {
    expect(bill()).toMatchObject({
      metadata: { component: { name: 'us' } },
      components: [
        { 'bom-ref': 'a@1', scope: 'required', hashes: [{ content: 'a@1' }] },
        { 'bom-ref': 'b@1', scope: 'required' },
        { name: 'base' },
      ],
      dependencies: [
        { ref: 'us@1', dependsOn: ['a@1'] },
        { ref: 'a@1', dependsOn: ['b@1'] },
        { ref: 'b@1', dependsOn: [] },
      ],
    });
    expect(JSON.stringify(bill())).not.toMatch(/jest|development|then/);
  });

  test('of the same content is the same', () => {
    expect(bill('now')).toEqual(bill());
    expect(bill().serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test('a package that npm does not know ends the build', () => {
    expect(() => billOf({ ...npm('then'), components: [] }, wanted, { name: 'us' })).toThrow('does not know a@1, b@1');
  });
});

test('the parts of the image are those that its file copies', () => {
  const text = 'FROM x\nCOPY dist/cli /opt/dist/cli\nCOPY LICENSE /opt/\nCOPY dist/shipper /opt/dist/shipper\n';
  expect(imageDirectories(text)).toEqual(['dist/cli', 'dist/shipper']);
});
