/** Lines of workloads arrive, whatever ends the workload. */

import { legacy, type TestCluster } from '../support/cluster.js';
import { readCloudWatch, readOpenSearch } from '../support/sinks-read-back.js';

export function arrival(cluster: () => TestCluster): void {
  test('a Deployment that is scaled to nothing: every line of every pod is stored once', async () => {
    const name = cluster().name('web');
    const script = 'i=0; while true; do echo "$HOSTNAME $i"; i=$((i+1)); sleep 0.05; done';
    const labels = { app: name };
    const deployment = {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name } },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 2, containers: [legacy(script)] } },
      },
    };
    cluster().apply(cluster().tapped(deployment, { sink: cluster().toOpenSearch(name) }));
    cluster().tell(['rollout', 'status', `deployment/${name}`, '--timeout=180s']);
    const names = cluster()
      .pods(`app=${name}`)
      .map(({ metadata }) => metadata.name as string);
    const logs = names.map((pod) => cluster().follow(['logs', '--follow', '--container=app', pod]));
    await cluster().until('each pod has written', () => logs.every(({ text }) => text().split('\n').length > 20));
    cluster().tell(['scale', `deployment/${name}`, '--replicas=0']);
    await cluster().until('no pod is left', () => cluster().pods(`app=${name}`).length === 0);
    const stored = (await readOpenSearch(cluster().search.url, name)).map(({ body }) => body);
    for (const [i, pod] of names.entries()) {
      const printed = (await logs[i]!.ended).split('\n').filter(Boolean);
      const own = stored.filter((body) => body.startsWith(`${pod} `));
      expect(own).toEqual(own.map((_, n) => `${pod} ${n}`));
      // kubectl may end before the last lines; nothing that it saw is missing.
      expect(own.slice(0, printed.length)).toEqual(printed);
    }
  });

  test('a Job: it completes, and its lines are those of its own log', async () => {
    const name = cluster().name('nightly');
    const job = {
      ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name } },
      spec: {
        backoffLimit: 0,
        template: { spec: { restartPolicy: 'Never', containers: [legacy('seq 1 300; echo failed >&2')] } },
      },
    };
    cluster().apply(cluster().tapped(job, { sink: cluster().toCloudWatch(`/test/${name}`, 'all') }));
    cluster().tell(['wait', `job/${name}`, '--for=condition=Complete', '--timeout=180s']);
    const printed = cluster()
      .tell(['logs', `job/${name}`, '--container=app'])
      .split('\n')
      .filter(Boolean);
    expect(printed).toHaveLength(301);
    const stored = await readCloudWatch(cluster().cloud.url, `/test/${name}`, 'all');
    expect([...stored].sort()).toEqual([...printed].sort());
    const last =
      cluster()
        .tell(['logs', `job/${name}`, '--container=logtap'])
        .trim()
        .split('\n')
        .at(-1) ?? '';
    expect(JSON.parse(last)).toMatchObject({ read: 301, delivered: { cloudwatch: 301 }, held: 0, balanced: true });
  });
}
