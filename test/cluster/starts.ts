/** A container is tapped from its first process on: at its first start, at every further one, and below a program that cannot be. */
import { legacy, linesOf, PATIENCE, podOf } from '../support/cluster.js';
import type { AuditedTest } from './audits.js';

interface Event {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

export function starts(test: AuditedTest): void {
  test('a tapped pod becomes ready without a Warning, and its shipper is ready for its first line', async (k8s) => {
    const name = k8s.name('calm');
    const pod = podOf(name, [legacy('echo first; exec sleep 60')], { terminationGracePeriodSeconds: 5 });
    await k8s.apply(
      k8s.tapped(pod, { sink: k8s.toOpenSearch(name), suppressStreams: true, shipper: { readinessProbe: true } }),
    );
    await k8s.tell(['wait', `pod/${name}`, '--for=condition=Ready', PATIENCE]);
    const of = ['--field-selector', `involvedObject.name=${name}`];
    const { items } = JSON.parse(await k8s.tell(['get', 'events', ...of, '-o', 'json'])) as { items: Event[] };
    expect(items.filter(({ type }) => type !== 'Normal').map(({ reason, message }) => `${reason}: ${message}`)).toEqual(
      [],
    );
    expect(items.map(({ reason }) => reason)).toContain('Started');
    const { startedAt } = (await k8s.get('pod', name)).status.containerStatuses[0].state.running;
    const listening = (await k8s.tell(['logs', name, '-c', 'logtap']))
      .split('\n')
      .find((line) => line.includes('"listening"'));
    expect(Date.parse(JSON.parse(listening ?? '{}').time)).toBeLessThanOrEqual(Date.parse(startedAt) + 999);
    await k8s.tell(['delete', 'pod', name, PATIENCE]);
    expect(await k8s.stored(name)).toEqual(['first']);
  });

  test('a container that is restarted is tapped again', async (k8s) => {
    const name = k8s.name('crash');
    const containers = [legacy('echo begun; sleep 0.2; echo gone; exit 3')];
    const pod = podOf(name, containers, { terminationGracePeriodSeconds: 2, restartPolicy: 'Always' });
    await k8s.apply(k8s.tapped(pod, { sink: k8s.toOpenSearch(name), suppressStreams: true }));
    await k8s.until('it has been restarted twice', async () => {
      return ((await k8s.get('pod', name)).status.containerStatuses?.[0]?.restartCount ?? 0) >= 2;
    });
    await k8s.tell(['delete', 'pod', name, PATIENCE]);
    const stored = await k8s.stored(name);
    expect(stored.length).toBeGreaterThanOrEqual(4);
    expect(stored.filter((body) => body === 'begun')).toHaveLength(Math.ceil(stored.length / 2));
    expect(stored.filter((body) => body === 'gone')).toHaveLength(Math.floor(stored.length / 2));
  });

  test('the programs that a statically linked entry point starts are the application', async (k8s) => {
    const name = k8s.name('static');
    const container = {
      ...legacy(''),
      command: ['entrypoint', 'sh', '-c', 'echo from below; seq 2; echo problem >&2'],
    };
    const pod = podOf(name, [container], { restartPolicy: 'Never' });
    await k8s.apply(k8s.tapped(pod, { sink: k8s.toOpenSearch(name), suppressStreams: true }));
    await k8s.ended(name);
    expect((await k8s.stored(name)).sort()).toEqual(['1', '2', 'from below', 'problem']);
    expect(await k8s.tell(['logs', name, '-c', 'app'])).toBe('');
  });

  test('an entry point that gives up root before it starts the application', async (k8s) => {
    const name = k8s.name('setuid');
    const container = {
      ...legacy(''),
      command: ['setpriv', '--reuid=1000', '--regid=1000', '--clear-groups', 'seq', '3'],
    };
    const pod = podOf(name, [container], { restartPolicy: 'Never' });
    await k8s.apply(k8s.tapped(pod, { sink: k8s.toOpenSearch(name), suppressStreams: true }));
    await k8s.ended(name);
    expect(await k8s.stored(name)).toEqual(['1', '2', '3']);
    expect(linesOf(await k8s.tell(['logs', name, '-c', 'app']))).toEqual([]);
  });
}
