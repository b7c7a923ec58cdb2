/** `logtap status` and `logtap tail` of pods, with the rights of the role in docs/guides/see-a-cluster.md and no others. */
import { join } from 'node:path';
import { LONG_DRAIN, legacy, linesOf, PATIENCE, podOf } from '../support/cluster.js';
import { roleOf, userOf } from '../support/cluster-user.js';
import { temporaryDirectory } from '../support/run.js';
import type { AuditedTest } from './audits.js';

/** Writes a line of each level, and ends when it is told to. */
const WRITER = `trap exit TERM; i=0
while true; do echo "INFO tick $i"; echo "ERROR boom $i"; i=$((i+1)); sleep 0.2; done`;

export function observe(test: AuditedTest): void {
  test('status and tail of a suppressed pod, through a restart of its shipper, with the least rights', async (k8s) => {
    const name = k8s.name('seen');
    const role = roleOf('docs/guides/see-a-cluster.md');
    const [listsPods] = role.rules;
    const observer = await userOf(k8s, `${name}-observer`, role);
    const lister = await userOf(k8s, `${name}-lister`, { ...role, rules: [listsPods!] });
    const pod = podOf(name, [legacy(WRITER)], { terminationGracePeriodSeconds: 5 });
    await k8s.apply(k8s.tapped(pod, { sink: k8s.toOpenSearch(name), suppressStreams: true, shipper: LONG_DRAIN }));
    await k8s.tell(['wait', `pod/${name}`, '--for=condition=Ready', PATIENCE]);

    const rows = async () => JSON.parse((await k8s.logtap(['status', name, '-o', 'json'], observer)).stdout);
    await k8s.until('it has delivered', async () => (await rows())[0]?.state?.sinks[0].delivered.records > 0);
    const shown = await k8s.logtap(['status', '-l', `app=${name}`], observer);
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(linesOf(shown.stdout)).toEqual([
      expect.stringMatching(/^POD +READY +VERSION +RESTARTS +IN +OUT +HELD +OLDEST +LOST$/),
      expect.stringMatching(new RegExp(`^${name} +yes +\\S+ +0 +[1-9]\\d* +[1-9]\\d* +\\d+ +(-|\\d+ s) +0$`)),
    ]);

    // Of its last minute nothing is settled while it writes.
    const audit = ['audit', '--opensearch', k8s.within(k8s.search.url), '--index', name, '--quiet', '-o', 'json'];
    const audited = await k8s.logtap([...audit, '-l', `app=${name}`], observer);
    expect(audited.stderr).toBe('');
    expect(JSON.parse(audited.stdout)).toMatchObject({
      runs: [{ state: 'open' }],
      ...{ others: 0, unexplained: { listed: [] } },
    });
    const unread = await k8s.logtap([...audit, name], lister);
    expect(unread.code).toBe(2);
    expect(unread.stdout).toMatch(/no_ledger.*lacks the rights/);
    expect(await k8s.logtap([...audit, '-l', 'app=nothing-has-this'], observer)).toMatchObject({ code: 66 });

    // Of all namespaces: other tests have pods of any state.
    const everywhere = JSON.parse((await k8s.logtap(['status', '-A', '-o', 'json'])).stdout);
    expect(everywhere).toContainEqual(expect.objectContaining({ namespace: 'default', pod: name, restarts: 0 }));
    expect((await k8s.logtap(['status', '-A'], observer)).code).toBe(77);
    const watch = k8s.startLogtap(['status', name, '--watch'], observer);
    await k8s.until('a second table', () => watch.stdout().split(/^POD +READY/m).length > 2);
    watch.child.kill('SIGINT');
    await watch.ended;

    const forbidden = await k8s.logtap(['tail', name], lister);
    expect(forbidden.code).toBe(77);
    expect(forbidden.stderr).toMatch(/cannot forward a port of pod .*lacks the rights .*see-a-cluster\.md#rights/);
    const unknown = await k8s.logtap(['status', name], lister);
    expect(unknown.code).toBe(2);
    expect(unknown.stdout).toContain('lacks the rights');

    // The output of the application has nothing to show.
    expect(await k8s.tell(['logs', name, '-c', 'app'])).toBe('');
    const tail = k8s.startLogtap(['tail', '-l', `app=${name}`, '--level', 'error', '--grep', '\\d$'], observer);
    const says = (what: string, text: () => string, pattern: RegExp) =>
      k8s.until(`${what}: ${tail.stderr()}`, () => pattern.test(text()));
    await says('a line', tail.stdout, /boom \d+\n/);
    expect(tail.stdout()).not.toContain('tick');
    expect(linesOf(tail.stdout())[0]).toMatch(
      new RegExp(`^\\d\\d:\\d\\d:\\d\\d\\.\\d{3} ${name} app error \\| ERROR boom \\d+$`),
    );

    const killed = "process.kill(1, 'SIGTERM')";
    await k8s.kubectl(['exec', name, '-c', 'logtap', '--', '/nodejs/bin/node', '-e', killed]);
    await says('the restart is seen', tail.stderr, /is followed again/);
    const before = tail.stdout().length;
    await says('a line after the restart', () => tail.stdout().slice(before), /boom \d+\n/);

    await k8s.tell(['delete', 'pod', name, PATIENCE]);
    await says('the end is seen', tail.stderr, /is gone|has ended/);
    tail.child.kill('SIGINT');
    expect((await tail.ended).code).toBe(0);
  });

  test('errors of a cluster: no kubeconfig, no pod, a pod that is not tapped', async (k8s) => {
    const none = await k8s.logtap(['status'], join(temporaryDirectory(), 'missing'));
    expect(none.code).toBe(69);
    expect(none.stderr).toMatch(/kubeconfig|does not answer/);
    expect(await k8s.logtap(['status', '-l', 'app=nothing-has-this'])).toMatchObject({ code: 66 });
    expect(await k8s.logtap(['tail', '-l', 'app=nothing-has-this'])).toMatchObject({ code: 66 });
    const name = k8s.name('plain');
    await k8s.apply(podOf(name, [legacy('trap exit TERM; while true; do sleep 0.1; done')]));
    const { code, stderr } = await k8s.logtap(['tail', name]);
    expect([code, stderr]).toEqual([69, expect.stringMatching(/is not tapped: it has no container logtap/)]);
    await k8s.tell(['delete', 'pod', name, PATIENCE]);
  });
}
