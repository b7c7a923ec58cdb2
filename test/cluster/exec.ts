/** What `kubectl` and the kubelet start in a container answers as it does without the tap, and none of it is shipped. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { legacy, type TestCluster } from '../support/cluster.js';
import { temporaryDirectory } from '../support/run.js';
import { readOpenSearch } from '../support/sinks-read-back.js';

/** Writes a line a while after its start, so that an exec comes in between. */
const APPLICATION = 'echo begun; i=0; while true; do i=$((i+1)); echo "tick $i"; sleep 0.5; done';

const PROBE = { exec: { command: ['sh', '-c', 'echo probed; echo probed badly >&2'] }, periodSeconds: 1 };
const HOOKS = {
  postStart: { exec: { command: ['sh', '-c', 'echo started > /tmp/hook; echo started'] } },
  preStop: { exec: { command: ['sh', '-c', 'echo stopping'] } },
};

export function exec(cluster: () => TestCluster): void {
  const pod = (name: string, more: object) => ({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: name } } },
    spec: {
      terminationGracePeriodSeconds: 2,
      containers: [
        legacy(APPLICATION, { livenessProbe: PROBE, readinessProbe: PROBE, startupProbe: PROBE, lifecycle: HOOKS }),
      ],
      ...more,
    },
  });
  const ready = (name: string) => cluster().tell(['wait', `pod/${name}`, '--for=condition=Ready', '--timeout=180s']);

  /** The same pod, as it is and tapped. */
  function two(props: { suppressStreams: boolean }, more: object = {}) {
    const [plain, tapped] = [cluster().name('plain'), cluster().name('tapped')];
    cluster().apply(pod(plain, more));
    cluster().apply(cluster().tapped(pod(tapped, more), { sink: cluster().toOpenSearch(tapped), ...props }));
    for (const name of [plain, tapped]) ready(name);
    return { plain, tapped };
  }

  /** Nothing but the application's own lines is stored, and all that it has written. */
  async function expectItsLinesAlone(name: string): Promise<void> {
    const said = cluster().follow(['logs', '--follow', name, '--container=logtap']);
    cluster().tell(['delete', 'pod', name, '--wait']);
    const stored = (await readOpenSearch(cluster().search.url, `${name}*`)).map(({ body }) => body);
    if (stored.length < 3)
      throw new Error(`only ${stored.length} lines are stored; the shipper said: ${await said.ended}`);
    expect(stored).toEqual(['begun', ...stored.slice(1).map((_, i) => `tick ${i + 1}`)]);
  }

  const commands: readonly (readonly string[])[] = [
    ['sh', '-c', 'echo row'],
    ['sh', '-c', 'echo row; echo problem >&2; exit 7'],
    ['sh', '-c', 'seq 200000 | sha256sum'],
    ['seq', '200000'],
    ['bash', '-c', 'echo $(echo inner) | cat; for i in 1 2 3; do echo $i; done'],
    ['cat', '/tmp/hook'],
    ['sh', '-c', 'echo to a file > /tmp/own; cat /tmp/own'],
  ];

  describe.each([
    ['copied', { suppressStreams: false }, {}],
    ['suppressed', { suppressStreams: true }, {}],
    ['suppressed, in a pod that shares its processes', { suppressStreams: true }, { shareProcessNamespace: true }],
    ['suppressed, with the processes of the node', { suppressStreams: true }, { hostPID: true }],
  ])('output %s', (_, props, more) => {
    test('commands, input, and files in both directions', async () => {
      const { plain, tapped } = two(props, more);
      const answer = (name: string, args: readonly string[], input?: string) => {
        return cluster().kubectl(
          ['exec', ...(input === undefined ? [] : ['-i']), name, '-c', 'app', '--', ...args],
          input,
        );
      };
      for (const command of commands) expect(answer(tapped, command)).toEqual(answer(plain, command));
      const input = Array.from({ length: 5000 }, (_, i) => `row ${i}\n`).join('');
      expect(answer(tapped, ['cat'], input)).toEqual({ status: 0, stdout: input, stderr: '' });

      const directory = temporaryDirectory();
      mkdirSync(join(directory, 'back'));
      writeFileSync(join(directory, 'rows'), input);
      cluster().tell(['cp', join(directory, 'rows'), `${tapped}:/tmp/rows`, '-c', 'app']);
      expect(answer(tapped, ['cat', '/tmp/rows']).stdout).toBe(input);
      cluster().tell(['cp', `${tapped}:/tmp/rows`, join(directory, 'back', 'rows'), '-c', 'app']);
      expect(readFileSync(join(directory, 'back', 'rows'), 'utf8')).toBe(input);

      const restarts = cluster().get('pod', tapped).status.containerStatuses[0].restartCount;
      expect(restarts).toBe(0);
      cluster().tell(['delete', 'pod', plain, '--wait=false']);
      await expectItsLinesAlone(tapped);
    });
  });

  test('a container that is restarted is tapped again', async () => {
    const name = cluster().name('crash');
    const script = 'echo begun; sleep 0.2; echo gone; exit 3';
    const manifest = {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name } },
      spec: { terminationGracePeriodSeconds: 2, restartPolicy: 'Always', containers: [legacy(script)] },
    };
    const props = { sink: cluster().toOpenSearch(name), suppressStreams: true };
    cluster().apply(cluster().tapped(manifest, props));
    await cluster().until('it has been restarted twice', () => {
      return (cluster().get('pod', name).status.containerStatuses?.[0]?.restartCount ?? 0) >= 2;
    });
    cluster().tell(['delete', 'pod', name, '--wait']);
    const stored = (await readOpenSearch(cluster().search.url, `${name}*`)).map(({ body }) => body);
    expect(stored.length).toBeGreaterThanOrEqual(4);
    expect(stored.filter((body) => body === 'begun').length).toBe(Math.ceil(stored.length / 2));
  });

  test('what an exec writes to the output of process 1 is shipped', async () => {
    const name = cluster().name('idiom');
    const props = { sink: cluster().toOpenSearch(name), suppressStreams: false };
    cluster().apply(cluster().tapped(pod(name, {}), props));
    ready(name);
    cluster().tell(['exec', name, '-c', 'app', '--', 'sh', '-c', 'echo by exec > /proc/1/fd/1']);
    await cluster().until('it is stored', async () => {
      return (await readOpenSearch(cluster().search.url, `${name}*`)).some(({ body }) => body === 'by exec');
    });
    expect(cluster().tell(['logs', name, '-c', 'app'])).toContain('by exec\n');
    cluster().tell(['delete', 'pod', name, '--wait=false']);
  });
}
