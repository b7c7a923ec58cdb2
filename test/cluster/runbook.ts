/** Every command of the pages for operators, typed at a tapped pod: each works, and shows what the page says that it shows. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LONG_DRAIN, legacy, PATIENCE, podOf, type TestCluster } from '../support/cluster.js';
import { root, run, start, temporaryDirectory } from '../support/run.js';
import type { AuditedTest } from './audits.js';

const PAGES = ['docs/guides/runbook.md', 'docs/guides/see-a-cluster.md'];

/** Of the machine. Another test may forward the port of the page. */
const PORT = 19598;

/** Commands that need what this cluster has not, by their beginnings. */
const ELSEWHERE: readonly (readonly [command: RegExp, why: string])[] = [
  [/^aws /, 'the account of the user'],
  [/^kubectl top /, 'a metrics server'],
  [/^openssl s_client /, 'a service with TLS: test/integration/opensearch-connection.test.ts reads the certificate'],
  [/--image=(curlimages\/curl|busybox) /, 'an image of a public registry'],
  [/^kubectl get service,endpoints -n logging /, 'a service in the cluster'],
  [/^kubectl get (serviceaccount NAME|secret aws-keys) /, 'a role or keys of the user'],
  [/^kubectl describe (external)?secret NAME$/, 'a Secret of the user: test/cluster/secret.ts has one that is missing'],
  [/^logtap doctor /, 'programs of the user: test/integration/doctor-root.test.ts'],
  [/^logtap check deployment\.yaml/, 'a manifest of the user: test/integration/cli-examples.test.ts'],
  [/--previous/, 'a container that was restarted: test/cluster/observe.ts'],
  [/lastState\.terminated/, 'a container that was restarted: test/cluster/observe.ts'],
  [/^logtap (status -A|(status|tail) -n shop)/, 'namespaces that other tests use: test/cluster/observe.ts'],
];

/** Lines of the blocks, without comments. A port-forward is separate from the line that uses it. */
function commandsOf(): string[] {
  const text = PAGES.map((page) => readFileSync(join(root, page), 'utf8')).join('');
  return [...text.matchAll(/```sh\n(.*?)```/gs)]
    .flatMap(([, block = '']) => block.trim().split('\n'))
    .flatMap((line) => line.replace(/ {2,}#.*$/, '').split(/^(kubectl port-forward POD 9598) &(?: |$)/))
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#') && line !== 'kubectl port-forward POD 9598');
}

/** What the output of a command has at least. A command that finds nothing, and says so by its exit code, is allowed for. */
const SHOWS: readonly (readonly [command: RegExp, shows: RegExp, codes?: readonly number[]])[] = [
  [/^logtap status /, /^POD .*\n.* yes /],
  [/^logtap tail /, /ERROR timeout \d+/],
  [/^kubectl get pods -l/, /Running/],
  [/\/readyz$/, /^ok\n$/],
  [/ship --check$/, /^pass +opensearch: /m],
  // A field that does not exist is null.
  [/\/status \| jq/, /^(?!.*: null).*"(held|name)": /s],
  [/\/ledger$/, /"balanced":true/],
  [/\/tail\?/, /ERROR timeout \d+/],
  [/> debug\.json$/, /^$/],
  [/ doctor --pid 1$/, /^state: tapped$/m],
  [/^kubectl logs POD -c orders /, /./],
  [/^kubectl logs POD -c logtap( --tail=\d+)?$/, /^\{.*\}$/m],
  [/^kubectl get networkpolicy$/, /./],
  [/serviceAccountName\}'$/, /^default$/],
  [/_settings\/index\.blocks/, /^\{/],
  [/grep -A1 LLT_TAP$/, /LLT_TAP/],
  [/ls -l \/proc\/1\/fd$/, / 1 -> /],
  [/mountPath: \/\.logtap/, /mountPath: \/\.logtap/],
  [/medium: Memory/, /sizeLimit/],
  [/grep -i ring$|grep refuse$|grep 'create the Secret'$|grep -A1 -i _proxy$|grep AWS$/, /^/, [0, 1]],
  [/range \.status\.initContainerStatuses/, /logtap true 0/],
  [/\/metrics \| grep/, /logtap_/],
  [/OPENSEARCH_URL\|/, /LOGTAP_OPENSEARCH_URL/],
  [/_cat\/allocation/, /disk\.used/],
  [/_cat\/thread_pool/, /write/],
  [/_cluster\/health/, /"status"/],
  [/_mapping"$/, /"body"|"properties"/],
  [/kubectl describe pod POD/, /Volume/i],
];

export function runbook(test: AuditedTest): void {
  test('the commands of the pages for operators work at a tapped pod whose image has no shell', async (k8s) => {
    const name = k8s.name('orders');
    const writer = legacy('trap exit TERM; i=0; while true; do echo "ERROR timeout $i"; i=$((i+1)); sleep 0.2; done', {
      name: 'orders',
    });
    await k8s.apply(
      k8s.tapped(podOf(name, [writer], { terminationGracePeriodSeconds: 5 }), {
        sink: k8s.toOpenSearch(name),
        shipper: LONG_DRAIN,
      }),
    );
    await k8s.tell(['wait', `pod/${name}`, '--for=condition=Ready', PATIENCE]);
    await k8s.until('it has delivered', async () => (await k8s.stored(name).catch(() => [])).length > 0);

    const cwd = temporaryDirectory();
    const env = { PATH: k8s.path(), OPENSEARCH: k8s.within(k8s.search.url) };
    const forward = k8s.start(['port-forward', `pod/${name}`, `${PORT}:9598`]);
    await k8s.until('the port is forwarded', () => forward.stdout().includes('Forwarding from'));
    const here = (command: string) =>
      Object.entries({
        ...{ POD: name, INDEX: name, 'app=orders': `app=${name}`, 'orders-7c9f-x2x4b': name },
        'localhost:9598': `localhost:${PORT}`,
      }).reduce((text, [from, to]) => text.replaceAll(from, to), command);
    try {
      const all = commandsOf();
      const stale = [...ELSEWHERE, ...SHOWS].filter(([pattern]) => !all.some((command) => pattern.test(command)));
      expect(stale).toEqual([]);
      const typed = all.filter((command) => !ELSEWHERE.some(([pattern]) => pattern.test(command)));
      const wrong: unknown[] = [];
      for (const command of new Set(typed)) {
        const [, shows, codes = [0]] = SHOWS.find(([pattern]) => pattern.test(command)) ?? [];
        if (shows === undefined) throw new Error(`no output is expected of '${command}'`);
        const { code, output } = await typedIn(k8s, here(command), { env, cwd }, shows);
        if (code === null || !codes.includes(code) || !shows.test(output)) wrong.push({ command, code, output });
      }
      expect(wrong).toEqual([]);
    } finally {
      forward.child.kill();
      await forward.ended;
    }
    await k8s.tell(['delete', 'pod', name, PATIENCE]);
  });
}

/** A command that hangs is reported as one that is wrong. */
const LIMIT = ['--kill-after=5', '120'];
/** Commands that follow something are ended once they have shown it. */
const FOLLOWS = /^logtap tail|\/tail\?/;

interface Place {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

async function typedIn(k8s: TestCluster, command: string, place: Place, shows: RegExp) {
  if (command.startsWith('kubectl debug ')) {
    const { code, stdout } = await run('timeout', [...LIMIT, 'script', '-qec', command, '/dev/null'], {
      ...{ ...place, env: { ...place.env, TERM: 'dumb' } },
    });
    return { code, output: stdout.replaceAll('\r', '') };
  }
  if (!FOLLOWS.test(command)) {
    const { code, stdout, stderr } = await run('timeout', [...LIMIT, 'bash', '-c', command], place);
    return { code, output: stdout === '' ? stderr : stdout };
  }
  const running = start('bash', ['-c', `exec ${command}`], place);
  try {
    await k8s.until(`${command} shows records`, () => shows.test(running.stdout()));
  } finally {
    running.child.kill('SIGINT');
  }
  await running.ended;
  return { code: 0, output: running.stdout() };
}
