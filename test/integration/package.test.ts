/** What users download: everything they need, and nothing of the workshop. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { bundledOf } from '../../scripts/audit-bundled.js';

const root = resolve(__dirname, '../..');

interface Packed {
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

function pack(): Packed {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return Object.values(JSON.parse(output))[0] as Packed;
}

describe('npm pack', () => {
  const { files } = pack();
  const paths = files.map(({ path }) => path);

  test('holds every part that runs', () => {
    expect(paths).toEqual(
      expect.arrayContaining([
        'package.json',
        'README.md',
        'CHANGELOG.md',
        'LICENSE',
        'dist/src/constructs/index.js',
        'dist/src/constructs/index.d.ts',
        'dist/src/contract.js',
        'dist/src/catalog/settings.js',
        'dist/imports/iam.services.k8s.aws.js',
        'dist/cli/logtap.js',
        'dist/cli/main.js',
        'dist/logtap.schema.json',
        'dist/sbom.cdx.json',
        'dist/THIRD-PARTY-LICENSES',
        'dist/audit/main.js',
        'dist/cluster/main.js',
        'dist/migrate/main.js',
        'dist/shipper/main.js',
        'docs/reference/findings.md',
        'docs/reference/settings.md',
        'man/logtap.1',
        'dist/native/x86_64/liblogtap.so',
        'dist/native/aarch64/liblogtap.so',
        'dist/native/x86_64/logtap-probe',
        'dist/native/aarch64/logtap-probe',
      ]),
    );
  });

  test('holds no sources, tests, caches or manifests', () => {
    const allowed =
      /^(package\.json|README\.md|CHANGELOG\.md|LICENSE|dist\/(audit|cli|cluster|imports|migrate|shipper|prove|try|native|src\/(constructs|catalog))\/.+|docs\/.+\.md|man\/logtap\.1|dist\/(logtap\.schema\.json|sbom\.cdx\.json|THIRD-PARTY-LICENSES)|dist\/src\/contract\.(js|d\.ts))$/;
    expect(paths.filter((path) => !allowed.test(path))).toEqual([]);
  });

  test('brings no dependencies of its own', () => {
    const manifest = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8'));
    expect(manifest.dependencies ?? {}).toEqual({});
    expect(Object.keys(manifest.peerDependencies).sort()).toEqual(['cdk8s', 'cdk8s-plus-28', 'constructs']);
  });
});

/** They let a product contain the code under any licence of its own, if it has their texts. */
const PERMISSIVE = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT', 'Unlicense'];

interface Bill {
  readonly components: readonly {
    readonly 'bom-ref'?: string;
    readonly type: string;
    readonly name: string;
    readonly licenses?: readonly { readonly license: { readonly id: string } }[];
    readonly hashes?: readonly { readonly content: string }[];
  }[];
}

describe.each([
  ['package', 'dist', ['@kubernetes/client-node', 'yaml']],
  ['image', 'dist/image', ['yaml']],
])('what is bundled in the %s', (_, directory, own) => {
  const { components }: Bill = JSON.parse(readFileSync(resolve(root, directory, 'sbom.cdx.json'), 'utf8'));
  const packages = components.filter(({ type }) => type === 'library');
  const names = packages.map(({ name }) => name);
  const licences = readFileSync(resolve(root, directory, 'THIRD-PARTY-LICENSES'), 'utf8');

  test('is in the bill of materials, and nothing that only builds or tests', () => {
    const shipped = [
      '@aws-sdk/client-cloudwatch-logs',
      '@opensearch-project/opensearch',
      'prom-client',
      're2js',
      'aws4',
    ];
    expect(names).toEqual(expect.arrayContaining([...own, ...shipped]));
    for (const tool of ['typescript', 'jest', 'ajv', 'cdk8s', 'tsx']) expect(names).not.toContain(tool);
    if (directory.endsWith('image')) expect(names).not.toContain('@kubernetes/client-node');
  });

  test('is all that the command line names by its paths', () => {
    const cli = readFileSync(resolve(root, 'dist/cli/main.js'), 'utf8');
    const found = [...cli.matchAll(/^\/\/ (?:.*\/)?node_modules\/((?:@[^/\n]+\/)?[^/\n]+)\//gm)].map(
      ([, name]) => name,
    );
    expect(found).not.toEqual([]);
    expect(names).toEqual(expect.arrayContaining([...new Set(found)]));
  });

  const lock: { readonly packages: Record<string, { version?: string; integrity?: string }> } = JSON.parse(
    readFileSync(resolve(root, 'package-lock.json'), 'utf8'),
  );

  test('is no package that its authors have given up', () => {
    const bundled = bundledOf({ components }, lock);
    expect(bundled.length).toBeGreaterThanOrEqual(packages.length);
    expect(bundled.filter(({ deprecated }) => deprecated !== undefined)).toEqual([]);
  });

  test('has the locked contents, a permissive licence and its text', () => {
    const locked = new Set(Object.values(lock.packages).map(({ integrity = '' }) => integrity.replace('sha512-', '')));
    for (const { 'bom-ref': id = '', licenses = [], hashes = [] } of packages) {
      expect(licences).toContain(`\n${id} (`);
      expect(PERMISSIVE).toEqual(expect.arrayContaining(licenses.map(({ license }) => license.id)));
      expect(licenses).not.toEqual([]);
      expect(locked).toContain(Buffer.from(hashes[0]?.content ?? '', 'hex').toString('base64'));
    }
  });
});
