/**
 * `logtap doctor PROGRAM`: what it says before the start is compared with what happens, for the program then runs under
 * the library, and its line arrives or does not.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Verdict } from '../../src/doctor/verdict.js';
import { describeWith } from '../support/capability.js';
import { LINE, NOBODY, Workshop } from '../support/doctor.js';
import { toSocket, variables } from '../support/native-tap.js';
import { run } from '../support/run.js';
import { TapReceiver } from '../support/tap-receiver.js';

const GO = `package main

import "fmt"

func main() { fmt.Println("${LINE}") }
`;
const CGO = `package main

// #include <stdio.h>
// static void speak(void) { puts("${LINE}"); fflush(stdout); }
import "C"
import "fmt"

func main() { fmt.Println("from Go"); C.speak() }
`;
const EXIT_OF: Readonly<Record<Verdict, number>> = {
  'can be tapped': 0,
  'can be tapped in part': 2,
  'cannot be tapped': 3,
};

let workshop: Workshop;
let receiver: TapReceiver;
beforeAll(() => {
  workshop = new Workshop();
});
beforeEach(async () => {
  receiver = await TapReceiver.start();
  chmodSync(receiver.socket, 0o777);
  chmodSync(dirname(receiver.socket), 0o755);
});
afterEach(() => receiver.close());

interface Case {
  readonly verdict: Verdict;
  /** Its one finding; none when absent. */
  readonly seen?: RegExp;
  /** Who asks and runs it; this user when absent. */
  readonly uid?: number;
  /** A command that starts doctor and program. */
  readonly under?: readonly string[];
  /** What the program writes. */
  readonly written?: string;
  /** What of that the library hands over. */
  readonly captured: string;
}

/** Asks about a program, runs it under the library, and compares both with the truth. */
async function expectTrue(program: string, truth: Case): Promise<void> {
  const { verdict, seen, uid, under = [], written = `${LINE}\n`, captured } = truth;
  const answer = await workshop.ask([program], uid, under);
  const [command = '', ...args] = [...under, program];
  const { code, stdout } = await run(command, args, {
    env: { LD_PRELOAD: workshop.library, ...variables(toSocket(receiver.socket, { ON_FULL: 'block:5000' })) },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  await receiver.settled();
  expect({ code, stdout, captured: receiver.text('stdout') }).toEqual({ code: 0, stdout: written, captured });
  expect(answer.report.verdict).toBe(verdict);
  expect(answer.code).toBe(EXIT_OF[verdict]);
  expect(answer.seen).toEqual(seen === undefined ? [] : [expect.stringMatching(seen)]);
}

const TAPPED: Case = { verdict: 'can be tapped', captured: `${LINE}\n` };
const STATIC: Case = { verdict: 'cannot be tapped', seen: /^blocks: .*statically linked/, captured: '' };

describe('what it says of a program is what happens', () => {
  test('a program for glibc', () => expectTrue(workshop.compile('glibc', 'gcc'), TAPPED));
  test('a static program', () => expectTrue(workshop.compile('static', 'gcc', '-static'), STATIC));
  test('a static program at any address', () =>
    expectTrue(workshop.compile('static-pie', 'gcc', '-static-pie'), STATIC));

  test('AddressSanitizer as a shared library: it refuses to start, and the remedy helps', async () => {
    const program = workshop.compile('asan', 'gcc', '-fsanitize=address');
    const { code, seen } = await workshop.ask([program]);
    expect({ code, seen }).toEqual({
      code: 3,
      seen: [expect.stringMatching(/^blocks: linked with AddressSanitizer \(libasan\.so\.\d+\)$/)],
    });
    const tapped = await run(program, [], { env: { LD_PRELOAD: workshop.library } });
    expect(tapped.code).not.toBe(0);
    expect(tapped.stderr).toContain('ASan runtime does not come first');
    const under = ['env', 'ASAN_OPTIONS=verify_asan_link_order=0'];
    await expectTrue(program, { ...TAPPED, under, seen: /^note: linked with AddressSanitizer/ });
  });
  test('AddressSanitizer as a part of the program', () =>
    expectTrue(workshop.compile('asan-static', 'gcc', '-fsanitize=address', '-static-libasan'), TAPPED));
  test('another sanitizer', () => expectTrue(workshop.compile('ubsan', 'gcc', '-fsanitize=undefined'), TAPPED));

  test('a script, by way of scripts, and its interpreter', async () => {
    const inner = workshop.script('inner', `#!/bin/bash\necho "${LINE}"\n`);
    const outer = workshop.script('outer', `#! ${inner}  an argument\n`);
    await expectTrue(outer, TAPPED);
    expect((await workshop.ask([outer])).report.facts['started by']).toBe(`${inner} -> /bin/bash`);
  });

  test('a script whose interpreter env finds', () =>
    expectTrue(workshop.script('by-env', `#!/usr/bin/env -S LC_ALL=C bash -e\necho "${LINE}"\n`), TAPPED));

  test('the remedy for a static program: what it writes through cat is captured', async () => {
    const program = workshop.compile('through-cat', 'gcc', '-static');
    const [finding] = (await workshop.ask([program])).report.findings;
    const [, command = ''] = /`sh -c "(.*)"`/.exec(finding?.remedy ?? '') ?? [];
    await run('sh', ['-c', command.replace('./app', program)], {
      env: { LD_PRELOAD: workshop.library, ...variables(toSocket(receiver.socket)) },
    });
    await receiver.settled();
    expect(receiver.text('stdout')).toBe(`${LINE}\n`);
  });
});

describeWith(['musl'], 'programs for musl', () => {
  test('dynamic', () => expectTrue(workshop.compile('musl', 'musl-gcc'), TAPPED));
  test('static', () => expectTrue(workshop.compile('musl-static', 'musl-gcc', '-static'), STATIC));
});

describeWith(['go'], 'programs in Go', () => {
  test('static', () =>
    expectTrue(workshop.go('go-static', GO, { CGO_ENABLED: '0' }), {
      ...STATIC,
      seen: /^blocks: a Go program, static/,
    }));

  test('with a dynamic loader, but no libc', () =>
    expectTrue(workshop.go('go-pie', GO, { CGO_ENABLED: '0' }, '-buildmode=pie'), {
      verdict: 'cannot be tapped',
      seen: /^blocks: a Go program, linked dynamically, but to no library/,
      captured: '',
    }));

  test('that calls C: only what C writes', () =>
    expectTrue(workshop.go('go-cgo', CGO, { CGO_ENABLED: '1' }), {
      verdict: 'can be tapped in part',
      seen: /^limits: a Go program that calls C/,
      written: `from Go\n${LINE}\n`,
      captured: `${LINE}\n`,
    }));
});

// Only root makes programs that gain rights.
describeWith(['root', 'file capabilities'], 'programs that gain rights', () => {
  const compileMode = (name: string, mode: number) => {
    const program = workshop.compile(name, 'gcc');
    chownSync(program, 0, 0);
    chmodSync(program, mode);
    return program;
  };
  const idle = (seen: RegExp): Case => ({ ...TAPPED, seen });
  const gained = (seen: RegExp): Case => ({ verdict: 'cannot be tapped', seen, uid: NOBODY, captured: '' });

  test('set-user-ID', async () => {
    const program = compileMode('setuid', 0o4755);
    await expectTrue(program, gained(/^blocks: set-user-ID, user 0$/));
  });
  test('set-user-ID, by the user himself', async () => {
    await expectTrue(compileMode('setuid-own', 0o4755), idle(/^note: set-user-ID, .* you are user 0 already$/));
  });
  test('set-user-ID, where nothing may gain rights', async () => {
    const under = ['setpriv', '--no-new-privs'];
    const truth = { ...idle(/^note: set-user-ID, .* no_new_privs is set$/), uid: NOBODY, under };
    await expectTrue(compileMode('setuid-idle', 0o4755), truth);
  });
  test('set-group-ID', async () => {
    await expectTrue(compileMode('setgid', 0o2755), gained(/^blocks: set-group-ID, group 0$/));
  });
  test('the set-group-ID bit without the right to execute is none', async () => {
    await expectTrue(compileMode('lock-mark', 0o2745), { ...TAPPED, uid: NOBODY });
  });

  test('file capabilities, and root, who gains nothing by them', async () => {
    const program = compileMode('cap = able', 0o755);
    execFileSync('setcap', ['cap_net_bind_service=ep', program], { env: { PATH: `${process.env.PATH}:/usr/sbin` } });
    await expectTrue(program, gained(/^blocks: file capabilities cap_net_bind_service=ep$/));
    await expectTrue(program, idle(/^note: file capabilities .*; without effect here: root/));
  });
});

describe('files that are no programs for this machine', () => {
  const blocked = async (path: string, seen: RegExp) => {
    const answer = await workshop.ask([path]);
    expect({ code: answer.code, verdict: answer.report.verdict }).toEqual({ code: 3, verdict: 'cannot be tapped' });
    expect(answer.seen).toEqual([expect.stringMatching(seen)]);
  };

  test('a 32-bit program', async () => {
    const flags = ['-m32', '-nostdlib', '-ffreestanding', '-static', '-fno-pie', '-no-pie', '-Wl,--build-id=none'];
    workshop.script('start.c', 'void _start(void) { for (;;) {} }\n');
    const program = join(workshop.directory, 'i386');
    execFileSync('gcc', [...flags, '-o', program, join(workshop.directory, 'start.c')]);
    await blocked(program, /^blocks: a 32-bit little-endian program for i386$/);
  });

  test('an object file', async () => {
    const object = workshop.compile('object.o', 'gcc', '-c');
    chmodSync(object, 0o755);
    await blocked(object, /^blocks: an ELF file that is neither/);
  });
  test('a truncated program', async () => {
    const whole = readFileSync(workshop.compile('whole', 'gcc'));
    for (const bytes of [10, 40, 100, 800]) {
      await blocked(
        workshop.script('truncated', whole.subarray(0, bytes)),
        /^blocks: a damaged ELF file: .* the file ends before/,
      );
    }
  });
  test('an empty file', () => blocked(workshop.script('empty', ''), /^blocks: an empty file$/));
  test('a text', () => blocked(workshop.script('text', 'hello\n'), /^blocks: neither an ELF file nor a script/));
  test('a file that may not be executed', () =>
    blocked(
      workshop.script('closed', '#!/bin/sh\n', 0o644),
      /^blocks: you have no permission to execute .*closed \(mode 0644\)$/,
    ));
  test('a script with a line end of Windows', () =>
    blocked(workshop.script('crlf', '#!/bin/sh\r\necho\r\n'), /^blocks: .* names the interpreter "\/bin\/sh\\r"/));
  test('a script that starts itself', () => {
    const loop = join(workshop.directory, 'loop');
    return blocked(workshop.script('loop', `#!${loop}\n`), /^blocks: .* more than 5 scripts$/);
  });
  test('a program whose dynamic loader is missing', async () => {
    const program = workshop.compile('no-loader', 'gcc', '-Wl,--dynamic-linker=/nowhere/ld-linux-x86-64.so.2');
    await blocked(program, /^blocks: its dynamic loader \/nowhere\/ld-linux-x86-64.so.2 does not exist here$/);
  });
});

describeWith(['aarch64'], 'a program for another machine', () => {
  test('can be tapped there', async () => {
    const compiler = process.arch === 'arm64' ? 'x86_64-linux-gnu-gcc' : 'aarch64-linux-gnu-gcc';
    const { code, seen, report } = await workshop.ask([workshop.compile('foreign', compiler)]);
    expect({ code, verdict: report.verdict }).toEqual({ code: 0, verdict: 'can be tapped' });
    expect(seen).toEqual([expect.stringMatching(/^note: a program for \w+; this machine is \w+$/)]);
  });
});

test('a program that takes io_uring from a library', async () => {
  const file = workshop.script('ring.c', 'int io_uring_queue_init(void) { return 0; }\n');
  const uring = join(workshop.directory, 'liburing.so.2');
  execFileSync('gcc', ['-shared', '-fPIC', '-Wl,-soname,liburing.so.2', '-o', uring, file]);
  const caller = workshop.script(
    'caller.c',
    'int io_uring_queue_init(void);\nint main(void) { return io_uring_queue_init(); }\n',
  );
  const program = join(workshop.directory, 'caller');
  execFileSync('gcc', ['-o', program, caller, uring]);
  const { code, seen } = await workshop.ask([program]);
  expect({ code, seen }).toEqual({ code: 2, seen: ['limits: it uses io_uring (liburing.so.2)'] });
});

test('a program that exports as Bun does, stripped', async () => {
  const versions = workshop.script('bun.map', 'BUN_1.2 { global: napi_probe; };\n');
  const source = workshop.script('bun.c', 'void napi_probe(void) {}\nint main(void) { return 0; }\n');
  const program = join(workshop.directory, 'compiled-by-bun');
  execFileSync('gcc', ['-s', '-rdynamic', `-Wl,--version-script=${versions}`, '-o', program, source]);
  const { code, seen } = await workshop.ask([program]);
  expect({ code, seen }).toEqual({
    code: 3,
    seen: ['blocks: Bun, or a program that it compiled (exports of version 1.2)'],
  });
});

describe('wrong use', () => {
  test.each<[string, string[], number, RegExp]>([
    ['no program', [], 64, /doctor takes one of .*PROGRAM.*--pid N.*--root DIR, but got none/],
    ['two', ['true', 'false'], 64, /doctor takes PROGRAM, but got 'false'/],
    ['both', ['true', '--pid', '1'], 64, /one of .*PROGRAM.*--pid N.*, but got/],
    ['no number', ['--pid', 'one'], 64, /--pid takes a process id, but got 'one'/],
    ['number 0', ['--pid', '0'], 64, /got '0'/],
    ['an unknown format', ['-o', 'toString', 'true'], 64, /--output \(toString\) must be one of text, json, yaml/],
    ['an unknown option', ['--verbose', 'true'], 64, /--verbose/],
    ['a missing name', ['no-such-program'], 66, /there is no program 'no-such-program' in PATH \(.*\)\. Give its path/],
    ['a missing file', ['/no/such'], 66, /there is no file \/no\/such/],
    ['a root that is a file', ['--root', '/etc/passwd'], 66, /\/etc\/passwd is no directory/],
    ['a root that is missing', ['--root', '/no/such'], 66, /\/no\/such does not exist/],
    ['a directory without programs', ['/proc/sys/fs'], 66, /there is no program in \/proc\/sys\/fs/],
    ['a device', ['/dev/null'], 66, /\/dev\/null is not a regular file/],
  ])('%s', async (_, args, code, message) => {
    const ended = await workshop.run(args);
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toMatch(message);
  });
});

describeWith(['root'], 'a program that is not ours', () => {
  test('to read', async () => {
    const program = workshop.compile('secret', 'gcc');
    chmodSync(program, 0o711);
    const ended = await workshop.run([program], NOBODY);
    expect(ended).toMatchObject({ code: 77, stdout: '' });
    expect(ended.stderr).toMatch(
      /user 65534 has no permission to read .*secret\. Run logtap doctor as its owner or as root/,
    );
  });
});

test('the text ends with the verdict, and shows no control character of a name', async () => {
  const program = workshop.compile('plain', 'gcc', '-static');
  const evil = join(workshop.directory, 'evil\u001b[2J\nverdict: can be tapped');
  renameSync(program, evil);
  const { stdout } = await workshop.run([evil]);
  const lines = stdout.trimEnd().split('\n');
  expect(lines.at(-1)).toBe('verdict: cannot be tapped');
  expect(lines.filter((line) => line.startsWith('verdict:'))).toHaveLength(1);
  expect(stdout).not.toContain('\u001b');
});
