/** What has to be right before something is published: known vulnerabilities are shown, and the base image is pinned. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundledOf, findingsIn } from '../../scripts/audit-bundled.js';
import { pinned } from '../../scripts/release.js';

const lock = {
  packages: {
    '': { version: '1.0.0' },
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b/node_modules/@s/a': { version: '2.0.0', deprecated: 'use b' },
    'node_modules/@s/a': { version: '3.0.0' },
  },
};
const bill = { components: [{ 'bom-ref': 'a@1.0.0' }, { 'bom-ref': '@s/a@2.0.0' }, {}] };
const bundled = bundledOf(bill, lock);

test('bundled packages are found in the lock, with the version that is bundled', () => {
  expect(bundled).toEqual([
    { name: 'a', version: '1.0.0', path: 'node_modules/a' },
    { name: '@s/a', version: '2.0.0', path: 'node_modules/b/node_modules/@s/a', deprecated: 'use b' },
  ]);
});

describe('known vulnerabilities', () => {
  const advisory = (title: string) => ({ title, url: `https://example.com/${title}` });
  const of = (via: readonly (string | { title: string; url: string })[], ...nodes: string[]) => ({
    vulnerabilities: { x: { severity: 'high', via, nodes } },
  });

  test('those of bundled versions are shown, those of tools and other versions are not', () => {
    const report = of(
      [advisory('one'), 'y'],
      'node_modules/b/node_modules/@s/a',
      'node_modules/@s/a',
      'node_modules/jest',
    );
    expect(findingsIn(report, bundled)).toEqual(['high: @s/a@2.0.0: one https://example.com/one']);
    expect(findingsIn(of([advisory('one')], 'node_modules/@s/a'), bundled)).toEqual([]);
  });

  test('no report is not the same as none', () => {
    expect(() => findingsIn({ message: '405 Method Not Allowed' }, bundled)).toThrow('405 Method Not Allowed');
  });
});

describe('the base image', () => {
  const digest = 'a'.repeat(64);
  test('is pinned by a digest', () => {
    const base = `gcr.io/distroless/nodejs24-debian12:nonroot@sha256:${digest}`;
    expect(pinned(base)).toBe(base);
  });

  test.each([
    undefined,
    'gcr.io/distroless/nodejs24-debian12:nonroot',
    `x@sha256:${digest}0`,
    `x@sha256:${digest.slice(1)}`,
    `x@sha512:${digest}`,
    `-x@sha256:${digest}`,
  ])('%s is refused', (base) => {
    expect(() => pinned(base)).toThrow('IMAGE@sha256:DIGEST');
  });

  test('is an argument of the build', () => {
    const dockerfile = readFileSync(join(__dirname, '../../Dockerfile'), 'utf8');
    expect(dockerfile.match(/^FROM .*/gm)).toEqual([`FROM $\{BASE}`]);
  });
});
