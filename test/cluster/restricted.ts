/** The strictest standard of Pod Security admits a tapped pod, and the kubelet and its runtime run it. */
import { legacy, linesOf, PATIENCE, podOf } from '../support/cluster.js';
import type { AuditedTest } from './audits.js';

const SECURITY = {
  ...{ runAsNonRoot: true, runAsUser: 1000, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
  ...{ capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } },
};

export function restricted(test: AuditedTest): void {
  test('a namespace that enforces the standard "restricted": lines arrive, an exec keeps its own', async (k8s) => {
    const name = k8s.name('locked');
    const labels = {
      'pod-security.kubernetes.io/enforce': 'restricted',
      'pod-security.kubernetes.io/enforce-version': 'latest',
    };
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
    const script = 'seq 20; until [ -e /scratch/go ]; do sleep 0.2; done; echo end >&2';
    const scratch = { volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }], securityContext: SECURITY };
    const pod = podOf(name, [legacy(script, scratch)], {
      restartPolicy: 'Never',
      volumes: [{ name: 'scratch', emptyDir: {} }],
    });
    Object.assign(pod.metadata, { namespace: name });
    await k8s.apply(namespace, k8s.tapped(pod, { sink: k8s.toOpenSearch(name), suppressStreams: true }));
    const within = (...args: string[]) => k8s.tell(['--namespace', name, ...args]);
    await within('wait', `pod/${name}`, '--for=condition=Ready', PATIENCE);
    const exec = ['exec', name, '-c', 'app', '--'];
    expect(await within(...exec, 'sh', '-c', 'echo row; seq 2')).toBe('row\n1\n2\n');
    expect(await within(...exec, 'sh', '-c', 'echo row > /scratch/row; cat /scratch/row')).toBe('row\n');
    // The container may end before this exec does.
    await k8s.kubectl(['--namespace', name, ...exec, 'mkdir', '/scratch/go']);
    await within('wait', `pod/${name}`, '--for=jsonpath={.status.phase}=Succeeded', PATIENCE);
    expect(await within('logs', name, '-c', 'app')).toBe('');
    const numbers = Array.from({ length: 20 }, (_, i) => String(i + 1));
    expect((await k8s.stored(name)).sort()).toEqual([...numbers, 'end'].sort());
    const last = linesOf(await within('logs', name, '-c', 'logtap')).at(-1) ?? '';
    expect(JSON.parse(last)).toMatchObject({ read: 21, delivered: { opensearch: 21 }, held: 0, balanced: true });
  });
}
