/** `logtap upgrade` under a real kubelet: the shipper is another, the application is the same, and no line is lost or stored twice. */
import { LibraryVolume } from '../../src/constructs/props/log-tap-props.js';
import { LONG_DRAIN, legacy, linesOf, NEXT_IMAGE, PATIENCE, podOf } from '../support/cluster.js';
import { roleOf, userOf } from '../support/cluster-user.js';
import { IMAGE } from '../support/image.js';
import { countInOpenSearch } from '../support/sinks-read-back.js';
import type { AuditedTest } from './audits.js';

const LINES = 20_000;
/** Half a minute of lines while the shipper is replaced, then a wait for its end, then the last ones. */
const WRITER = `trap exit TERM
i=0
while [ $i -lt ${LINES} ]; do
  echo $i
  i=$((i+1))
  if [ $i -lt 15000 ]; then [ $((i % 50)) -eq 0 ] && sleep 0.1
  else until [ -e /tmp/replaced ]; do sleep 0.1; done
  fi
done
while true; do sleep 0.1; done`;

const shipperState = (pod: Pod) =>
  [...(pod.status.initContainerStatuses ?? []), ...pod.status.containerStatuses].find(({ name }) => name === 'logtap')!;
const applicationState = (pod: Pod) => pod.status.containerStatuses.find(({ name }) => name === 'app')!;

const shipperSpec = (pod: Pod) =>
  [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find(({ name }) => name === 'logtap')!;

interface Named {
  readonly name: string;
}
interface Status extends Named {
  readonly restartCount: number;
  readonly state: object;
}
interface Pod {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly initContainers?: readonly (Named & { readonly image: string })[];
    readonly containers: readonly (Named & { readonly image: string })[];
    readonly volumes: readonly Named[];
  };
  readonly status: {
    readonly initContainerStatuses?: readonly Status[];
    readonly containerStatuses: readonly Status[];
  };
}

export function upgrade(test: AuditedTest): void {
  for (const [shipper, isNative, library] of [
    ['a native sidecar', true, LibraryVolume.INIT_CONTAINER],
    ['a classic sidecar beside an image volume', false, LibraryVolume.IMAGE],
  ] as const)
    test(`${shipper} is replaced while its application writes: every line is stored once`, async (k8s) => {
      const name = k8s.name('upgraded');
      const labels = { app: name };
      const template = {
        metadata: { labels },
        spec: { terminationGracePeriodSeconds: 5, containers: [legacy(WRITER)] },
      };
      const deployment = {
        ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name } },
        spec: { replicas: 1, selector: { matchLabels: labels }, template },
      };
      await k8s.apply(
        k8s.tapped(deployment, {
          sink: k8s.toOpenSearch(name),
          nativeSidecar: isNative,
          library,
          shipper: LONG_DRAIN,
        }),
      );
      await k8s.tell(['rollout', 'status', `deployment/${name}`, PATIENCE]);
      const podNow = async () => (await k8s.pods(`app=${name}`))[0] as Pod;
      const pod = (await podNow()).metadata.name;
      const log = async () => linesOf(await k8s.tell(['logs', pod, '-c', 'app']));
      await k8s.until('it has written', async () => (await log()).length > 500);
      const before = await podNow();

      const selection = ['upgrade', '-l', `app=${name}`, '--image', NEXT_IMAGE];
      const role = roleOf('docs/guides/upgrade-without-restarts.md');
      const operator = await userOf(k8s, `${name}-operator`, role);
      const [ofPods] = role.rules;
      const least = await userOf(k8s, `${name}-least`, { ...role, rules: [ofPods!] });
      const onlyPods = await k8s.logtap([...selection, '--dry-run'], least);
      expect(onlyPods).toMatchObject({ code: 0, stderr: '' });
      expect(linesOf(onlyPods.stdout)).toEqual([
        `default/${pod}: would get ${NEXT_IMAGE} in the place of ${IMAGE}`,
        expect.stringMatching(
          new RegExp(
            `^default/${pod}: the template of its owner was not read: cannot get ReplicaSet default/\\S+: .*forbidden`,
          ),
        ),
      ]);
      const dry = await k8s.logtap([...selection, '--dry-run'], operator);
      expect(dry).toMatchObject({ code: 0, stderr: '' });
      expect(linesOf(dry.stdout)).toEqual([
        `default/${pod}: would get ${NEXT_IMAGE} in the place of ${IMAGE}`,
        expect.stringContaining(`Deployment default/${name}: its template still has ${IMAGE}`),
      ]);
      const data = JSON.parse((await k8s.logtap([...selection, '--dry-run', '-o', 'json'], operator)).stdout);
      expect(data).toMatchObject({ image: NEXT_IMAGE, isDryRun: true, replaced: 1, failed: 0, left: 0 });
      expect(data.entries).toEqual([
        {
          namespace: 'default',
          pod,
          outcome: 'replaced',
          detail: linesOf(dry.stdout)[0]!.split(': ').slice(1).join(': '),
        },
        { detail: linesOf(dry.stdout)[1] },
      ]);
      expect(shipperState(await podNow())).toEqual(shipperState(before));

      const answer = await k8s.logtap(selection, operator);
      expect(answer).toMatchObject({ code: 0, stderr: '' });
      expect(linesOf(answer.stdout)).toEqual([
        expect.stringMatching(
          new RegExp(
            `^default/${pod}: has ${NEXT_IMAGE} in the place of ${IMAGE}, after \\d+ s; the application was not`,
          ),
        ),
        expect.stringContaining(`Deployment default/${name}: its template still has ${IMAGE}`),
      ]);
      const after = await podNow();
      expect(after.metadata.name).toBe(pod);
      expect(shipperSpec(after).image).toBe(NEXT_IMAGE);
      expect(after.spec.volumes).toEqual(before.spec.volumes);
      expect(shipperState(after)).toMatchObject({ restartCount: 1, state: { running: expect.anything() } });
      expect(applicationState(after)).toEqual(applicationState(before));
      expect(applicationState(after).restartCount).toBe(0);

      await k8s.tell(['exec', pod, '-c', 'app', '--', 'mkdir', '/tmp/replaced']);
      // The grace of a pod is short for a busy machine, so all is delivered before it ends.
      await k8s.until('all is stored', async () => (await countInOpenSearch(k8s.search.url, name)) >= LINES);
      await k8s.tell(['delete', 'deployment', name, PATIENCE]);
      await k8s.until('no pod is left', async () => (await k8s.pods(`app=${name}`)).length === 0);
      expect(await k8s.stored(name)).toEqual(Array.from({ length: LINES }, (_, i) => String(i)));
    });

  test('an image that does not start: the old one is put back, and the other pods keep theirs', async (k8s) => {
    const name = k8s.name('kept');
    const labels = { app: 'kept' };
    const names = [`${name}-0`, `${name}-1`];
    const sink = k8s.toOpenSearch(name);
    const script = 'trap exit TERM; i=0; while true; do echo "$HOSTNAME $i"; i=$((i+1)); sleep 0.1; done';
    for (const each of names) {
      const pod = podOf(each, [legacy(script)], { terminationGracePeriodSeconds: 5 });
      await k8s.apply(k8s.tapped({ ...pod, metadata: { name: each, labels } }, { sink, shipper: LONG_DRAIN }));
    }
    for (const each of names) await k8s.tell(['wait', `pod/${each}`, '--for=condition=Ready', PATIENCE]);
    const missing = 'localhost/cdk8s-logtap:missing';
    const { code, stdout } = await k8s.logtap(['upgrade', '-l', 'app=kept', '--image', missing]);
    expect(linesOf(stdout)).toEqual([
      expect.stringMatching(new RegExp(`^default/${names[0]}: failed: .*ErrImageNeverPull.*; it has ${IMAGE} again$`)),
      `default/${names[1]}: left as it is, because an upgrade before it failed`,
    ]);
    expect(code).toBe(3);
    for (const each of names) {
      const pod: Pod = await k8s.get('pod', each);
      expect(shipperSpec(pod).image).toBe(IMAGE);
      expect(shipperState(pod)).toMatchObject({ ready: true, state: { running: expect.anything() } });
      expect(applicationState(pod).restartCount).toBe(0);
    }
    await k8s.tell(['delete', 'pod', ...names, PATIENCE]);
    const stored = await k8s.stored(name);
    for (const each of names) {
      const own = stored.filter((body) => body.startsWith(`${each} `));
      expect(own.length).toBeGreaterThan(0);
      expect(own).toEqual(own.map((_, i) => `${each} ${i}`));
    }
  });

  test('what is not tapped is refused, and a selection without pods is an error', async (k8s) => {
    const name = k8s.name('untapped');
    await k8s.apply(podOf(name, [legacy('trap exit TERM; while true; do sleep 0.1; done')]));
    await k8s.tell(['wait', `pod/${name}`, '--for=condition=Ready', PATIENCE]);
    expect(await k8s.logtap(['upgrade', name, '--image', NEXT_IMAGE])).toEqual({
      code: 3,
      stdout: `default/${name}: refused: it is not tapped\n`,
      stderr: '',
    });
    expect(await k8s.logtap(['upgrade', '-l', 'app=nothing-has-this', '--image', NEXT_IMAGE])).toMatchObject({
      code: 66,
    });
    await k8s.tell(['delete', 'pod', name, PATIENCE]);
  });
}
