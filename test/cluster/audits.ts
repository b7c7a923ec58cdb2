/** What is stored, compared with what a pod has written. */
import { linesOf, type TestCluster } from '../support/cluster.js';

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
export async function expectAudited(
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
  expect(ledger).toMatchObject({ read: printed.length, held: 0, dropped: {}, balanced: true });
  expect(Object.values(ledger.delivered)).toEqual([printed.length]);
}
