/** Bad input: one clear error with value, rule and remedy, the documented exit code, and an application that runs on. */
import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { freePort } from '../../scripts/free-port.js';
import { logtap, run, shipper, start, temporaryDirectory, until } from '../support/run.js';
import { AWS_ENV } from '../support/sinks-read-back.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

const node = process.execPath;
const socketIn = (directory: string) => join(directory, 'run', 'logtap.sock');

/** A program under the tap whose shipper never came: it must not notice. */
async function applicationRunsOn(socket: string): Promise<void> {
  const timed = async (env: Readonly<Record<string, string>>) => {
    const begun = performance.now();
    const program = 'import sys; print("out"); print("err", file=sys.stderr); sys.exit(5)';
    return { ...(await run('python3', ['-c', program], { env })), ms: performance.now() - begun };
  };
  // On a busy machine an untapped program takes seconds, too.
  const untapped = await timed({});
  const { code, stdout, stderr, ms } = await timed(tapEnvironment(socket, { suppress: true }));
  // No process took the bytes, so suppression did not hold either.
  expect({ code, stdout, stderr }).toEqual({ code: 5, stdout: 'out\n', stderr: 'err\n' });
  expect(ms).toBeLessThan(4000 + 10 * untapped.ms);
}

interface BadSetting {
  readonly name: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly says: readonly (string | RegExp)[];
}

const BAD_SETTINGS: readonly BadSetting[] = [
  {
    name: 'a sink that does not exist',
    settings: { LOGTAP_SINK: 'opensaerch' },
    says: ['LOGTAP_SINK', 'opensaerch', 'opensearch'],
  },
  {
    name: 'a URL that is none',
    settings: { LOGTAP_SINK: 'opensearch', LOGTAP_OPENSEARCH_URL: 'localhost:9200' },
    says: ['LOGTAP_OPENSEARCH_URL', 'localhost:9200', /https?:\/\//],
  },
  {
    name: 'an invalid region',
    settings: { ...AWS_ENV, LOGTAP_SINK: 'cloudwatch', LOGTAP_CLOUDWATCH_LOG_GROUP: '/a', AWS_REGION: 'Frankfurt' },
    says: ['AWS_REGION', 'Frankfurt', 'eu-central-1'],
  },
  {
    name: 'a misspelt setting',
    settings: { LOGTAP_MEMORY_MAXBYTES: '1000' },
    says: ['LOGTAP_MEMORY_MAXBYTES', 'LOGTAP_MEMORY_MAX_BYTES'],
  },
  {
    name: 'several problems, all at once',
    settings: { LOGTAP_SINK: 'opensearch', LOGTAP_GRACE_SECONDS: 'soon', LOGTAP_STATUS_PORT: '99999' },
    says: ['LOGTAP_OPENSEARCH_URL', 'LOGTAP_GRACE_SECONDS', 'soon', 'LOGTAP_STATUS_PORT', '99999'],
  },
];

describe('settings that cannot work', () => {
  test.each(BAD_SETTINGS)('$name: exit code 78', async ({ settings, says }) => {
    const socket = socketIn(temporaryDirectory());
    const { code, stdout, stderr } = await run(node, [shipper], {
      env: { LOGTAP_STATUS_PORT: 'off', LOGTAP_SOCKET: socket, ...settings },
    });
    expect(stdout).toBe('');
    for (const text of says) expect(stderr).toMatch(text);
    expect(code).toBe(78);
    await applicationRunsOn(socket);
  });

  test('a socket directory that cannot be written: exit code 78', async () => {
    const directory = temporaryDirectory();
    const occupied = join(directory, 'run');
    writeFileSync(occupied, 'a file, not a directory');
    const { code, stderr } = await run(node, [shipper], {
      env: { LOGTAP_STATUS_PORT: 'off', LOGTAP_SOCKET: socketIn(directory) },
    });
    expect(code).toBe(78);
    expect(stderr).toContain(occupied);
    await applicationRunsOn(socketIn(directory));
  });

  test('a socket directory without the right to write: exit code 78', async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'run'), { mode: 0o555 });
    chmodSync(directory, 0o755);
    // Root may write everywhere, so it gives its rights up; what it runs then must be readable by every user.
    const isRoot = process.getuid?.() === 0;
    const [program, script] = isRoot
      ? [join(directory, 'node'), join(directory, 'shipper', 'main.js')]
      : [node, shipper];
    if (isRoot) {
      copyFileSync(node, program);
      cpSync(dirname(shipper), dirname(script), { recursive: true });
    }
    const { code, stderr } = await run(program, [script], {
      ...(isRoot ? { uid: 65532, gid: 65532, cwd: '/' } : {}),
      env: { LOGTAP_STATUS_PORT: 'off', LOGTAP_SOCKET: socketIn(directory), HOME: '/' },
    });
    expect(stderr).toContain(join(directory, 'run'));
    expect(code).toBe(78);
  });

  test.each(['LOGTAP_SOCKET', 'LOGTAP_RING_DIR', 'LOGTAP_SPOOL_DIR'])(
    '%s where a file system makes no directories: exit code 78, not a start without end',
    async (setting) => {
      const socket = socketIn(temporaryDirectory());
      const env = { LOGTAP_STATUS_PORT: 'off', LOGTAP_SOCKET: socket, [setting]: '/proc/logtap/below' };
      const { code, stderr } = await run(node, [shipper], { env, timeout: 240_000 });
      expect(stderr).toContain(setting);
      expect(code).toBe(78);
    },
  );

  test('a socket path longer than the kernel binds: exit code 78 and the limit', async () => {
    const socket = `/tmp/${'s'.repeat(103)}`;
    const { code, stderr } = await run(node, [shipper], { env: { LOGTAP_STATUS_PORT: 'off', LOGTAP_SOCKET: socket } });
    expect(code).toBe(78);
    expect(stderr).toMatch(/108.*107/s);
  });

  test('a socket that another shipper listens on: exit code 78, and the first one goes on', async () => {
    const first = await startShipper({});
    const second = await run(node, [shipper], { env: { LOGTAP_STATUS_PORT: 'off', LOGTAP_SOCKET: first.socket } });
    expect(second.code).toBe(78);
    expect(second.stderr).toContain(first.socket);
    await run('echo', ['still heard'], { env: tapEnvironment(first.socket) });
    expect((await drain(first)).stdout).toContain('still heard');
  });
});

describe('a service that cannot be reached', () => {
  test('rules 33, 98: is reported with operation, target and remedy; the lines are counted as undelivered: exit code 74', async () => {
    const port = await freePort();
    const running = await startShipper({
      LOGTAP_SINK: 'opensearch',
      LOGTAP_OPENSEARCH_URL: `http://127.0.0.1:${port}`,
      LOGTAP_GRACE_SECONDS: '3',
    });
    const application = await run('sh', ['-c', 'for i in 1 2 3 4 5; do echo $i; done; exit 9'], {
      env: tapEnvironment(running.socket, { suppress: true }),
    });
    expect({ code: application.code, stdout: application.stdout }).toEqual({ code: 9, stdout: '' });
    await until('the failure is reported', () => running.stderr().includes('nextAttemptMs'));
    const { code, stderr } = await drain(running);
    expect(stderr).toContain(`127.0.0.1:${port}`);
    const last = JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '');
    expect(last).toMatchObject({ read: 5, held: 5, balanced: true });
    expect(code).toBe(74);
  });
});

test('a command that asks the cluster, without a kubeconfig: exit code 69 and the variable to set', async () => {
  const { code, stderr } = await run(node, [logtap, 'status'], { env: { HOME: temporaryDirectory(), KUBECONFIG: '' } });
  expect(stderr).toContain('the kubeconfig is of no use: there is none. Set KUBECONFIG');
  expect(code).toBe(69);
});

test.each([
  ['empty', '', 'it is empty'],
  ['no YAML', 'token: secret\n\t{{{', 'of no use: '],
])('a kubeconfig that is %s: exit code 69, and one line without an excerpt', async (_, text, says) => {
  const file = join(temporaryDirectory(), 'config');
  writeFileSync(file, text);
  const { code, stderr } = await run(node, [logtap, 'status'], { env: { KUBECONFIG: file } });
  expect({ code, stderr }).toEqual({ code: 69, stderr: expect.stringContaining(says) });
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stderr).not.toContain('secret');
});

test.each(['http://registry.example/x', 'registry.example/x:', 'registry.example/X/y', 'x@sha256:12'])(
  'upgrade to %s, which no registry has: a usage error before a pod is changed',
  async (image) => {
    const { code, stderr } = await run(node, [logtap, 'upgrade', `--image=${image}`], { env: { KUBECONFIG: '' } });
    expect({ code, stderr }).toEqual({
      code: 64,
      stderr: expect.stringContaining(`--image (${image}) must be an image`),
    });
  },
);

test.each(['x', 'localhost:5000/a/b__c:1.2-x', `reg.example/x:1@sha256:${'a'.repeat(64)}`, '[::1]:5000/x'])(
  'upgrade takes the image %s',
  async (image) => {
    // And fails at the cluster.
    const { code } = await run(node, [logtap, 'upgrade', `--image=${image}`], {
      env: { HOME: temporaryDirectory(), KUBECONFIG: '' },
    });
    expect(code).toBe(69);
  },
);

describe('logtap prove', () => {
  const prove = async (...flags: readonly string[]) =>
    run(node, [logtap, 'prove', '--opensearch', `http://127.0.0.1:${await freePort()}`, ...flags]);

  test('a service that does not answer: exit code 74 before a line is written', async () => {
    const { code, stdout, stderr } = await prove('--quiet');
    expect({ code, stdout, stderr }).toEqual({
      code: 74,
      stdout: '',
      stderr: expect.stringMatching(/^logtap: search of http.*nothing listens there/),
    });
  });

  test.each([
    ['SIGTERM', 143, 'logtap: SIGTERM: the proof is interrupted, and nothing is proven\n'],
    ['SIGKILL', null, ''],
  ] as const)('%s ends it with its shipper and its directory', async (signal, exitCode, words) => {
    // Nothing is ever stored, so the proof waits.
    const answer = { _scroll_id: 'x', _shards: { total: 1, failed: 0 }, hits: { total: { value: 0 }, hits: [] } };
    const service = createServer((request, response) => {
      request.resume().on('end', () => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    const directory = temporaryDirectory();
    const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    const proof = start(node, [logtap, 'prove', '--quiet', '--opensearch', url, '--directory', directory]);
    const ofProof = () =>
      readdirSync('/proc').filter((pid) => {
        try {
          return (
            /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${directory}/logtap-proof`)
          );
        } catch {
          return false;
        }
      });
    // The shipper and a writer at least.
    await until('it has begun', () => ofProof().length > 1);
    proof.child.kill(signal);
    const { code, stdout, stderr } = await proof.ended;
    service.close();
    service.closeAllConnections();
    expect({ code, stdout, stderr }).toEqual({ code: exitCode, stdout: '', stderr: words });
    await until('its processes have ended', () => ofProof().length === 0);
    await until('its directory is gone', () => readdirSync(directory).length === 0);
  });

  test('a directory and a certificate that cannot be written: exit code 78', async () => {
    expect(await prove('--directory', '/proc/nosuch')).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('--directory (/proc/nosuch) cannot be used: ENOENT'),
    });
    for (const file of ['/nosuch/certificate.json', temporaryDirectory()]) {
      expect(await prove('--certificate', file)).toMatchObject({
        code: 78,
        stderr: expect.stringContaining(`--certificate (${file}) cannot be written`),
      });
    }
  });
});

test.each([
  ['a manifest', ['inject', '/dev/zero', '--sink', 'stdout']],
  ['a config', ['inject', '-', '--config', '/dev/zero']],
])('%s without an end: exit code 66', async (_, args) => {
  const { code, stderr } = await run(node, [logtap, ...args], { input: '' });
  expect({ code, stderr }).toEqual({
    code: 66,
    stderr: expect.stringContaining("cannot read '/dev/zero': it is no regular file"),
  });
});

describe('logtap inject', () => {
  test.each([
    ['a tab in the indentation', 'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n\tname: x\n', /line 4/],
    [
      'no containers',
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {template: {spec: {}}}\n',
      /Deployment\/x.*containers/s,
    ],
    ['not an object', '- 1\n- 2\n', /kind/],
  ])('%s: nothing on stdout, exit code 65', async (_, input, says) => {
    const { code, stdout, stderr } = await run(node, [logtap, 'inject', '-', '--sink', 'stdout'], { input });
    expect(stdout).toBe('');
    expect(stderr).toMatch(says);
    expect(code).toBe(65);
  });

  test('a reader that has seen enough, such as head, ends it quietly', async () => {
    const pod =
      'apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: app, image: "app:1"}]}\n---\n';
    // More than a pipe holds.
    const script = `("$1" "$2" inject - --sink stdout --image x; echo "ended with $?" >&2) | head -n 1`;
    const { code, stdout, stderr } = await run('sh', ['-c', script, 'sh', node, logtap], { input: pod.repeat(100) });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'apiVersion: v1\n', stderr: 'ended with 141\n' });
  });

  test('a bad flag value is a usage error', async () => {
    const { code, stdout, stderr } = await run(node, [logtap, 'inject', '-', '--sink', 'kafka'], { input: '' });
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toContain('kafka');
  });
});
