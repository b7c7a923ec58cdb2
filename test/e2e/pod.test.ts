/**
 * A pod as injection writes it, run by a runner of pods: podman reads the manifest itself. Its classic sidecar, as podman knows no
 * native ones. Podman publishes every port on the host, and knows few fields of a pod: so the ports and the kubelet's hook and
 * probes are left out, and the fields get values.
 */

import type { Container, PodSpec } from '../../src/constructs/injection/workload.js';
import type { LogTapProps } from '../../src/constructs/props/log-tap-props.js';
import { ImagePullPolicy } from '../../src/constructs/props/shipper-options.js';
import { Sink } from '../../src/constructs/sinks/sink.js';
import { describeWith } from '../support/capability.js';
import { buildImage, IMAGE } from '../support/image.js';
import { Podman } from '../support/podman.js';
import { until } from '../support/run.js';
import { inject } from '../support/tap.js';

const props: LogTapProps = {
  sink: Sink.stdout(),
  suppressStreams: true,
  nativeSidecar: false,
  shipper: {
    image: IMAGE,
    imagePullPolicy: ImagePullPolicy.NEVER,
    settings: { LOGTAP_EXIT_WITHOUT_WRITERS_SECONDS: '1' },
  },
};

function forPodman({ env = [], ports, livenessProbe, lifecycle, ...container }: Container): Container {
  return { ...container, env: env.map(({ name, value }) => ({ name, value: value ?? `${name} of the pod` })) };
}

describeWith(['podman', 'image parts', 'aarch64'], 'an injected pod', () => {
  let podman: Podman;
  beforeAll(async () => {
    podman = new Podman();
    await buildImage(podman);
  });
  afterAll(() => podman?.close());

  const inspect = async (name: string) => JSON.parse(await podman.podman('container', 'inspect', name))[0];

  /** Runs the application in a pod until it and the shipper have ended, the shipper by itself. */
  async function play(name: string, lines: number) {
    const script = `for (let i = 0; i < ${lines}; i++) console.log('line ' + i); console.error('done'); process.exitCode = 3`;
    const app: Container = {
      // It has Node, so it is the application, too.
      ...{ name: 'app', image: IMAGE, imagePullPolicy: 'Never' },
      ...{ command: ['/nodejs/bin/node'], args: ['-e', script] },
    };
    const spec: PodSpec = { restartPolicy: 'Never', containers: [app] };
    const pod = inject({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec }, props);
    pod.spec.containers = pod.spec.containers.map(forPodman);
    await podman.play(pod);
    await until('both have ended', async () => {
      const states = await Promise.all([`${name}-app`, `${name}-logtap`].map(inspect));
      return states.every(({ State }) => State.Status === 'exited');
    });
    const [application, shipper] = await Promise.all([`${name}-app`, `${name}-logtap`].map(inspect));
    expect([application.State.ExitCode, shipper.State.ExitCode]).toEqual([3, 0]);
    expect(shipper).toMatchObject({ Config: { User: '65532:65532' }, HostConfig: { ReadonlyRootfs: true } });
    const output = await podman.logs(`${name}-logtap`);
    const records = output.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const of = (stream: string): string[] =>
      records.filter((record) => record.stream === stream).map(({ message }) => message);
    return {
      records,
      stdout: of('stdout'),
      stderr: of('stderr'),
      original: await podman.logs(`${name}-app`),
      ledger: JSON.parse(output.stderr.trimEnd().split('\n').at(-1)!),
    };
  }

  test('ships every line of an application that may end before the shipper starts', async () => {
    const { records, stdout, stderr, original, ledger } = await play('brief', 300);
    expect(stdout).toEqual(linesTo(300));
    expect(stderr).toEqual(['done']);
    // Suppressed: what the shipper has is nowhere else.
    expect(original).toMatchObject({ stdout: '', stderr: '' });
    expect(records[0]).toMatchObject({ pod_name: 'POD_NAME of the pod', container_name: 'app' });
    expect(ledger).toMatchObject({ read: 301, balanced: true });
  });

  test('what an application writes faster than the shipper starts is in its own log, and counted; no line is lost, none twice', async () => {
    const { stdout, stderr, original, ledger } = await play('burst', 20_000);
    const linesOf = (text: string) => text.split('\n').filter((line) => line !== '');
    const kept = linesOf(original.stdout);
    const keptErrors = linesOf(original.stderr);
    expect([...stderr.filter((line) => line === 'done'), ...keptErrors]).toEqual(['done']);
    // A line that says what was not captured is none of the application's.
    const captured = stdout.filter((line) => line.startsWith('line '));
    const number = (line: string) => Number(line.slice('line '.length));
    expect([...captured, ...kept].sort((a, b) => number(a) - number(b))).toEqual(linesTo(20_000));
    // None where the shipper was there in time.
    expect(ledger.dropped.application?.not_handed_over ?? 0).toBe(kept.length + keptErrors.length);
    expect(ledger.balanced).toBe(true);
  });
});

const linesTo = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}`);
