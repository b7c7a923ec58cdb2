/** A Secret of the sink that is made after the pod. */
import { Sink } from '../../src/constructs/sinks/sink.js';
import { legacy, PATIENCE, podOf } from '../support/cluster.js';
import type { AuditedTest } from './audits.js';

export function secret(test: AuditedTest): void {
  test('a pod starts without the Secret of its sink, says so, and delivers every line once it is there', async (k8s) => {
    const name = k8s.name('secret');
    const sink = Sink.openSearch({
      url: k8s.within(k8s.search.url),
      index: name,
      username: 'shipper',
      passwordSecret: { name, key: 'password' },
    });
    const pod = podOf(name, [legacy('seq 50; trap exit TERM; while true; do sleep 0.2; done')], {
      terminationGracePeriodSeconds: 5,
    });
    await k8s.apply(k8s.tapped(pod, { sink, suppressStreams: true }));
    await k8s.tell(['wait', `pod/${name}`, '--for=condition=Ready', PATIENCE]);
    await k8s.until('the shipper names the Secret', async () => {
      const log = await k8s.tell(['logs', name, '-c', 'logtap']);
      return log.includes(`create the Secret '${name}' with the key 'password'`);
    });

    await k8s.tell(['create', 'secret', 'generic', name, '--from-literal=password=not-empty']);
    await k8s.until('a line is stored', async () => (await k8s.stored(name).catch(() => [])).length > 0);
    const { initContainerStatuses } = (await k8s.get('pod', name)).status;
    const restarts = initContainerStatuses.map((status: { restartCount: number }) => status.restartCount);
    expect(restarts).toEqual([0, 0]);
    await k8s.tell(['delete', 'pod', name, PATIENCE]);
    const numbers = Array.from({ length: 50 }, (_, i) => String(i + 1));
    expect((await k8s.stored(name)).sort()).toEqual(numbers.sort());
  });
}
