/** What is stored, compared with what a pod has written, and with what its shippers claim. */
import { linesOf, type Shipped, type TestCluster } from '../support/cluster.js';
import { EMPTY } from '../support/empty.js';

/** A test in the cluster, which ends with an audit of everything that the shippers of its workloads have sent. */
export type AuditedTest = (title: string, body: (k8s: TestCluster) => Promise<void>) => void;

export const auditedTest =
  (cluster: () => Promise<TestCluster>): AuditedTest =>
  (title, body) =>
    test.concurrent(title, async () => {
      const k8s = (await cluster()).apart();
      await body(k8s);
      for (const each of k8s.shipped) await expectProven(k8s, each);
    });

/** Of a shipper: its audit ledger comes before them. That it still stops, it may say earlier, with its counts so far. */
const LAST_WORDS = '"message":"stopped: ';

/** Whether the shippers of a workload, which have ended, were not killed before that. */
export const haveLastWords = (k8s: TestCluster, workload: string): boolean =>
  k8s.logs.of(workload).every((starts) => starts.at(-1)!.includes(LAST_WORDS));

/** A service has exactly what the shippers of all pods say in their logs at their end. */
async function expectProven(k8s: TestCluster, { target, workloads }: Shipped): Promise<void> {
  let logs: readonly (readonly string[])[] = [];
  await k8s.until(`every shipper of ${workloads} has ended`, () => {
    k8s.logs.keep();
    const all = workloads.map((workload) => k8s.logs.of(workload));
    logs = all.flat();
    return all.every(({ length }) => length > 0) && logs.every((starts) => starts.at(-1)!.includes(LAST_WORDS));
  });
  const { code, stdout, stderr } = await k8s.audit(target, logs.flat().join(''));
  if (code !== 0) throw new Error(`${JSON.stringify(target)} is not proven, exit code ${code}: ${stdout}${stderr}`);
  // No document is without a ledger, so no pod was left out.
  expect(JSON.parse(stdout)).toMatchObject({ verdict: 'proven', others: 0 });
}

/** Numbers its lines, and has their number in its last line when it is told to end. */
export const NUMBERED = `trap 'echo "$HOSTNAME last"; exit' TERM; i=0
while true; do echo "$HOSTNAME $i"; i=$((i+1)); sleep 0.1; done`;

/** Every pod of NUMBERED has all its lines, once, up to its last words. Returns their names. */
export function expectWhole(stored: readonly string[]): string[] {
  const pods = [...new Set(stored.map((body) => body.split(' ')[0]!))];
  for (const pod of pods) {
    const own = stored.filter((body) => body.startsWith(`${pod} `));
    expect(own).toEqual([...own.slice(1).map((_, i) => `${pod} ${i}`), `${pod} last`]);
    expect(own.length).toBeGreaterThan(1);
  }
  return pods.sort();
}

/** A pod that has ended: its last ledger, and what the kubelet has of its application, say the same as the service. */
export async function expectAsPrinted(
  k8s: TestCluster,
  pod: string,
  stored: readonly string[],
  { containers = ['app'], namespace = 'default' } = {},
): Promise<void> {
  const log = async (container: string) =>
    linesOf(await k8s.tell(['--namespace', namespace, 'logs', pod, '-c', container]));
  const printed = (await Promise.all(containers.map(log))).flat();
  expect([...stored].sort()).toEqual(printed.sort());
  const ledger = JSON.parse((await log('logtap')).at(-1) ?? '');
  expect(ledger).toMatchObject({ read: printed.length, held: 0, dropped: EMPTY, balanced: true });
  expect(Object.values(ledger.delivered)).toEqual([printed.length]);
}
