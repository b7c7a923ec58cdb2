/** `logtap doctor --root DIR` and `logtap doctor DIR`: the programs of a tree, and what can be captured of each. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { diagnoseRoot } from '../../src/doctor/root/programs.js';
import { describeWith } from '../support/capability.js';
import { NOBODY, Workshop } from '../support/doctor.js';
import { temporaryDirectory } from '../support/run.js';

let workshop: Workshop;
let dynamic: string;
let fixed: string;
beforeAll(() => {
  workshop = new Workshop();
  dynamic = workshop.compile('dynamic', 'gcc');
  fixed = workshop.compile('fixed', 'gcc', '-static');
});

/** The path of the loader that a program of this machine names. */
const loader = () => /\/\S+ld-linux\S+?(?=\])/.exec(execFileSync('readelf', ['-l', dynamic], { encoding: 'utf8' }))![0];

/** A root directory with these programs, and with the loader that they name. */
function image(files: Readonly<Record<string, string | { readonly script: string }>>): string {
  const root = temporaryDirectory();
  chmodSync(root, 0o755);
  for (const [path, from] of Object.entries({ [loader()]: loader(), ...files })) {
    const to = join(root, path);
    mkdirSync(join(to, '..'), { recursive: true });
    if (typeof from === 'string') copyFileSync(from, to);
    else writeFileSync(to, from.script);
    chmodSync(to, 0o755);
  }
  return root;
}

async function list(root: string, uid?: number) {
  const { code, stdout, stderr } = await workshop.run(['-o', 'json', '--root', root], uid);
  if (stderr !== '') throw new Error(stderr);
  const report = JSON.parse(stdout);
  const programs = Object.fromEntries(
    report.programs
      .filter(({ path }: { path: string }) => path !== loader())
      .map(({ path, kind, startedBy, verdict, findings }: Record<string, never[]>) => [
        path,
        [kind, verdict, (startedBy ?? []).join(' -> '), (findings ?? []).map(({ seen }) => seen).join('; ')],
      ]),
  );
  return { code, report, programs };
}

test('glibc, static, scripts and what they are started by; data, libraries and what is no program are left out', async () => {
  const root = image({
    '/bin/app': dynamic,
    '/bin/tool': fixed,
    '/usr/bin/start': { script: '#!/usr/bin/env app\n' },
    '/usr/bin/again': { script: '#!/usr/bin/start -x\n' },
    '/usr/bin/lost': { script: '#!/usr/bin/python3\n' },
    '/usr/lib/liblogtap.so': workshop.library,
    '/etc/data': { script: 'no program' },
  });
  writeFileSync(join(root, 'etc/not-executable'), '#!/bin/app\n');
  const { code, programs } = await list(root);
  expect(programs).toEqual({
    '/bin/app': ['glibc', 'can be tapped', '', ''],
    '/bin/tool': ['static', 'cannot be tapped', '', expect.stringMatching(/^statically linked/)],
    '/usr/bin/start': ['script', 'can be tapped', '/bin/app', ''],
    '/usr/bin/again': ['script', 'can be tapped', '/usr/bin/start -> /bin/app', ''],
    '/usr/bin/lost': [
      'script',
      'cannot be tapped',
      '',
      expect.stringMatching(/"\/usr\/bin\/python3" after #!, and there is no such file$/),
    ],
  });
  expect(code).toBe(2);
});

test('links and interpreters are those inside the root, and circles end', async () => {
  const root = image({ '/opt/app': dynamic, '/run': { script: '#!/shell\n' }, '/round': { script: '#!/circle\n' } });
  symlinkSync('/opt/app', join(root, 'shell'));
  symlinkSync('/circle', join(root, 'circle'));
  symlinkSync('/', join(root, 'all'));
  symlinkSync('../../../../../../../..', join(root, 'opt/up'));
  // Outside of the root this is a shell, inside nothing.
  symlinkSync('/bin/sh', join(root, 'outside'));
  writeFileSync(join(root, 'escapes'), '#!/outside\n', { mode: 0o755 });
  const { programs } = await list(root);
  expect(programs).toEqual({
    '/opt/app': ['glibc', 'can be tapped', '', ''],
    '/run': ['script', 'can be tapped', '/shell', ''],
    '/round': ['script', 'cannot be tapped', '', expect.stringContaining('no such file')],
    '/escapes': ['script', 'cannot be tapped', '', expect.stringContaining('no such file')],
  });
});

test('a program without its loader, a damaged one, two names of one file', async () => {
  const root = image({ '/app': dynamic, '/damaged': { script: '\x7fELF' } });
  linkSync(join(root, 'app'), join(root, 'same'));
  execFileSync('rm', [join(root, loader())]);
  const { code, programs } = await list(root);
  expect(programs).toEqual({
    '/app': ['glibc', 'cannot be tapped', '', expect.stringMatching(/^its dynamic loader .* does not exist here$/)],
    '/damaged': ['damaged', 'cannot be tapped', '', expect.stringMatching(/^a damaged ELF file/)],
  });
  expect(code).toBe(3);
});

test('a set-user-ID program', async () => {
  const root = image({ '/su': dynamic });
  chmodSync(join(root, 'su'), 0o4755);
  expect((await list(root)).programs['/su']?.[3]).toMatch(/^set-user-ID, user \d+$/);
});

describeWith(['root'], 'as root', () => {
  test('file capabilities', async () => {
    const root = image({ '/ping': dynamic });
    execFileSync('setcap', ['cap_net_raw+ep', join(root, 'ping')]);
    expect((await list(root)).programs['/ping']?.[3]).toMatch(/^file capabilities cap_net_raw[=+]ep$/);
  });

  test('what another user may not read is named, and the rest is listed', async () => {
    const root = image({ '/app': dynamic, '/secret': dynamic, '/closed/app': dynamic });
    chmodSync(join(root, 'secret'), 0o711);
    chmodSync(join(root, 'closed'), 0o700);
    const { report, programs } = await list(root, NOBODY);
    expect(Object.keys(programs)).toEqual(['/app']);
    expect(report.unreadable).toEqual(['/closed', '/secret']);
    const { stdout } = await workshop.run(['--root', root], NOBODY);
    expect(stdout).toContain('\ncannot be read: /closed, /secret\n');
  });

  test('a root that another user may not read', async () => {
    const root = image({});
    chmodSync(root, 0o700);
    expect(await workshop.run(['--root', root], NOBODY)).toMatchObject({ code: 77, stdout: '' });
  });
});

test('a directory: its programs, with the interpreters of this machine', async () => {
  const root = image({ '/start': { script: '#!/bin/sh\n' }, '/tool': fixed });
  const { code, stdout } = await workshop.run([root]);
  expect(code).toBe(2);
  expect(stdout).toContain(`script  ${root}/start (/bin/sh)`);
  expect(stdout).toMatch(/^blocks the tap: statically linked.*\n {2}in: +\S+\/tool\n {2}why: .*\n {2}remedy: /m);
  expect(stdout).toMatch(/2 programs: 1 can be tapped, 0 in part, 1 cannot\nverdict: can be tapped in part\n$/);
});

test('a tree that is too large is looked at in part, which the report says', () => {
  const root = image({ '/a': { script: '#!/b\n' }, '/b': { script: '#!/a\n' }, '/c': { script: '#!/a\n' } });
  expect(diagnoseRoot(root, '/', { entries: 2 }).limit).toBe('only the first 2 files were looked at');
  const { limit, programs } = diagnoseRoot(root, '/', { programs: 1 });
  expect([limit, programs.length]).toEqual(['only the first 1 programs are listed', 1]);
});
