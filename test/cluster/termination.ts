/** A pod ends when it would have ended untapped, and until then every line is delivered or counted. */
import { Sink } from '../../src/constructs/sinks/sink.js';
import { LONG_DRAIN, legacy, linesOf, PATIENCE, podOf, type TestCluster } from '../support/cluster.js';
import { startFront } from '../support/opensearch-front.js';
import type { AuditedTest } from './audits.js';

/** Ignores SIGTERM, as its children do, and writes until it is killed. */
const STUBBORN = `trap '' TERM; i=0; while true; do echo "line $i"; i=$((i+1)); sleep 0.02; done`;
const GRACE_SECONDS = 3;
/** Keeps the grace period of the tapped pod short. */
const shipper = { drainSeconds: 4 };
/** Longer than the end of any container of an idle pod takes on a busy machine, shorter than a wait for a dead writer was. */
const NO_DELAY_SECONDS = 9;

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}`);

const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i + 1).padStart(511, '0'));

export function termination(test: AuditedTest): void {
  const stubborn = (name: string, seconds = GRACE_SECONDS) =>
    podOf(name, [legacy(STUBBORN)], { terminationGracePeriodSeconds: seconds });

  /** Deletes a pod that has begun to write; gives what its application printed, and its shipper at the end. */
  async function deleted(k8s: TestCluster, name: string) {
    await k8s.tell(['wait', `pod/${name}`, '--for=condition=Ready', PATIENCE]);
    const log = k8s.start(['logs', '--follow', name, '-c', 'app']);
    await k8s.until('it has written', () => linesOf(log.stdout()).length > 20);
    const began = Date.now();
    await k8s.tell(['delete', 'pod', name, PATIENCE]);
    const seconds = (Date.now() - began) / 1000;
    const last = linesOf(k8s.logs.of(name)[0]?.at(-1) ?? '').at(-1);
    return { seconds, printed: linesOf((await log.ended).stdout), last };
  }

  test('an application that ignores SIGTERM: every line until it is killed is stored or counted, and the pod ends in time', async (k8s) => {
    const [plain, tapped] = [k8s.name('stubborn-plain'), k8s.name('stubborn-tapped')];
    const manifest = k8s.tapped(stubborn(tapped), { sink: k8s.toOpenSearch(tapped), shipper });
    // The tap leaves a pod time for its lines; an application that does not listen has it, too.
    await k8s.apply(stubborn(plain, manifest.spec.terminationGracePeriodSeconds), manifest);
    const [untouched, shipped] = await Promise.all([deleted(k8s, plain), deleted(k8s, tapped)]);
    const { printed } = shipped;
    const stored = await k8s.stored(tapped);
    expect(stored).toEqual(numbered(stored.length));
    // A busy service may not take the last of them in time; kubectl may end before the last of them.
    const ledger = JSON.parse(shipped.last ?? '');
    expect(ledger.balanced).toBe(true);
    // A kill between a write to the original and its copy leaves the last line in the original alone.
    expect(ledger.read).toBeGreaterThanOrEqual(Math.max(printed.length - 1, stored.length));
    expect(stored.length).toBeGreaterThanOrEqual(ledger.delivered.opensearch);
    expect(shipped.seconds - untouched.seconds).toBeLessThan(NO_DELAY_SECONDS);
  });

  for (const [outage, isSilent] of [
    ['no service is there', false],
    ['the service takes requests and does not answer', true],
  ] as const)
    test(`the same while ${outage}: every line is in the last line of the shipper`, async (k8s) => {
      const name = k8s.name('stubborn-outage');
      const front = isSilent ? await startFront(k8s.search.url, () => new Promise(() => {})) : undefined;
      try {
        const url = front === undefined ? `http://${k8s.address}:1` : await k8s.expose(front.url);
        await k8s.apply(k8s.tapped(stubborn(name), { sink: Sink.openSearch({ url, index: name }), shipper }));
        const { printed, last } = await deleted(k8s, name);
        const ledger = JSON.parse(last ?? '');
        expect(ledger).toMatchObject({ delivered: { opensearch: 0 }, balanced: true });
        expect(ledger.read).toBeGreaterThanOrEqual(printed.length - 1);
        const dropped: Record<string, number> = ledger.dropped.opensearch ?? {};
        expect(Object.values(dropped).reduce((sum, count) => sum + count, ledger.held)).toBe(ledger.read);
      } finally {
        await front?.stop();
      }
    });

  test('an application that is killed for its memory does not delay the end of its pod', async (k8s) => {
    const name = k8s.name('oom');
    const script = 'seq 3; seq 4 > /tmp/rows.log; exec >> /tmp/rows.log; echo last; tail /dev/zero';
    const limits = { resources: { limits: { memory: '48Mi' } } };
    const pod = podOf(name, [legacy(script, limits)], { restartPolicy: 'Never' });
    await k8s.apply(k8s.tapped(pod, { sink: k8s.toOpenSearch(name), file: '/tmp/rows.log' }));
    await k8s.ended(name);
    const { status } = await k8s.get('pod', name);
    expect((await k8s.stored(name)).sort()).toEqual([
      // The shell says what became of its child.
      ...['1', '1', '2', '2', '3', '3', '4', 'Killed', 'last'],
    ]);
    const sidecar = status.initContainerStatuses.find((each: { name: string }) => each.name === 'logtap').state
      .terminated;
    const application = status.containerStatuses[0].state.terminated;
    const seconds = (Date.parse(sidecar.finishedAt) - Date.parse(application.finishedAt)) / 1000;
    expect(sidecar.exitCode).toBe(0);
    expect(seconds).toBeLessThan(NO_DELAY_SECONDS);
  });

  test('a suppressed flood: a line is stored, or it is in the log of the container, and no other line is there', async (k8s) => {
    const name = k8s.name('flood');
    // 20 MB at once: more than a ring holds. A write of seq has 4096 bytes: eight lines, none of them in two writes.
    const lines = 40_000;
    const pod = podOf(name, [legacy(`seq -f %0511.0f ${lines}`)], { restartPolicy: 'Never' });
    await k8s.apply(k8s.tapped(pod, { sink: k8s.toOpenSearch(name), suppressStreams: true, shipper: LONG_DRAIN }));
    await k8s.ended(name);
    const printed = linesOf(await k8s.tell(['logs', name, '-c', 'app']));
    const stored = await k8s.stored(name);
    const notices = stored.filter((body) => body.startsWith('logtap: '));
    const handedOver = stored.filter((body) => !body.startsWith('logtap: '));
    expect(printed.length).toBeGreaterThan(0);
    expect([...handedOver, ...printed].sort()).toEqual(numbers(lines));
    const counted = notices.map(
      (notice) => /^logtap: (\d+) lines, (\d+) bytes/.exec(notice)?.slice(1).map(Number) ?? [],
    );
    const sum = (index: number) => counted.reduce((total, counts) => total + counts[index]!, 0);
    expect(sum(1)).toBe(sum(0) * 512);
    // Lines that are lost between two rings of the process, a full one and a larger one, are in the ledger alone.
    expect(sum(0)).toBeLessThanOrEqual(printed.length);
    expect(sum(0)).toBeGreaterThan(printed.length / 2);
    const ledger = JSON.parse(linesOf(await k8s.tell(['logs', name, '-c', 'logtap'])).at(-1) ?? '');
    expect(ledger.dropped).toEqual({ application: { not_handed_over: printed.length } });
    expect(ledger).toMatchObject({ delivered: { opensearch: stored.length }, held: 0, balanced: true });
  });
}
