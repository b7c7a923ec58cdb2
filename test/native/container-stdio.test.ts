/**
 * Which output is the container's. A runtime gives every process that it starts in a container the same environment; only
 * the output of the first one, and of its children, is the container's. `unshare` and `nsenter` play the runtime.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { STDIO_PLACEHOLDER } from '../../src/contract.js';
import { describeWith } from '../support/capability.js';
import { program } from '../support/native-programs.js';
import { runTapped, toSocket, variables } from '../support/native-tap.js';
import { library, run, start, until } from '../support/run.js';
import { TapReceiver } from '../support/tap-receiver.js';

let receiver: TapReceiver;
beforeEach(async () => {
  receiver = await TapReceiver.start();
});
afterEach(() => receiver.close());

const environment = (suppress = true) => ({
  LC_ALL: 'C',
  LD_PRELOAD: library,
  ...variables(
    toSocket(receiver.socket, {
      ON_FULL: 'block:10000',
      STDIO: STDIO_PLACEHOLDER,
      SUPPRESS_STDOUT: String(suppress),
    }),
  ),
});

const captured = (stream: 'stdout' | 'stderr' = 'stdout') => {
  try {
    return receiver.text(stream);
  } catch {
    // A connection of which nothing has come yet.
    return '';
  }
};

/** A file of a process in /proc: empty once the process has ended, as the shell's own children do at any time. */
function processEntry(pid: number | string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}

/** A container with a process namespace of its own, whose first process is the last of the command. */
const CONTAINER = ['--fork', '--pid', '--mount-proc', '--kill-child'];

/** Starts a container that runs until it is ended, once it has said `up`. */
async function container(script: string, options: { suppress?: boolean; before?: readonly string[] } = {}) {
  const [command = '', ...args] = [...(options.before ?? []), 'unshare', ...CONTAINER, '/bin/sh', '-c', script];
  // env -u: the tools that play the runtime are not in the container.
  const settings = Object.entries(environment(options.suppress)).map(([name, value]) => `${name}=${value}`);
  const all = [command, ...args.slice(0, -3), 'env', ...settings, ...args.slice(-3)];
  // A pipe, as a runtime makes it; Node would make a socket.
  const running = start('bash', ['-c', 'exec "$@" > >(exec cat)', 'bash', ...all]);
  const child = running.child.pid!;
  let first = '';
  await until('the container runs', () => {
    const children = processEntry(child, `task/${child}/children`).trim().split(' ').filter(Boolean);
    first = children.find((pid) => /^NSpid:\t\d+\t1$/m.test(processEntry(pid, 'status'))) ?? '';
    return first !== '';
  });
  return {
    first: Number(first),
    running,
    /** Runs a command in it as `kubectl exec` does: with the environment of its specification. */
    exec: (script: string, suppress = options.suppress) => {
      const enter = [
        '--target',
        first,
        '--pid',
        '--mount',
        '--',
        'env',
        ...Object.entries(environment(suppress)).map(([name, value]) => `${name}=${value}`),
      ];
      return run('nsenter', [...enter, '/bin/sh', '-c', script]);
    },
    async end() {
      process.kill(Number(first), 'SIGKILL');
      await running.ended;
      await receiver.settled();
    },
  };
}

describeWith(['root'], 'in a container', () => {
  test.each([true, false])(
    'the output of its first process and of its children is captured, suppressed %s',
    async (suppress) => {
      const app = await container(
        'echo first; /bin/echo child; seq 9 | grep 5; (echo subshell); echo late >&2; sleep 60',
        { suppress },
      );
      await until('all of it came', () => captured('stderr') === 'late\n');
      // In the order of its processes, which the receiver does not know.
      expect(captured().split('\n').sort()).toEqual(['', '5', 'child', 'first', 'subshell']);
      if (suppress) expect(app.running.stdout()).toBe('');
      else expect(app.running.stdout()).toBe('first\nchild\n5\nsubshell\n');
      await app.end();
    },
  );

  test.each([true, false])('that of an exec is its own, and whole, suppressed %s', async (suppress) => {
    const app = await container('echo first; sleep 60', { suppress });
    await until('the first line came', () => captured() === 'first\n');
    const { code, stdout, stderr } = await app.exec(
      'echo row; /bin/echo child; seq 3 | tail -1; echo problem >&2; seq 20000 | wc -l',
    );
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'row\nchild\n3\n20000\n', stderr: 'problem\n' });
    expect([captured(), captured('stderr')]).toEqual(['first\n', '']);
    await app.end();
  });

  test("what an exec writes to the streams of process 1 is the container's", async () => {
    const app = await container('echo first; sleep 60');
    await until('the first line came', () => captured() === 'first\n');
    const { stdout } = await app.exec('echo probe ok > /proc/1/fd/1; /bin/echo from a child > /proc/1/fd/1; echo mine');
    expect(stdout).toBe('mine\n');
    await until('both came', () => captured() === 'first\nprobe ok\nfrom a child\n');
    await app.end();
  });

  test("an exec that starts a background process does not give it the container's output", async () => {
    const app = await container('echo first; sleep 60');
    const { stdout } = await app.exec('(sleep 0.3; /bin/echo orphan) & echo begun');
    expect(stdout.split('\n').filter(Boolean).sort()).toEqual(['begun', 'orphan']);
    expect(captured()).toBe('first\n');
    await app.end();
  });

  test('an exec is no container when it is the first to start with the library: a static first process', async () => {
    // A first process that is not tapped has passed on no streams.
    const app = await container('exec env -u LD_PRELOAD sleep 60');
    const { stdout } = await app.exec('echo mine; echo theirs > /proc/1/fd/1');
    expect(stdout).toBe('mine\n');
    await until('that came', () => captured() === 'theirs\n');
    await app.end();
  });

  test('children of a first process that is not tapped have its streams', async () => {
    const settings = Object.entries(environment())
      .map(([name, value]) => `${name}=${value}`)
      .join(' ');
    const app = await container(
      `unset LD_PRELOAD; exec sh -c 'env ${settings} sh -c "echo one; seq 9 | grep 7"; sleep 60'`,
    );
    await until('both came', () => captured() === 'one\n7\n');
    await app.end();
  });

  test.each(['glibc', 'musl'] as const)(
    'a temporary file, and pipes to and from children, are no streams of it: %s',
    async (libc) => {
      const settings = Object.entries(environment()).map(([name, value]) => `${name}=${value}`);
      const ended = await run('unshare', [...CONTAINER, 'env', ...settings, program('files-of-its-own', libc)]);
      await receiver.settled();
      expect([ended.code, ended.stdout]).toEqual([0, '']);
      expect(captured().split('\n').sort()).toEqual(['', 'from a child', 'to a child']);
    },
  );

  test('a restarted container is one again', async () => {
    for (const line of ['once', 'twice']) {
      const app = await container(`echo ${line}; sleep 60`);
      await until('its line came', () => captured().endsWith(`${line}\n`));
      await app.end();
    }
    expect(captured()).toBe('once\ntwice\n');
  });

  test('an exec of another user, to whom process 1 shows nothing, is not the container', async () => {
    const app = await container('echo first; sleep 60');
    await until('the first line came', () => captured() === 'first\n');
    const { stdout } = await app.exec(
      'setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all sh -c "echo mine"',
    );
    expect(stdout).toBe('mine\n');
    expect(captured()).toBe('first\n');
    await app.end();
  });
});

/** Where cgroups can be made: of the older interface, or of the newer. */
const PIDS = ['/sys/fs/cgroup/pids', '/sys/fs/cgroup'].find((path) => {
  try {
    rmdirSync(mkdtempSync(`${path}/logtap-probe-`));
    return true;
  } catch {
    return false;
  }
});

(PIDS === undefined ? describe.skip : describe)('containers that share their processes', () => {
  const groups: string[] = [];
  const group = () => {
    const path = mkdtempSync(`${PIDS}/logtap-test-`);
    groups.push(path);
    return path;
  };
  afterEach(async () => {
    for (const path of groups.splice(0)) {
      await until('the cgroup is empty', () => {
        for (const pid of readFileSync(`${path}/cgroup.procs`, 'utf8').split('\n').filter(Boolean)) {
          try {
            process.kill(Number(pid), 'SIGKILL');
          } catch {
            // It has ended.
          }
        }
        return readFileSync(`${path}/cgroup.procs`, 'utf8') === '';
      });
      rmdirSync(path);
    }
  });

  /** In the cgroup, with the environment of the container's specification, outside of any other process's. */
  const within = (path: string, script: string) =>
    start('/bin/sh', [
      '-c',
      `echo $$ > ${path}/cgroup.procs; exec env ${Object.entries(environment())
        .map(([n, v]) => `${n}=${v}`)
        .join(' ')} /bin/sh -c '${script}'`,
    ]);

  test('the oldest process of a cgroup is the first of its container, and an exec is not', async () => {
    const one = group();
    const other = group();
    within(one, 'echo one; seq 9 | grep 4; sleep 60');
    await until('the first container wrote', () => captured() === 'one\n4\n');
    within(other, 'echo other; sleep 60');
    await until('the second container wrote', () => captured() === 'one\n4\nother\n');
    const exec = await within(one, 'echo mine; seq 9 | grep 6').ended;
    expect(exec.stdout).toBe('mine\n6\n');
    expect(captured()).toBe('one\n4\nother\n');
  });
});

test('a placeholder where no container is: a program that is started by hand is the first', async () => {
  const ended = await run('/bin/sh', ['-c', 'echo first; seq 9 | grep 5'], { env: environment() });
  await receiver.settled();
  expect([ended.code, ended.stdout, captured()]).toEqual([0, '', 'first\n5\n']);
});

describe('without a placeholder', () => {
  test('a pipe between children of the first tapped process is not its output', async () => {
    const settings = toSocket(receiver.socket, { SUPPRESS_STDOUT: 'true', ON_FULL: 'block:10000' });
    const script = 'n=$(/bin/echo inner); /bin/echo "got $n"; seq 9 | grep 5';
    const { stdout } = await runTapped('/bin/sh', ['-c', script], { settings });
    expect(stdout.toString()).toBe('');
    await receiver.settled();
    expect(captured()).toBe('got inner\n5\n');
  });
});

describeWith(['root'], 'a device that all processes share', () => {
  test('is no stream of a container', async () => {
    const settings = Object.entries(environment()).map(([name, value]) => `${name}=${value}`);
    const script = 'echo first; echo other > /dev/null; echo error >&2';
    const command = ['unshare', ...CONTAINER, 'env', ...settings, '/bin/sh', '-c', script];
    const ended = await run('sh', ['-c', 'exec "$@" > /dev/null', 'sh', ...command]);
    await receiver.settled();
    expect([ended.code, captured(), captured('stderr')]).toEqual([0, '', 'error\n']);
  });

  test('is a stream where a user started the program with it, and only by that number', async () => {
    const settings = toSocket(receiver.socket, { ON_FULL: 'block:10000' });
    const script =
      "exec perl -e 'open F, q(>/dev/null); syswrite F, qq(no\\n); syswrite STDOUT, qq(out\\n)' > /dev/null";
    await run('sh', ['-c', script], { env: { LD_PRELOAD: library, ...variables({ ...settings, TAP_INTO: '1' }) } });
    await receiver.settled();
    expect(captured()).toBe('');
    const child = spawn('perl', ['-e', 'open F, q(>/dev/null); syswrite F, qq(no\n); syswrite STDOUT, qq(out\n)'], {
      env: { PATH: process.env.PATH, LD_PRELOAD: library, ...variables(settings) },
      stdio: ['ignore', 'ignore', 'ignore'],
    });
    await new Promise((resolve) => child.once('close', resolve));
    await receiver.settled();
    expect(captured()).toBe('out\n');
  });
});
