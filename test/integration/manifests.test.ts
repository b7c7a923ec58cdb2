/**
 * Manifests as people have them: odd ones, and renderings in the shape of well-known Helm charts. Each goes through YAML,
 * injection and its undoing.
 */
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ensureSchemas } from '../../scripts/kubernetes-schemas.js';
import { injectCommand } from '../../src/cli/manifests/inject.js';
import { readManifestFiles } from '../../src/cli/manifests/manifest-text.js';
import { formatManifests, parseManifests } from '../../src/cli/manifests/manifests.js';
import { madeElsewhere } from '../../src/constructs/injection/made-elsewhere.js';
import { uninject } from '../../src/constructs/injection/uninject.js';
import { isWorkload, type KubernetesObject, objectName, podTemplate } from '../../src/constructs/injection/workload.js';
import { Sink } from '../../src/constructs/sinks/sink.js';
import { describeWith } from '../support/capability.js';
import { runCommand } from '../support/command.js';
import { asKubectl } from '../support/kubectl-yaml.js';
import { NEWEST_VERSION, schemaErrors } from '../support/kubernetes-schemas.js';
import { root } from '../support/run.js';
import { inject } from '../support/tap.js';

const directory = join(root, 'test', 'fixtures', 'manifests');
const files = ['charts', 'odd'].flatMap((kind) => readManifestFiles(join(directory, kind)));
const props = {
  sink: Sink.openSearch({ url: 'https://os:9200', username: 'u', passwordSecret: { name: 'os', key: 'pw' } }),
  file: '/var/log/*.log',
  suppressFile: true,
};

const objects = files.flatMap((file) =>
  parseManifests(file).map(({ object }): [string, KubernetesObject] => [
    `${basename(dirname(file.name))}/${basename(file.name)} ${object.apiVersion} ${objectName(object)}`,
    object,
  ]),
);
const isTapped = ([, object]: [string, KubernetesObject]) =>
  isWorkload(object.apiVersion, object.kind) && madeElsewhere(object) === undefined;
const workloads = objects.filter(isTapped);
const others = objects.filter((object) => !isTapped(object));

/** What Kubernetes says about an object; nothing about kinds that it does not bring itself. */
const errors = (object: KubernetesObject) =>
  schemaErrors(object, NEWEST_VERSION).filter((error) => !error.includes(' is unknown in '));

const reread = (manifests: readonly unknown[], format: 'yaml' | 'json') =>
  parseManifests({ name: format, text: formatManifests(manifests, format) }).map(({ object }) => object);

beforeAll(async () => {
  await ensureSchemas();
});

test('a pod of Windows is refused', () => {
  const [file] = readManifestFiles(join(directory, 'windows.yaml'));
  const [windows] = parseManifests(file!);
  expect(errors(windows!.object)).toEqual([]);
  expect(() => inject(windows!.object, props)).toThrow('LT011 Deployment/windows: ');
});

test('no file is left out', () => {
  const found = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((file) => /\/.*\./.test(file));
  expect(files.map(({ name }) => name.slice(directory.length + 1)).sort()).toEqual(found.sort());
  expect(workloads.length).toBeGreaterThan(30);
  expect(others.length).toBeGreaterThan(20);
});

describe('a workload', () => {
  test.each(workloads)('%s is valid before and after', (_name, object) => {
    expect(errors(object)).toEqual([]);
    const injected = inject(object, props);
    expect(errors(injected)).toEqual([]);
    const { spec } = podTemplate(injected);
    const names = spec.initContainers?.map(({ name }) => name) ?? [];
    const own = ['logtap-install', 'logtap'];
    expect(names.filter((name) => own.includes(name))).toEqual(own);
    // Only the native proxy of a mesh comes first.
    expect([0, 1]).toContain(names.indexOf('logtap-install'));
  });

  test.each(workloads)('%s: injecting again changes nothing, and the input is not touched', (_name, object) => {
    const before = structuredClone(object);
    const injected = inject(object, props);
    expect(inject(injected, props)).toEqual(injected);
    expect(object).toEqual(before);
  });

  test.each(workloads)('%s: uninject gives the original', (_name, object) => {
    expect(uninject(inject(object, props))).toEqual(object);
  });

  test.each(workloads)('%s means the same when its YAML and JSON are read again', (_name, object) => {
    const injected = inject(object, props);
    for (const format of ['yaml', 'json'] as const) expect(reread([injected], format)).toEqual([injected]);
  });
});

describeWith(['kubectl yaml'], 'kubectl', () => {
  const texts = files.map(({ name, text }) => [name.slice(directory.length + 1), { name, text }] as const);

  test.each(texts)('reads the same in %s', async (_name, file) => {
    expect(parseManifests(file).map(({ object }) => object)).toEqual(await asKubectl(file.text));
  });

  test.each(texts)('reads what is meant when %s was injected', async (_name, file) => {
    const injected = (await asKubectl(file.text)).map((object) => inject(object, props));
    for (const format of ['yaml', 'json'] as const) {
      const text = formatManifests(
        parseManifests(file).map(({ object }) => inject(object, props)),
        format,
      );
      expect(await asKubectl(text)).toEqual(injected);
    }
  });

  test.each(texts)('reads what is meant in the edited text of %s', async (_name, { text }) => {
    const flags = ['--sink', 'opensearch', '--url', 'https://os:9200', '--username', 'u', '--image', 'logtap:1'];
    const taps = ['--password-secret', 'os/pw', '--file', '/var/log/*.log', '--suppress-file'];
    const { stdout } = await runCommand(injectCommand, ['-', ...flags, ...taps], text);
    const objects = (await asKubectl(text)).map((object) =>
      inject(object, { ...props, shipper: { image: 'logtap:1' } }),
    );
    expect(await asKubectl(stdout)).toEqual(objects);
  });
});

describe('anything else', () => {
  test.each(others)('%s comes out as it went in', (_name, object) => {
    const before = structuredClone(object);
    expect(errors(object)).toEqual([]);
    expect(inject(object, props)).toEqual(before);
    for (const format of ['yaml', 'json'] as const) expect(reread([object], format)).toEqual([before]);
  });
});
