/**
 * A choice of the zoo's rows in a container as restricted as they get: read-only root, no capabilities, no new
 * privileges, a user that is not root, system calls filtered. The programs are this machine's: no image is needed.
 */
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cacheDir } from '../../../scripts/cache.js';
import { describeWith } from '../../../test/support/capability.js';
import { Podman, RESTRICTED } from '../../../test/support/podman.js';
import { library, root, temporaryDirectory } from '../../../test/support/run.js';
import type { ZooCase } from './case.js';
import { cases } from './cases/index.js';
import { Coverage, expectKept } from './coverage.js';
import { judge } from './judge.js';
import { type Launcher, runCase } from './run-case.js';
import { type Cell, MODES } from './targets.js';

const ROWS = [
  'printf',
  'log by fopen',
  'write',
  'rename and reopen',
  'several files and a pattern',
  '32 processes on one O_APPEND file',
  'cout, cerr, clog',
  'ofstream and fstream',
  'bash: an empty environment',
  'dash: redirections',
  'dash: of a pipeline only what comes out at its end',
  'busybox: exec >>log 2>&1, and back',
  'tee -a of a log',
  'mawk',
  'Perl: print, printf and warn',
  'Python: logging to stderr and a file',
  'Node: console.log and console.error',
  'nginx: two workers, access log renamed and reopened',
  'nginx: a daemon',
  'Redis: log file renamed',
];

/** A user that exists nowhere, as OpenShift gives one. */
const USER = '1000660000:0';

const rows = ROWS.map((name): ZooCase => {
  const row = cases.find((candidate) => candidate.name === name);
  if (row === undefined) throw new Error(`no row '${name}' in the zoo: take its new name here, too`);
  return row;
});
const coverage = new Coverage();
let tested = 0;
let podman: Podman;
let skeleton: string;

/** A root directory with nothing of its own: this machine's programs and settings are mounted into it. */
function makeSkeleton(): string {
  const directory = temporaryDirectory();
  chmodSync(directory, 0o755);
  for (const name of ['bin', 'lib', 'lib64', 'sbin']) symlinkSync(`usr/${name}`, join(directory, name));
  for (const name of [
    'dev',
    'etc',
    'proc',
    'sys',
    'usr',
    ...[tmpdir(), root, cacheDir()].map((path) => path.slice(1)),
  ]) {
    mkdirSync(join(directory, name), { recursive: true });
  }
  return directory;
}

const launchInContainer: Launcher = (row, place, tap) => {
  const command = row.command({ ...place, isRoot: false });
  const readOnly = ['/usr', '/etc', tmpdir(), root, cacheDir()];
  // An interpreter that is installed elsewhere comes with its directory.
  const program = command[0] ?? '';
  const isMounted = !program.startsWith('/') || [...readOnly, '/bin'].some((path) => program.startsWith(`${path}/`));
  if (!isMounted) readOnly.push(dirname(dirname(program)));
  // As an emptyDir would be; the socket's directory as the constructs mount it.
  const writable = [place.directory, join(dirname(place.directory), 'run')];
  const env = { LC_ALL: 'C', ...row.env, ...(tap === undefined ? {} : { LD_PRELOAD: library, ...tap }) };
  const options = [
    ...RESTRICTED,
    `--security-opt=seccomp=${join(__dirname, 'container-seccomp.json')}`,
    `--user=${USER}`,
    `--workdir=${place.directory}`,
    ...(row.stdin === undefined ? [] : ['--interactive']),
    ...readOnly.map((path) => `--volume=${path}:${path}:ro`),
    ...writable.map((path) => `--volume=${path}:${path}`),
    ...Object.entries(env).map(([name, value]) => `--env=${name}=${value}`),
  ];
  return { command: podman.command(['--rootfs', skeleton], command, options).command, env: podman.env };
};

async function complaintsOf(row: ZooCase, cell?: Cell): Promise<string[]> {
  const observed = await runCase(row, 'container', cell, { launcher: launchInContainer });
  return [...judge(row, cell, observed).complaints];
}

describeWith(
  ['podman', 'root', ...new Set(rows.flatMap(({ needs = [] }) => needs))],
  'in a restricted container',
  () => {
    beforeAll(() => {
      podman = new Podman();
      skeleton = makeSkeleton();
    });
    afterAll(() => podman?.close());

    describe.each(rows)('$family: $name', (row) => {
      test('as it states, without the library', async () => {
        expect(await complaintsOf(row)).toEqual([]);
      });

      test.each(MODES)('%s, target present', async (mode) => {
        const complaints = await complaintsOf(row, { mode, target: 'present' });
        coverage.add(row, 'container', mode, complaints.length === 0);
        tested += 1;
        expect(complaints).toEqual([]);
      });
    });

    test('the container is as restricted as it says', async () => {
      const status: ZooCase = {
        name: 'status',
        family: 'container',
        command: () => [
          'sh',
          '-c',
          `grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status; id -u; touch /tmp/x /usr/x || echo read-only; unshare -U true || echo filtered`,
        ],
      };
      const { stdout } = await runCase(status, 'container', undefined, { launcher: launchInContainer });
      expect(stdout.toString()).toBe(
        'CapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n1000660000\nread-only\nfiltered\n',
      );
    });
  },
);

test('docs/reference/coverage.md says what was measured', () => {
  const table = coverage.table(rows, ['container']);
  process.stderr.write(`${table}\n`);
  // With a filter on the command line, or without some capability, it is not the whole table.
  if (tested === rows.length * MODES.length) expectKept('container', table);
});
