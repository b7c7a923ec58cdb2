/** What users download: everything they need, and nothing of the workshop. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

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
        'dist/logtap.schema.json',
        'dist/cluster/main.js',
        'dist/shipper/main.js',
        'docs/reference/findings.md',
        'docs/reference/settings.md',
        'dist/native/x86_64/liblogtap.so',
        'dist/native/aarch64/liblogtap.so',
      ]),
    );
  });

  test('holds no sources, tests, caches or manifests', () => {
    const allowed =
      /^(package\.json|README\.md|CHANGELOG\.md|LICENSE|dist\/(cli|cluster|imports|shipper|try|native|src\/(constructs|catalog))\/.+|docs\/.+\.md|dist\/logtap\.schema\.json|dist\/src\/contract\.(js|d\.ts))$/;
    expect(paths.filter((path) => !allowed.test(path))).toEqual([]);
  });

  test('brings no dependencies of its own', () => {
    const manifest = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8'));
    expect(manifest.dependencies ?? {}).toEqual({});
    expect(Object.keys(manifest.peerDependencies).sort()).toEqual(['cdk8s', 'cdk8s-plus-28', 'constructs']);
  });
});
