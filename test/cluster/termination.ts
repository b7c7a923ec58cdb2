/** A pod ends when it would have ended untapped, and until then every line is delivered or counted. */
import { Sink } from '../../src/constructs/sink.js';
import { legacy, linesOf, PATIENCE, podOf, type TestCluster } from '../support/cluster.js';

/** Ignores SIGTERM, as its children do, and writes until it is killed. */
const STUBBORN = `trap '' TERM; i=0; while true; do echo "line $i"; i=$((i+1)); sleep 0.02; done`;
const GRACE_SECONDS = 6;
/** Longer than the end of any container of an idle pod takes on a busy machine, shorter than a wait for a dead writer was. */
const NO_DELAY_SECONDS = 9;

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}`);

export function termination(cluster: () => Promise<TestCluster>): void {
  const stubborn = (name: string) => podOf(name, [legacy(STUBBORN)], { terminationGracePeriodSeconds: GRACE_SECONDS });

  /** Deletes a pod that has begun to write; gives what its containers printed until their end. */
  async function deleted(k8s: TestCluster, name: string, containers: readonly string[]) {
    await k8s.tell(['wait', `pod/${name}`, '--for=condition=Ready', PATIENCE]);
    const logs = containers.map((container) => k8s.start(['logs', '--follow', name, '-c', container]));
    await k8s.until('it has written', () => linesOf(logs[0]!.stdout()).length > 20);
    const began = Date.now();
    await k8s.tell(['delete', 'pod', name, PATIENCE]);
    const seconds = (Date.now() - began) / 1000;
    const printed = [];
    for (const log of logs) printed.push(linesOf((await log.ended).stdout));
    return { seconds, printed };
  }

  test.concurrent('an application that ignores SIGTERM: every line until it is killed is stored, and the pod ends in time', async () => {
    const k8s = await cluster();
    const [plain, tapped] = [k8s.name('stubborn-plain'), k8s.name('stubborn-tapped')];
    await k8s.apply(stubborn(plain), k8s.tapped(stubborn(tapped), { sink: k8s.toOpenSearch(tapped) }));
    const [untouched, shipped] = await Promise.all([
      deleted(k8s, plain, ['app']),
      deleted(k8s, tapped, ['app', 'logtap']),
    ]);
    const [printed = [], shipper = []] = shipped.printed;
    const stored = await k8s.stored(tapped);
    expect(stored).toEqual(numbered(stored.length));
    // kubectl may end before the last lines; nothing that it saw is missing.
    expect(printed).toEqual(stored.slice(0, printed.length));
    const ledger = JSON.parse(shipper.at(-1) ?? '');
    expect(ledger).toMatchObject({
      read: stored.length,
      delivered: { opensearch: stored.length },
      held: 0,
      balanced: true,
    });
    expect(shipped.seconds - untouched.seconds).toBeLessThan(NO_DELAY_SECONDS);
  });

  test.concurrent('the same while nothing can be delivered: every line is in the last line of the shipper', async () => {
    const k8s = await cluster();
    const name = k8s.name('stubborn-outage');
    // No server is there.
    const sink = Sink.openSearch({ url: `http://${k8s.address}:1`, index: name });
    await k8s.apply(k8s.tapped(stubborn(name), { sink }));
    const { printed } = await deleted(k8s, name, ['app', 'logtap']);
    const [application = [], shipper = []] = printed;
    const ledger = JSON.parse(shipper.at(-1) ?? '');
    expect(ledger).toMatchObject({ delivered: { opensearch: 0 }, held: 0, balanced: true });
    expect(ledger.read).toBeGreaterThanOrEqual(application.length);
    const dropped: Record<string, number> = ledger.dropped.opensearch;
    expect(Object.values(dropped).reduce((sum, count) => sum + count, 0)).toBe(ledger.read);
  });

  test.concurrent('an application that is killed for its memory does not delay the end of its pod', async () => {
    const k8s = await cluster();
    const name = k8s.name('oom');
    const script = 'seq 3; seq 4 > /tmp/rows.log; exec >> /tmp/rows.log; echo last; tail /dev/zero';
    const limits = { resources: { limits: { memory: '48Mi' } } };
    const pod = podOf(name, [legacy(script, limits)], { restartPolicy: 'Never' });
    await k8s.apply(k8s.tapped(pod, { sink: k8s.toOpenSearch(name), file: '/tmp/rows.log' }));
    await k8s.ended(name);
    const { status } = await k8s.get('pod', name);
    expect((await k8s.stored(name)).sort()).toEqual(['1', '1', '2', '2', '3', '3', '4', 'last']);
    const shipper = status.initContainerStatuses.find((each: { name: string }) => each.name === 'logtap').state
      .terminated;
    const application = status.containerStatuses[0].state.terminated;
    const seconds = (Date.parse(shipper.finishedAt) - Date.parse(application.finishedAt)) / 1000;
    expect(shipper.exitCode).toBe(0);
    expect(seconds).toBeLessThan(NO_DELAY_SECONDS);
  });

  test.concurrent('a suppressed flood: a line is stored, or it is in the log of the container, and no other line is there', async () => {
    const k8s = await cluster();
    const name = k8s.name('flood');
    // 20 MB at once: more than a ring holds.
    const lines = 50_000;
    const pod = podOf(name, [legacy(`seq -f %0400.0f ${lines}`)], { restartPolicy: 'Never' });
    await k8s.apply(k8s.tapped(pod, { sink: k8s.toOpenSearch(name), suppressStreams: true }));
    await k8s.ended(name);
    const printed = linesOf(await k8s.tell(['logs', name, '-c', 'app']));
    const stored = await k8s.stored(name);
    expect(printed.filter((line) => line.length !== 400)).toEqual([]);
    const all = new Set([...stored, ...printed]);
    expect(all.size).toBe(lines);
    expect(stored.length + printed.length).toBe(lines);
    const ledger = JSON.parse(linesOf(await k8s.tell(['logs', name, '-c', 'logtap'])).at(-1) ?? '');
    expect(ledger).toMatchObject({ read: stored.length, delivered: { opensearch: stored.length }, balanced: true });
  });
}
