/** `logtap inject` edits a text: comments, order and layout stay, and `uninject` gives the same bytes back. */
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { commentsIn } from '../../../src/cli/manifests/edit/comments.js';
import { injectCommand } from '../../../src/cli/manifests/inject.js';
import { readManifestFiles } from '../../../src/cli/manifests/manifest-text.js';
import { parseDocuments } from '../../../src/cli/manifests/manifests.js';
import { uninjectCommand } from '../../../src/cli/manifests/uninject.js';
import { Sink } from '../../../src/constructs/index.js';
import { runCommand } from '../../support/command.js';
import { inject as injectObject } from '../../support/tap.js';

const FLAGS = ['-', '--sink', 'opensearch', '--url', 'https://os:9200', '--image', 'logtap:1'];
const sink = Sink.openSearch({ url: 'https://os:9200' });
const values = (text: string) => parseDocuments({ name: 'text', text }).map(({ value }) => value);

async function succeed(command: typeof injectCommand, args: string[], input: string) {
  const { stdout, stderr, error } = await runCommand(command, args, input);
  if (error !== undefined) throw error;
  return { stdout, stderr };
}

/** Many tests ask for the same injection, which is the same each time and the longest part of them. */
const injections = new Map<string, ReturnType<typeof succeed>>();
function inject(text: string, ...flags: string[]) {
  const key = JSON.stringify([text, ...flags]);
  const injection = injections.get(key) ?? succeed(injectCommand, [...FLAGS, ...flags], text);
  injections.set(key, injection);
  return injection;
}
const uninject = (text: string) => succeed(uninjectCommand, ['-'], text);

const directory = join(__dirname, '../../fixtures/manifests');
const texts = ['charts', 'odd']
  .flatMap((kind) => readManifestFiles(join(directory, kind)))
  .map(({ name, text }): [string, string] => [`${basename(dirname(name))}/${basename(name)}`, text]);

/** A null that injection replaced is restored as `null`, and JSON is written on lines of its own. */
const restored = (name: string, text: string) => {
  if (name.endsWith('.json')) return `${JSON.stringify(JSON.parse(text), null, 2)}\n`;
  if (name !== 'odd/empty-fields.yaml') return text;
  return text.replace('initContainers:\n', 'initContainers: null\n').replace('volumeMounts: ~', 'volumeMounts: null');
};
/** An alias whose anchor is in a container that is tapped is written out. */
const isRestored = ([name]: [string, string]) => name !== 'odd/anchors.yaml';

describe.each(texts)('%s', (_name, text) => {
  test('is read as the injection of its objects', async () => {
    const { stdout } = await inject(text);
    expect(values(stdout)).toEqual(
      values(text).map((value) => injectObject(value, { sink, shipper: { image: 'logtap:1' } })),
    );
  });

  test('keeps every comment once, and each line that does not change', async () => {
    const { stdout, stderr } = await inject(text);
    expect(commentsIn(stdout)).toEqual(commentsIn(text));
    expect(stderr).not.toContain('comment');
    const isChanged = !isDeepStrictEqual(values(stdout), values(text));
    expect(stdout === text).toBe(!isChanged);
  });

  test('has the same objects and comments after inject and uninject', async () => {
    const { stdout } = await uninject((await inject(text)).stdout);
    expect(values(stdout)).toEqual(values(text));
    expect(commentsIn(stdout)).toEqual(commentsIn(text));
  });
});

describe.each(texts.filter(isRestored))('%s', (name, text) => {
  test('is the same text, byte by byte, after inject and uninject', async () => {
    const { stdout } = await inject(text);
    expect((await uninject(stdout)).stdout).toBe(restored(name, text));
  });

  test('injected again with other settings and uninjected, too', async () => {
    const { stdout: first } = await inject(text);
    const { stdout: second } = await inject(first, '--memory-limit-mib', '512', '--suppress-streams');
    const alone = await inject(text, '--memory-limit-mib', '512', '--suppress-streams');
    expect(values(second)).toEqual(values(alone.stdout));
    expect((await uninject(second)).stdout).toBe(restored(name, text));
  });
});

/** As editors, other systems and programs leave a text. */
const ENDINGS: Readonly<Record<string, (text: string) => string>> = {
  'without a line feed at the end': (text) => text.trimEnd(),
  'with a comment at the end, without a line feed': (text) => `${text}# the end`,
  'with spaces in the last line': (text) => `${text}  `,
  'with the end of a document': (text) => `${text}...\n`,
  'with a byte order mark': (text) => `\ufeff${text}`,
  'with lines of Windows': (text) => text.replaceAll('\n', '\r\n'),
  'with lines of Windows, the last one unfinished': (text) => text.trimEnd().replaceAll('\n', '\r\n'),
};

describe.each(Object.entries(ENDINGS))('a text %s', (_name, ending) => {
  const given = texts
    .filter(([name]) => /postgresql|list.yaml|live-deployment|containers|not-workloads/.test(name))
    .map(([name, text]): [string, string] => [name, ending(text)]);

  test.each(given)('%s is the same, byte by byte, after inject and uninject', async (_file, text) => {
    const { stdout } = await inject(text);
    expect(values(stdout)).toEqual(values((await inject(text.replace('\ufeff', ''))).stdout));
    expect((await inject(stdout)).stdout).toBe(stdout);
    expect((await uninject(stdout)).stdout).toBe(text);
  });
});

test.each([
  'resources: { requests: { cpu: 100m, memory: 100Mi }, limits: { cpu: 0.5, memory: 129M } }',
  'resources: { limits: { cpu: 1, memory: "1e9" }, requests: {memory: \'0.5Gi\'} }',
  'resources:\n    limits: { memory: 1.5G, cpu: "1" }\n    requests:\n      memory: 200M\n      cpu: \'100m\'',
])('resources of the pod get their text back: %s', async (resources) => {
  const text = `apiVersion: v1\nkind: Pod\nspec:\n  ${resources}\n  containers:\n  - name: a\n    image: b\n`;
  const { stdout } = await inject(text);
  expect(stdout).not.toContain(resources);
  expect((await uninject(stdout)).stdout).toBe(text);
});

test.each(['>', '>-', '|', '|-', '|+', '>2-'])('a preload list after %s costs no other line', async (style) => {
  const [before, value, after] = [
    '# first\nkind: Pod\napiVersion: v1\nspec:\n  containers:\n  - name: a # here\n    image: b\n    env:\n    - name: LD_PRELOAD\n',
    `      value: ${style}\n          /opt/a.so\n`.replace(
      style === '>2-' ? '    /' : '',
      style === '>2-' ? '  /' : '',
    ),
    '\n    # next\n    - {name: "B", value: c}\n  hostPID: false\n',
  ];
  const { stdout, stderr } = await inject(before + value + after);
  expect(stderr).not.toContain('comment');
  const back = (await uninject(stdout)).stdout;
  expect(values(back)).toEqual(values(before + value + after));
  expect(back.startsWith(before)).toBe(true);
  expect(back.endsWith(after)).toBe(true);
});

test('JSON in which nothing changes keeps its layout', async () => {
  const text =
    '{ "kind": "ConfigMap",\n     "apiVersion": "v1",\n\n  "metadata": {"name": "a"}, "data": {"a": "1"}\n}\n\n';
  expect((await inject(text)).stdout).toBe(text);
  expect((await uninject(text)).stdout).toBe(text);
  const pod =
    '---\napiVersion: v1\nkind: Pod\nmetadata: { name: p }\nspec: { containers: [{ name: a, image: a:1 }] }\n';
  expect((await inject(text + pod)).stdout).toContain(text);
});

test.each(['', '\n', '\r\n', '\n\n'])('JSON ends as it did: %j', async (end) => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a' },
    spec: { containers: [{ name: 'a', image: 'b' }] },
  };
  for (const mark of ['', '\ufeff']) {
    const text = mark + JSON.stringify(pod, null, 2) + end;
    const { stdout } = await inject(text);
    expect(stdout).toContain('"name": "logtap"');
    expect((await uninject(stdout)).stdout).toBe(text);
  }
});

test('a document of JSON among others stays JSON, as kubectl reads what starts with a brace', async () => {
  const pod = (name: string) => ({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name } },
    spec: { containers: [{ name: 'a', image: 'b' }] },
  });
  const objects = ['a', 'b'].map((name) => JSON.stringify(pod(name)));
  const text = `# all\n---\n${objects[0]}\n--- # next\n${objects[1]} # behind\n---\nkind: Pod\napiVersion: v1\n`;
  const given = `${text}spec: {containers: [{name: a, image: b}]}\n`;
  const { stdout } = await inject(given);
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  expect(lines.map((line) => JSON.parse(line.replace(' # behind', '')).spec.initContainers.length)).toEqual([2, 2]);
  expect((await uninject(stdout)).stdout).toBe(given);
});

/** Some places for a comment are within a text, or no YAML. */
function isReadAs(text: string, expected: readonly unknown[]): boolean {
  try {
    return isDeepStrictEqual(values(text), expected);
  } catch {
    return false;
  }
}

describe('comments anywhere', () => {
  /** A deployment in the style of hands: every way to write what injection changes. */
  const byHand = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: orders
spec:
  template:
    metadata:
      labels:
        app: orders
    spec:
      terminationGracePeriodSeconds: 30
      containers:
      - name: orders
        image: "registry.example/orders:4.2"
        env:
        - name: LD_PRELOAD
          valueFrom:
            configMapKeyRef: {name: preload, key: list}
        volumeMounts: []
      - {name: web, image: 'nginx:1.27', env: [{name: LD_PRELOAD, value: '/a b.so'}], volumeMounts: []}
      - image: worker:1
        name: worker
        resources:
          limits: {cpu: 1, memory: 1Gi}
      volumes: []
  selector:
    matchLabels:
      app: orders
---
apiVersion: kubeflow.org/v1
kind: PyTorchJob
metadata: {name: train}
spec:
  pytorchReplicaSpecs:
    Master:
      restartPolicy: OnFailure
      template:
        spec:
          containers:
          - name: pytorch
            image: train:1
    Worker:
      template: {spec: {containers: [{name: pytorch, image: "train:1"}]}}
`;
  /** Sorted, with lists in the column of their keys, and lines of text at the end of a list. */
  const sorted = `apiVersion: v1
kind: Pod
metadata:
  name: orders
spec:
  containers:
  - command:
    - sh
    image: orders:4.2
    name: orders
  - image: web:1
    name: web
    args:
    - |
      first
        second
  nodeSelector: {disk: ssd}
---
apiVersion: v1
kind: Pod
metadata:
  name: last
spec:
  containers:
  - image: web:1
    name: web
    command:
    - >
      the end
`;
  test.each([0, 2, 4, 6])('in column %i behind any line stay where they are', async (column) => {
    const lines = sorted.split('\n').slice(0, -1);
    for (const index of lines.keys()) {
      const comment = `${' '.repeat(column)}# comment`;
      const text = `${[...lines.slice(0, index + 1), comment, ...lines.slice(index + 1)].join('\n')}\n`;
      if (!isReadAs(text, values(sorted))) continue;
      const { stdout, stderr } = await inject(text, '--set', 'nativeSidecar=false');
      expect({ text, stderr }).toEqual({ text, stderr: expect.not.stringContaining('comment') });
      expect((await uninject(stdout)).stdout).toBe(text);
    }
  });

  const plain = [
    byHand,
    sorted,
    ...texts.filter(([name]) => /postgresql|live-deployment|list.yaml/.test(name)).map(([, text]) => text),
  ];
  /** Comments on lines of their own, as far to the right as the one below or not, and behind what is on a line. */
  const commented = fc
    .record({
      text: fc.constantFrom(...plain),
      above: fc.array(fc.tuple(fc.nat(), fc.option(fc.nat(14)))),
      behind: fc.array(fc.nat()),
    })
    .map(({ text, above, behind }) => {
      const lines = text.split('\n').slice(0, -1);
      for (const [index, each] of behind.entries()) {
        const at = each % lines.length;
        if (!/#|---/.test(lines[at]!)) lines[at] = `${lines[at]} # behind ${index}`;
      }
      for (const [index, [each, column]] of above.entries()) {
        const at = each % lines.length;
        const spaces = column === null ? /^ */.exec(lines[at]!)![0] : ' '.repeat(column);
        lines.splice(at, 0, `${spaces}# above ${index}`);
      }
      return { plain: text, text: `${lines.join('\n')}\n` };
    })
    .filter(({ text, plain: without }) => isReadAs(text, values(without)));

  test('stay, each once and in their order, and the way back is exact', async () => {
    await fc.assert(
      fc.asyncProperty(commented, fc.boolean(), async ({ text, plain: without }, isNative) => {
        // A sidecar that is no native one is a container behind the others.
        const flags = ['--set', `nativeSidecar=${isNative}`];
        const { stdout } = await inject(text, ...flags);
        expect(values(stdout)).toEqual(values((await inject(without, ...flags)).stdout));
        expect(commentsIn(stdout)).toEqual(commentsIn(text));
        expect((await uninject(stdout)).stdout).toBe(text);
      }),
      { numRuns: 30 },
    );
  }, 300_000);
});
