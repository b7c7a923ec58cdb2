/** Programs that `kubectl` and the kubelet start in a container behave as without the tap, and none of their output is shipped. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LogTapProps } from '../../src/constructs/props/log-tap-props.js';
import { legacy, linesOf, PATIENCE, podOf } from '../support/cluster.js';
import { temporaryDirectory } from '../support/run.js';
import type { AuditedTest } from './audits.js';

/**
 * Writes a line now and then, so that an exec comes in between. It ends when it is told to: the rest of the grace is the
 * shipper's, however busy the machine and the service are.
 */
const APPLICATION = 'trap exit TERM; echo begun; i=0; while true; do i=$((i+1)); echo "tick $i"; sleep 0.5; done';

/** Often, and in no hurry: three answers that take more than a second each would restart the application on a busy machine. */
const PROBE = {
  exec: { command: ['sh', '-c', 'echo probed; echo probed badly >&2'] },
  ...{ periodSeconds: 1, timeoutSeconds: 60 },
};
const FAILING = {
  exec: { command: ['sh', '-c', 'echo still alive; exit 1'] },
  periodSeconds: 1,
  failureThreshold: 1000,
};
const HOOKS = {
  postStart: { exec: { command: ['sh', '-c', 'echo started > /tmp/hook; echo started'] } },
  preStop: { exec: { command: ['sh', '-c', 'echo stopping; echo stopping badly >&2'] } },
};

const COMMANDS: readonly (readonly string[])[] = [
  ['sh', '-c', 'echo row'],
  ['sh', '-c', 'echo row; echo problem >&2; exit 7'],
  ['sh', '-c', 'seq 200000 | sha256sum'],
  // As much as a pg_dump gives.
  ['seq', '200000'],
  ['bash', '-c', 'echo $(echo inner) | cat; for i in 1 2 3; do echo $i; done'],
  ['cat', '/tmp/hook'],
  ['sh', '-c', 'echo to a file > /tmp/own; cat /tmp/own'],
  // The placeholder as an exec sees it: its programs are no part of the application, however deep.
  ['env', 'DEPTH=1', 'sh', '-c', 'sh -c "seq 3 | cat"; (echo background &) ; wait'],
];

type Two = { readonly plain: string; readonly tapped: string };

const OUTPUTS: readonly (readonly [string, LogTapProps, object])[] = [
  ['copied', { suppressStreams: false }, {}],
  ['suppressed', { suppressStreams: true }, {}],
  ['suppressed, in a pod that shares its processes', { suppressStreams: true }, { shareProcessNamespace: true }],
  ['suppressed, with the processes of the node', { suppressStreams: true }, { hostPID: true }],
];

export function exec(test: AuditedTest): void {
  const probed = (name: string, more: object) => {
    const probes = { livenessProbe: PROBE, readinessProbe: PROBE, startupProbe: PROBE, lifecycle: HOOKS };
    return podOf(name, [legacy(APPLICATION, probes)], { terminationGracePeriodSeconds: 20, ...more });
  };

  for (const [output, props, more] of OUTPUTS)
    test(`kubectl exec and cp, probes and hooks answer as they do untapped: output ${output}`, async (k8s) => {
      const { plain, tapped }: Two = { plain: k8s.name('plain'), tapped: k8s.name('tapped') };
      await k8s.apply(
        probed(plain, more),
        k8s.tapped(probed(tapped, more), { sink: k8s.toOpenSearch(tapped), ...props }),
      );
      for (const name of [plain, tapped]) await k8s.tell(['wait', `pod/${name}`, '--for=condition=Ready', PATIENCE]);

      const answer = (name: string, command: readonly string[], options: readonly string[] = [], input?: string) =>
        k8s.kubectl(['exec', ...options, name, '-c', 'app', '--', ...command], input);
      for (const command of COMMANDS) expect(await answer(tapped, command)).toEqual(await answer(plain, command));

      const input = Array.from({ length: 5000 }, (_, i) => `row ${i}\n`).join('');
      expect(await answer(tapped, ['cat'], ['-i'], input)).toEqual({ code: 0, stdout: input, stderr: '' });

      // kubectl asks for a terminal only where it has one itself.
      const onTerminal = async (name: string) => {
        const words = k8s.command(['exec', '-it', name, '-c', 'app', '--', 'sh', '-c', 'tty; seq 3; echo problem >&2']);
        return k8s.onTerminal(words);
      };
      const expected = (await onTerminal(plain)).replace(/pts\/\d+/, 'pts/N');
      expect(expected).toContain('3\r\nproblem\r\n');
      expect((await onTerminal(tapped)).replace(/pts\/\d+/, 'pts/N')).toBe(expected);

      const directory = temporaryDirectory();
      mkdirSync(join(directory, 'back'));
      writeFileSync(join(directory, 'rows'), input);
      await k8s.tell(['cp', join(directory, 'rows'), `${tapped}:/tmp/rows`, '-c', 'app']);
      expect((await answer(tapped, ['cat', '/tmp/rows'])).stdout).toBe(input);
      await k8s.tell(['cp', `${tapped}:/tmp/rows`, join(directory, 'back', 'rows'), '-c', 'app']);
      expect(readFileSync(join(directory, 'back', 'rows'), 'utf8')).toBe(input);

      const pod = await k8s.get('pod', tapped);
      expect(pod.status.containerStatuses.map(({ restartCount }: { restartCount: number }) => restartCount)).toEqual([
        0,
      ]);
      const log = k8s.start(['logs', '--follow', tapped, '-c', 'app']);
      await k8s.tell(['delete', 'pod', plain, '--wait=false']);
      await k8s.tell(['delete', 'pod', tapped, PATIENCE]);

      // Nothing but the application's own lines is stored, and all that it has written.
      const stored = await k8s.stored(tapped);
      expect(stored.length).toBeGreaterThan(2);
      expect(stored).toEqual(['begun', ...stored.slice(1).map((_, i) => `tick ${i + 1}`)]);
      const printed = linesOf((await log.ended).stdout);
      expect(printed).toEqual(props.suppressStreams ? [] : stored.slice(0, printed.length));
    });

  test('a failing probe says what it printed, suppressed or not', async (k8s) => {
    const name = k8s.name('unready');
    const pod = podOf(name, [legacy(APPLICATION, { readinessProbe: FAILING })], { terminationGracePeriodSeconds: 20 });
    await k8s.apply(k8s.tapped(pod, { sink: k8s.toOpenSearch(name), suppressStreams: true }));
    await k8s.until('the kubelet has reported the probe', async () => {
      const events = JSON.parse(
        await k8s.tell([
          'get',
          'events',
          `--field-selector=involvedObject.name=${name},reason=Unhealthy`,
          '-o',
          'json',
        ]),
      );
      return events.items.some(({ message }: { message: string }) => message.includes('still alive'));
    });
    await k8s.tell(['delete', 'pod', name, PATIENCE]);
    expect((await k8s.stored(name)).filter((body) => body.includes('alive'))).toEqual([]);
  });

  test('what an exec writes to the output of process 1 is shipped', async (k8s) => {
    const name = k8s.name('idiom');
    const pod = podOf(name, [legacy(APPLICATION)], { terminationGracePeriodSeconds: 20 });
    await k8s.apply(k8s.tapped(pod, { sink: k8s.toOpenSearch(name) }));
    await k8s.tell(['wait', `pod/${name}`, '--for=condition=Ready', PATIENCE]);
    await k8s.tell(['exec', name, '-c', 'app', '--', 'sh', '-c', 'echo by exec > /proc/1/fd/1']);
    expect(await k8s.tell(['logs', name, '-c', 'app'])).toContain('by exec\n');
    await k8s.tell(['delete', 'pod', name, PATIENCE]);
    expect((await k8s.stored(name)).filter((body) => body === 'by exec')).toHaveLength(1);
  });
}
