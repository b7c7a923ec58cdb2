/** Workloads and pods of every shape that is tapped, each to its end, and an audit. */
import { alpine, LONG_DRAIN, legacy, PATIENCE, podOf } from '../support/cluster.js';
import { readCloudWatch } from '../support/sinks-read-back.js';
import { type AuditedTest, expectAsPrinted, expectWhole, NUMBERED } from './audits.js';

/** A workload that runs until it is deleted. */
function lasting(kind: 'StatefulSet' | 'DaemonSet' | 'ReplicaSet', name: string) {
  const labels = { app: name };
  return {
    ...{ apiVersion: 'apps/v1', kind, metadata: { name } },
    spec: {
      ...(kind === 'DaemonSet' ? {} : { replicas: 2 }),
      ...(kind === 'StatefulSet' ? { serviceName: name, podManagementPolicy: 'Parallel' } : {}),
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 20, containers: [legacy(NUMBERED)] } },
    },
  };
}

const jobOf = (script: string, more: object = {}) => ({
  backoffLimit: 0,
  ...more,
  template: { metadata: {}, spec: { restartPolicy: 'Never', containers: [legacy(script)] } },
});

export function shapes(test: AuditedTest): void {
  test('a StatefulSet, a DaemonSet and a ReplicaSet that are deleted: every line of every pod is stored once', async (k8s) => {
    const kinds = { StatefulSet: 2, DaemonSet: 1, ReplicaSet: 2 } as const;
    const all = (Object.keys(kinds) as (keyof typeof kinds)[]).map((kind) => ({
      kind,
      name: k8s.name(kind.toLowerCase()),
    }));
    await k8s.apply(
      ...all.map(({ kind, name }) =>
        k8s.tapped(lasting(kind, name), { sink: k8s.toOpenSearch(name), shipper: LONG_DRAIN }),
      ),
    );
    for (const { kind, name } of all) {
      await k8s.until('its pods have written', async () => {
        const pods = await k8s.pods(`app=${name}`);
        const logs = pods.map(({ metadata }) => k8s.kubectl(['logs', metadata.name, '-c', 'app']));
        return pods.length === kinds[kind] && (await Promise.all(logs)).every(({ stdout }) => stdout.includes(' 5\n'));
      });
    }
    await k8s.tell(['delete', PATIENCE, ...all.map(({ kind, name }) => `${kind}/${name}`)]);
    for (const { kind, name } of all) {
      await k8s.until('no pod is left', async () => (await k8s.pods(`app=${name}`)).length === 0);
      expect(expectWhole(await k8s.stored(name))).toHaveLength(kinds[kind]);
    }
  });

  test('a CronJob, a Job with a classic sidecar and one that fails: each ends by itself, and its lines are stored', async (k8s) => {
    const [cron, classic, failing] = ['cron', 'classic', 'failing'].map((name) => k8s.name(name)) as [
      ...[string, string, string],
    ];
    const kind = { apiVersion: 'batch/v1', kind: 'Job' };
    const metadata = (name: string) => ({ metadata: { name, labels: { app: name } } });
    const nightly = {
      ...{ apiVersion: 'batch/v1', kind: 'CronJob', ...metadata(cron) },
      spec: { schedule: '* * * * *', concurrencyPolicy: 'Forbid', jobTemplate: { spec: jobOf('seq 50') } },
    };
    const sink = (name: string) => k8s.toCloudWatch(`/test/${name}`, '{pod}');
    await k8s.apply(
      k8s.tapped(nightly, { sink: sink(cron) }),
      k8s.tapped(
        { ...kind, ...metadata(classic), spec: jobOf('seq 40; sleep 2; echo end') },
        { sink: sink(classic), nativeSidecar: false },
      ),
      k8s.tapped(
        { ...kind, ...metadata(failing), spec: jobOf('seq 30; exit 3', { backoffLimit: 1 }) },
        { sink: sink(failing) },
      ),
    );
    let scheduled = '';
    await k8s.until('the schedule has begun a Job', async () => {
      const { items } = JSON.parse(await k8s.tell(['get', 'jobs', '-o', 'json']));
      scheduled =
        items.find(({ metadata }: { metadata: { name: string } }) => metadata.name.startsWith(`${cron}-`))?.metadata
          .name ?? '';
      return scheduled !== '';
    });
    await k8s.tell(['patch', `cronjob/${cron}`, '-p', '{"spec":{"suspend":true}}']);
    await k8s.tell(['wait', `job/${scheduled}`, `job/${classic}`, '--for=condition=Complete', PATIENCE]);
    await k8s.tell(['wait', `job/${failing}`, '--for=condition=Failed', PATIENCE]);
    for (const [group, job, pods] of [
      [cron, scheduled, 1],
      [classic, classic, 1],
      [failing, failing, 2],
    ] as const) {
      const found = await k8s.pods(`job-name=${job}`);
      expect(found).toHaveLength(pods);
      for (const {
        metadata: { name },
      } of found) {
        await expectAsPrinted(k8s, name, await readCloudWatch(k8s.cloud.url, `/test/${group}`, name));
      }
    }
  });

  test('two tapped containers, one with musl, init containers of its own, and a log file on a volume', async (k8s) => {
    const name = k8s.name('pair');
    const volumeMounts = [{ name: 'logs', mountPath: '/logs' }];
    const containers = [
      legacy('seq -f "first %g" 200', { volumeMounts }),
      { ...alpine('seq 200 | while read n; do echo "musl $n"; done', { volumeMounts }), name: 'alpine' },
      {
        ...legacy('seq -f "file %g" 300 > /logs/app.log; echo written; until [ -e /logs/read ]; do sleep 0.2; done', {
          volumeMounts,
        }),
        name: 'filing',
      },
    ];
    const initContainers = [
      { ...legacy('echo prepared; seq 3 > /logs/prepared', { volumeMounts }), name: 'prepare' },
      { ...alpine('cat /logs/prepared', { volumeMounts }), name: 'look' },
    ];
    const pod = podOf(name, containers, {
      initContainers,
      restartPolicy: 'Never',
      volumes: [{ name: 'logs', emptyDir: {} }],
    });
    const perContainer = { filing: { file: '/logs/app.log' } };
    await k8s.apply(k8s.tapped(pod, { sink: k8s.toOpenSearch(name), perContainer }));
    // The file is the application's own, complete, beside what is stored.
    let file = '';
    await k8s.until('the file is written', async () => {
      const { stdout } = await k8s.kubectl(['exec', name, '-c', 'filing', '--', 'cat', '/logs/app.log']);
      file = stdout;
      return stdout.includes('file 300\n');
    });
    await k8s.tell(['exec', name, '-c', 'filing', '--', 'mkdir', '/logs/read']);
    await k8s.ended(name);
    const stored = await k8s.stored(name);
    const ofFile = stored.filter((body) => body.startsWith('file '));
    expect(`${ofFile.join('\n')}\n`).toBe(file);
    for (const [container, prefix] of [
      ['app', 'first'],
      ['alpine', 'musl'],
      ['filing', 'written'],
    ] as const) {
      const own = stored.filter((body) => body.startsWith(prefix));
      expect(`${own.join('\n')}\n`).toBe(await k8s.tell(['logs', name, '-c', container]));
    }
    // Init containers are not tapped: they behave as they did.
    expect(await k8s.tell(['logs', name, '-c', 'prepare'])).toBe('prepared\n');
    expect(await k8s.tell(['logs', name, '-c', 'look'])).toBe('1\n2\n3\n');
    expect(stored).toHaveLength(701);
  });

  test('a namespace with a quota, which demands limits of every container, admits a tapped pod', async (k8s) => {
    const name = k8s.name('quota');
    const hard = { pods: '2', 'requests.cpu': '2', 'requests.memory': '1Gi', 'limits.memory': '2Gi' };
    const resources = { requests: { cpu: '100m', memory: '32Mi' }, limits: { memory: '64Mi' } };
    const pod = podOf(name, [legacy('seq 100', { resources })], { restartPolicy: 'Never' });
    Object.assign(pod.metadata, { namespace: name });
    await k8s.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await k8s.apply({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'all', namespace: name },
      spec: { hard },
    });
    // From then on a pod without limits is refused.
    await k8s.until('the quota is in force', async () => {
      const bare = podOf('bare', [legacy('true')]);
      const { stderr } = await k8s.kubectl(
        ['--namespace', name, 'create', '--dry-run=server', '-f', '-'],
        JSON.stringify(bare),
      );
      return stderr.includes('failed quota');
    });
    await k8s.apply(k8s.tapped(pod, { sink: k8s.toOpenSearch(name) }));
    await k8s.tell(['--namespace', name, 'wait', `pod/${name}`, '--for=jsonpath={.status.phase}=Succeeded', PATIENCE]);
    await expectAsPrinted(k8s, name, await k8s.stored(name), { namespace: name });
    // Of a pod that has ended, from its log.
    const service = ['--opensearch', k8s.within(k8s.search.url), '--index', name];
    const audited = await k8s.logtap(['audit', ...service, '-n', name, '-o', 'json', '--quiet']);
    expect(audited).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(audited.stdout)).toMatchObject({ verdict: 'proven', claimed: 100, found: 100, others: 0 });
  });
}
