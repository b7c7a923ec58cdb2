/** Lines of workloads arrive regardless of the end of the workload. */

import { legacy, linesOf, PATIENCE } from '../support/cluster.js';
import { readCloudWatch } from '../support/sinks-read-back.js';
import type { AuditedTest } from './audits.js';

export function arrival(test: AuditedTest): void {
  test('a Deployment that is scaled to nothing: every line of every pod is stored once', async (k8s) => {
    const name = k8s.name('web');
    // It ends when it is told to, and leaves the grace to its shipper.
    const script = 'trap exit TERM; i=0; while true; do echo "$HOSTNAME $i"; i=$((i+1)); sleep 0.05; done';
    const labels = { app: name };
    const deployment = {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name } },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 20, containers: [legacy(script)] } },
      },
    };
    await k8s.apply(k8s.tapped(deployment, { sink: k8s.toOpenSearch(name) }));
    await k8s.tell(['rollout', 'status', `deployment/${name}`, PATIENCE]);
    const names = (await k8s.pods(`app=${name}`)).map(({ metadata }) => metadata.name as string);
    const logs = names.map((pod) => k8s.start(['logs', '--follow', '--container=app', pod]));
    await k8s.until('each pod has written', () => logs.every((log) => linesOf(log.stdout()).length > 20));

    const [pod = ''] = names;
    const ledger = JSON.parse(
      await k8s.tell(['get', '--raw', `/api/v1/namespaces/default/pods/${pod}:9598/proxy/ledger`]),
    );
    expect(ledger).toMatchObject({ balanced: true, application: { dropped: { not_handed_over: { records: 0 } } } });
    expect(ledger.read.stdout.records).toBeGreaterThan(0);

    await k8s.tell(['scale', `deployment/${name}`, '--replicas=0']);
    await k8s.until('no pod is left', async () => (await k8s.pods(`app=${name}`)).length === 0);
    const stored = await k8s.stored(name);
    for (const [i, pod] of names.entries()) {
      const printed = linesOf((await logs[i]!.ended).stdout);
      const own = stored.filter((body) => body.startsWith(`${pod} `));
      expect(own).toEqual(own.map((_, n) => `${pod} ${n}`));
      // kubectl may end before the last lines; nothing that it saw is missing.
      expect(own.slice(0, printed.length)).toEqual(printed);
    }
  });

  test('a Job: it completes, and its lines are those of its own log', async (k8s) => {
    const name = k8s.name('nightly');
    const job = {
      ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name } },
      spec: {
        backoffLimit: 0,
        template: { spec: { restartPolicy: 'Never', containers: [legacy('seq 1 300; echo failed >&2')] } },
      },
    };
    await k8s.apply(k8s.tapped(job, { sink: k8s.toCloudWatch(`/test/${name}`, 'all') }));
    await k8s.tell(['wait', `job/${name}`, '--for=condition=Complete', PATIENCE]);
    const printed = linesOf(await k8s.tell(['logs', `job/${name}`, '--container=app']));
    expect(printed).toHaveLength(301);
    const stored = await readCloudWatch(k8s.cloud.url, `/test/${name}`, 'all');
    expect([...stored].sort()).toEqual([...printed].sort());
    const last = linesOf(await k8s.tell(['logs', `job/${name}`, '--container=logtap'])).at(-1) ?? '';
    expect(JSON.parse(last)).toMatchObject({ read: 301, delivered: { cloudwatch: 301 }, held: 0, balanced: true });
  });
}
