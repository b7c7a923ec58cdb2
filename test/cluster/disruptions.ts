/** Pods that the cluster ends: rollouts, drained nodes, evictions. Every line until then is stored. */
import { LONG_DRAIN, legacy, PATIENCE, podOf } from '../support/cluster.js';
import { type AuditedTest, expectWhole, haveLastWords, NUMBERED } from './audits.js';

export function disruptions(test: AuditedTest): void {
  test('a Deployment through a rollout, a drained node and its end: every line of every pod is stored once', async (k8s) => {
    const name = k8s.name('rolled');
    const labels = { app: name };
    const template = {
      metadata: { labels },
      spec: { terminationGracePeriodSeconds: 20, containers: [legacy(NUMBERED)] },
    };
    const deployment = {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name } },
      spec: { replicas: 2, selector: { matchLabels: labels }, template },
    };
    await k8s.apply(k8s.tapped(deployment, { sink: k8s.toOpenSearch(name), shipper: LONG_DRAIN }));
    const present = async () => (await k8s.pods(`app=${name}`)).map(({ metadata }) => metadata.name as string);
    const begun = async () => {
      await k8s.tell(['rollout', 'status', `deployment/${name}`, PATIENCE]);
      await k8s.until('two pods have written', async () => {
        const logs = await Promise.all((await present()).map((pod) => k8s.kubectl(['logs', pod, '-c', 'app'])));
        return logs.length === 2 && logs.every(({ stdout }) => stdout.includes(' 5\n'));
      });
      return present();
    };
    const first = await begun();
    await k8s.tell(['set', 'env', `deployment/${name}`, '--containers=app', 'RELEASE=2']);
    const second = await begun();
    const [node = ''] = (await k8s.tell(['get', 'nodes', '-o', 'name'])).trim().split('\n');
    // Its own pods alone; the others go on.
    await k8s.tell([
      'drain',
      node.replace('node/', ''),
      `--pod-selector=app=${name}`,
      '--delete-emptydir-data',
      PATIENCE,
    ]);
    await k8s.tell(['uncordon', node.replace('node/', '')]);
    const third = await begun();
    await k8s.tell(['scale', `deployment/${name}`, '--replicas=0']);
    await k8s.until('no pod is left', async () => (await present()).length === 0);
    expect(new Set([...first, ...second, ...third]).size).toBe(6);
    const whole = expectWhole(await k8s.stored(name));
    expect(whole).toEqual(expect.arrayContaining([...first, ...second, ...third]));
  });

  test('a pod that the kubelet evicts: every line before is stored', async (k8s) => {
    const name = k8s.name('evicted');
    const script = 'trap exit TERM; seq 200; while true; do sleep 0.1; done';
    const pod = podOf(name, [legacy(script, { volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }] })], {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 5,
      volumes: [{ name: 'scratch', emptyDir: { sizeLimit: '1Mi' } }],
    });
    await k8s.apply(k8s.tapped(pod, { sink: k8s.toOpenSearch(name) }));
    const lines = Array.from({ length: 200 }, (_, i) => String(i + 1));
    // An eviction grants one second. So nothing is on its way when it comes.
    const stored = () => k8s.stored(name).catch(() => []);
    await k8s.until('the lines are stored', async () => (await stored()).length === lines.length);
    // More than its volume may hold.
    await k8s.tell(['exec', name, '-c', 'app', '--', 'sh', '-c', 'head -c 4000000 /dev/zero > /scratch/rows']);
    // Its status has no reason where all containers end with 0 in time.
    const events = ['get', 'events', '-o', 'name', '--field-selector', `involvedObject.name=${name},reason=Evicted`];
    await k8s.until('it is evicted', async () => (await k8s.tell(events)) !== '');
    await k8s.ended(name);
    expect(await k8s.stored(name)).toEqual(lines);
    // A busy machine may need more than the second: there is no audit of a shipper without its last words.
    if (!haveLastWords(k8s, name)) k8s.shipped.length = 0;
  });
}
