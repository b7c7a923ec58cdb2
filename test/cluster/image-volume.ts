/** The library by an image volume, under a real kubelet and containerd: every form of the pod, and the ways in which a node may lack it. */
import { FailurePolicy, LibraryVolume } from '../../src/constructs/props/log-tap-props.js';
import { alpine, LONG_DRAIN, legacy, linesOf, PATIENCE, podOf } from '../support/cluster.js';
import type { AuditedTest } from './audits.js';

const library = LibraryVolume.IMAGE;
const SECURITY = {
  ...{ runAsNonRoot: true, runAsUser: 1000, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
  ...{ capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } },
};

interface Mount {
  readonly name: string;
  subPath?: string;
}

export function imageVolume(test: AuditedTest): void {
  test('"restricted" admits an image volume: two C libraries load the library, and no user of the pod can replace it', async (k8s) => {
    const name = k8s.name('volume');
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    const script = `ls /.logtap-lib; for f in /.logtap-lib/*; do (echo x > $f) 2>/dev/null && echo changed; done; echo end`;
    const busy = script.replaceAll('ls ', 'busybox ls ');
    const containers = [
      legacy(script, { securityContext: SECURITY }),
      alpine(busy, { name: 'musl', securityContext: SECURITY }),
    ];
    const pod = podOf(name, containers, { restartPolicy: 'Never' });
    Object.assign(pod.metadata, { namespace: name });
    await k8s.apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } },
      k8s.tapped(pod, { sink: k8s.toOpenSearch(name), library, shipper: LONG_DRAIN }),
    );
    const within = (...args: string[]) => k8s.tell(['--namespace', name, ...args]);
    await within('wait', `pod/${name}`, '--for=jsonpath={.status.phase}=Succeeded', PATIENCE);
    const { spec } = JSON.parse(await within('get', 'pod', name, '-o', 'json'));
    expect(spec.initContainers.map((each: Mount) => each.name)).toEqual(['logtap']);
    const files = ['liblogtap.so', 'logtap-probe', 'end'];
    expect((await k8s.stored(name)).sort()).toEqual([...files, ...files].sort());
  });

  test('a classic sidecar that is first: the application starts after it listens, and kubectl shows the application', async (k8s) => {
    const name = k8s.name('first');
    const pod = podOf(name, [legacy('echo first; trap "echo last; exit" TERM; while true; do sleep 0.1; done')], {
      terminationGracePeriodSeconds: 10,
    });
    await k8s.apply(
      k8s.tapped(pod, { sink: k8s.toOpenSearch(name), library, shipper: LONG_DRAIN, nativeSidecar: false }),
    );
    await k8s.tell(['wait', `pod/${name}`, '--for=condition=Ready', PATIENCE]);
    const { stdout, stderr } = await k8s.kubectl(['logs', name]);
    expect({ stdout, stderr }).toEqual({ stdout: 'first\n', stderr: '' });
    const { status } = await k8s.get('pod', name);
    const of = (container: string) =>
      status.containerStatuses.find((each: Mount) => each.name === container).state.running.startedAt;
    const listening = linesOf(await k8s.tell(['logs', name, '-c', 'logtap'])).find((l) => l.includes('"listening"'));
    expect(Date.parse(JSON.parse(listening ?? '{}').time)).toBeLessThanOrEqual(Date.parse(of('app')) + 999);
    await k8s.tell(['delete', 'pod', name, PATIENCE]);
    expect(await k8s.stored(name)).toEqual(['first', 'last']);
  });

  for (const nativeSidecar of [true, false]) {
    const form = nativeSidecar ? 'native' : 'classic';
    test(`fail-open, a ${form} sidecar: no init container is added, and lines of several users before the shipper arrive`, async (k8s) => {
      const name = k8s.name('open');
      const as = (user: number) => ({ ...SECURITY, runAsUser: user });
      const script = 'echo early; until [ -e /.logtap/run/logtap.sock ]; do sleep 0.1; done; echo late';
      const containers = [
        legacy(script, { securityContext: as(1000) }),
        legacy(script, { name: 'other', securityContext: as(2000) }),
      ];
      const migrate = legacy('umask 077; echo migrated', { name: 'migrate', securityContext: as(3000) });
      const pod = podOf(name, containers, { restartPolicy: 'Never', initContainers: [migrate] });
      const tapped = k8s.tapped(pod, {
        ...{ sink: k8s.toOpenSearch(name), library, shipper: LONG_DRAIN, nativeSidecar },
        ...{ failurePolicy: FailurePolicy.FAIL_OPEN, containers: ['app', 'other', 'migrate'] },
      });
      const added = tapped.spec.initContainers.map((each: Mount) => each.name);
      expect(added).toEqual(nativeSidecar ? ['logtap', 'migrate'] : ['migrate']);
      await k8s.apply(tapped);
      await k8s.ended(name);
      expect((await k8s.stored(name)).sort()).toEqual(['early', 'early', 'late', 'late', 'migrated']);
    });
  }

  test('a runtime that ignores the subPath mounts the whole image, which has the library in its root, too', async (k8s) => {
    const name = k8s.name('whole');
    const pod = podOf(name, [legacy('ls -d /.logtap-lib/opt; seq 3')], { restartPolicy: 'Never' });
    const tapped = k8s.tapped(pod, { sink: k8s.toOpenSearch(name), library, shipper: LONG_DRAIN });
    const { containers, initContainers } = tapped.spec;
    for (const mount of [...containers, ...initContainers].flatMap(({ volumeMounts }) => volumeMounts as Mount[])) {
      if (mount.name === 'logtap-lib') delete mount.subPath;
    }
    await k8s.apply(tapped);
    await k8s.ended(name);
    expect(await k8s.stored(name)).toEqual(['/.logtap-lib/opt', '1', '2', '3']);
  });

  test('a cluster that makes an empty directory of the volume: the application does not start untapped', async (k8s) => {
    const name = k8s.name('empty');
    const pod = podOf(name, [legacy('echo untapped')], { restartPolicy: 'Never' });
    // No audit: its shipper is killed by the kubelet.
    const tapped = k8s.apart().tapped(pod, { sink: k8s.toOpenSearch(name), library, shipper: LONG_DRAIN });
    const volume = tapped.spec.volumes.find((each: Mount) => each.name === 'logtap-lib');
    delete volume.image;
    volume.emptyDir = {};
    await k8s.apply(tapped);
    const of = ['--field-selector', `involvedObject.name=${name},reason=FailedPostStartHook`];
    await k8s.until('the hook has failed', async () => (await k8s.tell(['get', 'events', ...of, '-o', 'name'])) !== '');
    expect((await k8s.get('pod', name)).status.containerStatuses[0].state.running).toBeUndefined();
    expect(await k8s.tell(['logs', name, '-c', 'app']).catch(() => '')).toBe('');
    await k8s.tell(['delete', 'pod', name, PATIENCE]);
  });
}
