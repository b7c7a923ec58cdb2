/** What injection leaves alone: the application's credentials, workloads that opted out, and what a pod may use of the disk. */
import { Sink } from '../../src/constructs/sinks/sink.js';
import { legacy, linesOf, PATIENCE, podOf } from '../support/cluster.js';
import { giveRole, IRSA, POD_IDENTITY, type Role } from '../support/cluster-roles.js';
import { logtap, run } from '../support/run.js';
import { readCloudWatch } from '../support/sinks-read-back.js';
import type { AuditedTest } from './audits.js';

/** What the application sees of its role: variables, and whether the token is there. */
const SHOW_ROLE = `env | while read -r line; do case "$line" in AWS_*) echo "$line"; case "$line" in
  *_TOKEN_FILE=*) test -s "\${line#*=}" && echo "token is there";; esac;; esac; done; echo end`;

const isTapped = (pod: { spec: { initContainers?: { name: string }[] } }) =>
  (pod.spec.initContainers ?? []).some(({ name }) => name === 'logtap');

const ROLES: readonly (readonly [string, string, Role])[] = [
  ['IAM roles for service accounts', 'reads-s3', IRSA],
  ['Pod Identity', 'reads-sqs', POD_IDENTITY],
];

export function manifests(test: AuditedTest): void {
  for (const [way, account, role] of ROLES)
    test(`an application keeps its AWS credentials, or the shipper alone has them: ${way}`, async (k8s) => {
      await giveRole(k8s, account, role);
      await k8s.tell(['create', 'serviceaccount', account]);
      const pod = (name: string) =>
        podOf(name, [legacy(SHOW_ROLE)], { serviceAccountName: account, restartPolicy: 'Never' });
      const [plain, kept, alone] = ['plain', 'kept', 'alone'].map((name) => k8s.name(`${account}-${name}`)) as [
        ...[string, string, string],
      ];
      const sink = k8s.toCloudWatch(`/test/${account}`, '{pod}');
      await k8s.apply(
        pod(plain),
        k8s.tapped(pod(kept), { sink }),
        k8s.tapped(pod(alone), { sink, keepAwsCredentials: false, accept: ['LT030'] }),
      );
      for (const name of [plain, kept, alone]) await k8s.ended(name);
      const printed = (name: string) => k8s.tell(['logs', name, '-c', 'app']).then((text) => linesOf(text).sort());
      const untapped = await printed(plain);
      for (const [name, value] of Object.entries(role.env)) expect(untapped).toContain(`${name}=${value}`);
      expect(untapped).toContain('token is there');
      expect(await printed(kept)).toEqual(untapped);
      expect(await printed(alone)).toEqual(['end']);
      const { spec } = await k8s.get('pod', alone);
      const shipper = spec.initContainers.find(({ name }: { name: string }) => name === 'logtap');
      expect(shipper.env.map(({ name }: { name: string }) => name)).toEqual(
        expect.arrayContaining(Object.keys(role.env)),
      );
      for (const name of [kept, alone]) {
        const stored = await readCloudWatch(k8s.cloud.url, `/test/${account}`, name);
        expect(stored.sort()).toEqual(await printed(name));
      }
    });

  test('kubectl applies what logtap inject makes of a List: workloads that opted out are as they were', async (k8s) => {
    const [tapped, byTemplate, byWorkload] = ['listed', 'opted-template', 'opted-workload'].map((name) =>
      k8s.name(name),
    ) as [...[string, string, string]];
    const disabled = { 'logtap.dev/inject': 'disabled' };
    const deployment = (name: string, annotations: object, templateAnnotations: object) => ({
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, annotations } },
      spec: {
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name }, annotations: templateAnnotations },
          spec: { containers: [legacy('trap exit TERM; echo begun; while sleep 1; do :; done')] },
        },
      },
    });
    const items = [
      deployment(tapped, {}, {}),
      deployment(byTemplate, {}, disabled),
      deployment(byWorkload, disabled, {}),
    ];
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    const args = ['inject', '-', '--sink', 'stdout', '--image', 'cdk8s-logtap:0.1.0'];
    const { code, stdout, stderr } = await run(process.execPath, [logtap, ...args], { input: list });
    expect({ code, lines: linesOf(stderr) }).toEqual({
      code: 0,
      lines: [
        `+ injected Deployment/${tapped}`,
        `- skipped Deployment/${byTemplate} (logtap.dev/inject: disabled)`,
        `- skipped Deployment/${byWorkload} (logtap.dev/inject: disabled)`,
      ],
    });
    await k8s.tell(['apply', '-f', '-'], stdout);
    const tappedPods: boolean[] = [];
    for (const name of [tapped, byTemplate, byWorkload]) {
      await k8s.tell(['rollout', 'status', `deployment/${name}`, PATIENCE]);
      const [pod] = await k8s.pods(`app=${name}`);
      tappedPods.push(isTapped(pod));
      await k8s.until('it has written', async () => {
        return (await k8s.tell(['logs', pod.metadata.name, '-c', 'app'])) === 'begun\n';
      });
    }
    expect(tappedPods).toEqual([true, false, false]);
  });

  test('a disk buffer that is full does not evict a pod whose application has a limit of its own', async (k8s) => {
    const name = k8s.name('buffer');
    // 10 MB: less than the buffer, more than the application's limit.
    const script = 'for i in $(seq 40); do seq -f %0511.0f 500; sleep 0.1; done; echo written > /tmp/done; sleep 600';
    const limits = { resources: { limits: { 'ephemeral-storage': '4Mi' } } };
    const pod = podOf(name, [legacy(script, limits)], { terminationGracePeriodSeconds: 1 });
    // No server is there.
    const sink = Sink.openSearch({ url: `http://${k8s.address}:1`, index: name });
    await k8s.apply(k8s.tapped(pod, { sink, suppressStreams: true, shipper: { diskBufferMiB: 16, drainSeconds: 1 } }));
    await k8s.tell(['wait', `pod/${name}`, '--for=condition=Ready', PATIENCE]);
    await k8s.until('all is written', async () => {
      return (await k8s.kubectl(['exec', name, '-c', 'app', '--', 'cat', '/tmp/done'])).code === 0;
    });
    // The kubelet looks every 10 s, at sums that it renews every 5 s.
    await new Promise((resolve) => setTimeout(resolve, 30_000));
    const { status } = await k8s.get('pod', name);
    expect({ phase: status.phase, reason: status.reason }).toEqual({ phase: 'Running', reason: undefined });
    const ledger = JSON.parse(
      await k8s.tell(['get', '--raw', `/api/v1/namespaces/default/pods/${name}:9598/proxy/ledger`]),
    );
    // More than the application's limit. A ring that is full on a busy machine leaves some in the original output.
    expect(ledger.sinks.opensearch.held.bytes).toBeGreaterThan(5 << 20);
    await k8s.tell(['delete', 'pod', name, '--wait=false']);
  });
}
