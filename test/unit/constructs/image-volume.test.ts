/** The library by an image volume: no init container, the same paths, and a shipper that holds the application back by its place. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { check } from '../../../src/constructs/findings/check.js';
import { uninject } from '../../../src/constructs/injection/uninject.js';
import { type Container, canonical, type PodSpec } from '../../../src/constructs/injection/workload.js';
import { tapPolicy } from '../../../src/constructs/policy/policy.js';
import { FailurePolicy, LibraryVolume, type LogTapProps } from '../../../src/constructs/props/log-tap-props.js';
import { resolve } from '../../../src/constructs/props/resolve.js';
import { ImagePullPolicy } from '../../../src/constructs/props/shipper-options.js';
import { Sink } from '../../../src/constructs/sinks/sink.js';
import { inject } from '../../support/tap.js';

const IMAGE = 'registry.example/logtap:1';
const deployment = (spec: object = {}, metadata: object = {}) => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'orders' } },
  spec: { template: { metadata, spec: { containers: [{ name: 'app', image: 'orders:4.2' }], ...spec } } },
});
type Given = { readonly [name in keyof LogTapProps]?: LogTapProps[name] | undefined };
const properties = (more: Given = {}): LogTapProps => {
  const all = { sink: Sink.stdout(), library: LibraryVolume.IMAGE, shipper: { image: IMAGE }, ...more };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
};
const templateOf = (manifest: object, more: Given = {}) => inject(manifest, properties(more)).spec.template;
const podOf = (more: Given = {}, spec: object = {}): PodSpec => templateOf(deployment(spec), more).spec;
const namesOf = (containers: readonly Container[] = []) => containers.map(({ name }) => name);
const libraryMounts = ({ volumeMounts }: Container) => volumeMounts?.filter(({ name }) => name === 'logtap-lib');
const codesOf = (more: Given, spec: object = {}) =>
  check(deployment(spec), resolve(properties(more))).map(({ code }) => code);

describe('an image volume', () => {
  test('is a directory of the shipper’s image, which all containers mount read-only', () => {
    const { containers, initContainers, volumes } = podOf();
    expect(namesOf(initContainers)).toEqual(['logtap']);
    expect(volumes?.find(({ name }) => name === 'logtap-lib')).toEqual({
      name: 'logtap-lib',
      image: { reference: IMAGE },
    });
    const mount = { mountPath: '/.logtap-lib', name: 'logtap-lib', readOnly: true, subPath: 'opt/logtap/volume' };
    for (const container of [...containers, ...(initContainers ?? [])]) {
      expect(libraryMounts(container)).toEqual([mount]);
    }
    const dockerfile = readFileSync(join(__dirname, '../../../Dockerfile'), 'utf8');
    expect(dockerfile).toMatch(new RegExp(`^COPY dist/volume/\\$\\{TARGETARCH\\} /${mount.subPath}$`, 'm'));
    expect(containers[0]?.env).toContainEqual({ name: 'LD_PRELOAD', value: '/.logtap-lib/liblogtap.so' });
  });

  test('is pulled like the image of the shipper', () => {
    const { volumes, imagePullSecrets } = podOf({
      shipper: { image: IMAGE, imagePullPolicy: ImagePullPolicy.ALWAYS, imagePullSecrets: ['mirror'] },
    });
    expect(volumes).toContainEqual({ name: 'logtap-lib', image: { pullPolicy: 'Always', reference: IMAGE } });
    expect(imagePullSecrets).toEqual([{ name: 'mirror' }]);
  });

  test('is the default from Kubernetes 1.35 on, and the init container for an older or unknown version', () => {
    const installers = (more: Given) =>
      namesOf(podOf({ library: undefined, ...more }).initContainers).includes('logtap-install');
    expect(installers({})).toBe(true);
    expect(installers({ kubernetesVersion: '1.34' })).toBe(true);
    expect(installers({ kubernetesVersion: '1.35' })).toBe(false);
    expect(installers({ kubernetesVersion: 'v1.36.3' })).toBe(false);
    expect(installers({ kubernetesVersion: '1.36', library: LibraryVolume.INIT_CONTAINER })).toBe(true);
  });

  test('is refused for a version that mounts an empty directory instead, unless its cluster has the feature gate', () => {
    const old = { kubernetesVersion: '1.34' };
    expect(codesOf(old)).toEqual(['LT044']);
    expect(() => podOf(old)).toThrow(/LT044 .*needs Kubernetes 1\.35.*1\.34/);
    expect(codesOf({ ...old, accept: ['LT044'] })).toEqual([]);
    expect(codesOf({ ...old, library: undefined })).toEqual([]);
    expect(codesOf({ kubernetesVersion: '1.35' })).toEqual([]);
  });

  test.each([
    ['by a native sidecar', {}],
    ['by a classic sidecar', { nativeSidecar: false }],
    ['without a gate', { nativeSidecar: false, failurePolicy: FailurePolicy.FAIL_OPEN }],
  ])('is removed with the injection, and replaced by the other way: %s', (_, more) => {
    const before = deployment({ volumes: [] });
    const injected = inject(before, properties(more));
    const other = { ...properties(more), library: LibraryVolume.INIT_CONTAINER };
    expect(uninject(injected)).toEqual(canonical(before));
    expect(inject(injected, other)).toEqual(inject(before, other));
    expect(inject(inject(before, other), properties(more))).toEqual(injected);
  });

  test('leaves an application’s volume of that name alone in an injection of an earlier version', () => {
    const injected = inject(deployment(), properties());
    const { spec } = injected.spec.template;
    const isLibrary = ({ name }: { name: string }) => name === 'logtap-lib';
    for (const container of spec.initContainers) {
      container.volumeMounts = container.volumeMounts.filter((mount: { name: string }) => !isLibrary(mount));
    }
    const { volumes } = (uninject(injected) as typeof injected).spec.template.spec;
    expect(volumes.map(({ name }: { name: string }) => name)).toEqual(['logtap-lib']);
  });

  test('the last patch has no installer to change', () => {
    const patched = (path: string) =>
      podOf({ shipper: { image: IMAGE, patch: JSON.stringify([{ op: 'add', path, value: 1 }]) } });
    expect(patched('/shipper/terminationMessagePolicy').initContainers?.[0]).toMatchObject({
      terminationMessagePolicy: 1,
    });
    expect(() => patched('/installer/terminationMessagePolicy')).toThrow(/'installer' does not exist/);
    expect(() => patched('/installer')).toThrow(/names of the containers and volumes must stay/);
  });

  test('a small pod needs no room for the installer', () => {
    const resources = { requests: { memory: '1Mi' }, limits: { memory: '1Mi' } };
    const shipper = { image: IMAGE, installer: { memoryLimitMiB: 4096, memoryRequestMiB: 4096 } };
    expect(podOf({ shipper }, { resources }).resources).toEqual({
      limits: { memory: '257Mi' },
      requests: { memory: '257Mi' },
    });
  });

  test('a policy adds no init container but the shipper', () => {
    const texts = (library: LibraryVolume) =>
      JSON.stringify(tapPolicy('shop', resolve(properties({ library }))).objects);
    expect(texts(LibraryVolume.INIT_CONTAINER)).toContain('/spec/initContainers/\\" + string(variables.start + 1)');
    const text = texts(LibraryVolume.IMAGE);
    expect(text).not.toContain('string(variables.start + 1)');
    expect(text).not.toContain('[\\"install\\"');
    expect(text).toContain('opt/logtap/volume');
  });
});

describe('a container that may start before the shipper makes the directory of rings itself: no init container is added', () => {
  const init = { initContainers: [{ name: 'migrate', image: 'migrate:1' }] };
  const open = { failurePolicy: FailurePolicy.FAIL_OPEN };
  const tapped = { containers: ['app', 'migrate'] };
  const classic = { nativeSidecar: false };
  test.each<[string, Given, object, string[]]>([
    ['a native sidecar, and a tapped init container behind it', tapped, init, ['logtap', 'migrate']],
    ['a native sidecar without a gate', open, {}, ['logtap']],
    ['a classic sidecar without a gate', { ...classic, ...open }, {}, []],
    ['a classic sidecar, and a tapped init container before it', { ...classic, ...tapped }, init, ['migrate']],
    ['both', { ...classic, ...open, ...tapped }, init, ['migrate']],
  ])('%s', (_, more, spec, expected) => {
    const { initContainers, volumes } = podOf(more, spec);
    expect(namesOf(initContainers)).toEqual(expected);
    expect(volumes?.filter(({ image }) => image !== undefined)).toHaveLength(1);
  });

  test('a policy without a gate', () => {
    const text = JSON.stringify(tapPolicy('shop', resolve(properties(open))).objects);
    const has = ['[\\"install\\"', 'opt/logtap/volume'].map((part) => text.includes(part));
    expect(has).toEqual([false, true]);
  });
});

describe('a classic sidecar', () => {
  const DEFAULT = 'kubectl.kubernetes.io/default-container';
  const classic = { nativeSidecar: false };

  test('is the first container, whose hook holds the others back, and kubectl still shows the application', () => {
    const { spec, metadata } = templateOf(deployment(), classic);
    expect(namesOf(spec.containers)).toEqual(['logtap', 'app']);
    expect(spec.containers[0].lifecycle.postStart).toBeDefined();
    expect(metadata.annotations[DEFAULT]).toBe('app');
  });

  test('keeps the container that the application names for kubectl', () => {
    const annotations = { [DEFAULT]: 'web' };
    const before = deployment({}, { annotations });
    const template = templateOf(before, classic);
    expect(template.metadata.annotations[DEFAULT]).toBe('web');
    expect(uninject(inject(before, properties(classic)))).toEqual(canonical(before));
  });

  test('is the last container if the application does not wait', () => {
    const { spec, metadata } = templateOf(deployment(), { ...classic, failurePolicy: FailurePolicy.FAIL_OPEN });
    expect(namesOf(spec.containers)).toEqual(['app', 'logtap']);
    expect(metadata.annotations).not.toHaveProperty([DEFAULT]);
  });
});
