/** The doctor's rules on texts: mounts, environments, scripts, settings, verdicts. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { mountOptions, pathInRoot } from '../../../src/doctor/file.js';
import { settingFindings, targetOf } from '../../../src/doctor/library-settings.js';
import { isSecure, mappedCode, parseEnvironment } from '../../../src/doctor/process-state.js';
import { scriptInterpreter } from '../../../src/doctor/program.js';
import { type Diagnostic, verdictOf, type Weight } from '../../../src/doctor/verdict.js';
import { temporaryDirectory } from '../../support/run.js';

const finding = (weight: Weight): Diagnostic => ({ weight, seen: 's', why: 'w', remedy: 'r' });

test.each<[Weight[], string]>([
  [[], 'can be tapped'],
  [['note', 'note'], 'can be tapped'],
  [['note', 'limits'], 'can be tapped in part'],
  [['limits', 'blocks', 'note'], 'cannot be tapped'],
])('findings %j: %s', (weights, verdict) => {
  expect(verdictOf(weights.map(finding))).toBe(verdict);
});

describe('mountOptions', () => {
  const mountinfo = [
    '22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw',
    '23 22 0:5 / /opt rw,nosuid - tmpfs tmpfs rw',
    '24 23 0:6 / /opt/a\\040b rw,noexec - tmpfs tmpfs rw',
    '25 22 0:7 / /opt rw,nodev - tmpfs tmpfs rw',
  ].join('\n');
  test.each([
    ['/bin/true', ['rw', 'relatime']],
    ['/optional', ['rw', 'relatime']],
    ['/opt/x', ['rw', 'nodev']],
    ['/opt/a b/x', ['rw', 'noexec']],
  ])('%s', (path, options) => {
    expect(mountOptions(mountinfo, path)).toEqual(options);
  });
});

describe('pathInRoot', () => {
  test('follows links inside the other root, and never out of it', () => {
    const root = temporaryDirectory();
    mkdirSync(join(root, 'usr/lib'), { recursive: true });
    writeFileSync(join(root, 'usr/lib/real'), '');
    symlinkSync('/usr/lib', join(root, 'lib'));
    symlinkSync('../../../../../../usr/lib/real', join(root, 'usr/lib/up'));
    symlinkSync('/circle', join(root, 'circle'));
    expect(pathInRoot(root, '/lib/real')).toBe(join(root, 'usr/lib/real'));
    expect(pathInRoot(root, '/lib/up')).toBe(join(root, 'usr/lib/real'));
    expect(pathInRoot(root, '/../usr/./lib//real')).toBe(join(root, 'usr/lib/real'));
    expect(() => pathInRoot(root, '/circle')).toThrow(/ELOOP/);
    expect(() => pathInRoot(root, '/lib/none')).toThrow(/ENOENT/);
  });
});

describe('scriptInterpreter', () => {
  test.each<[string, readonly string[] | undefined]>([
    ['#!/bin/sh\necho', ['/bin/sh']],
    ['#! \t/bin/sh  -e  -u \n', ['/bin/sh', '-e  -u']],
    ['#!/bin/sh', ['/bin/sh']],
    ['#!\n', ['']],
    ['# !/bin/sh', undefined],
    ['', undefined],
  ])('%j', (text, interpreter) => {
    expect(scriptInterpreter(Buffer.from(text))).toEqual(interpreter);
  });
});

test('AT_SECURE is found at any place of the auxiliary vector', () => {
  const words = (...values: bigint[]) => Buffer.from(BigUint64Array.from(values).buffer);
  expect(isSecure(words(6n, 4096n, 23n, 1n, 0n, 0n))).toBe(true);
  expect(isSecure(words(6n, 4096n, 23n, 0n, 0n, 0n))).toBe(false);
  expect(isSecure(words(0n, 0n, 23n, 1n))).toBe(false);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => typeof isSecure(Buffer.from(bytes)) === 'boolean'),
  );
});

test('a library counts as loaded if its code is mapped', () => {
  const maps = [
    '5600-5700 r-xp 00001000 fe:00 1234                       /usr/bin/a b (deleted)',
    '7f00-7f01 r--p 00000000 00:2a 17                         /noexec/liblogtap.so',
    '7f02-7f03 r--p 00000000 fe:00 18                         /lib/liblogtap.so',
    '7f03-7f04 r-xp 00001000 fe:00 18                         /lib/liblogtap.so',
    '7f04-7f05 rwxp 00000000 00:00 0 ',
    '7ffd-7ffe r-xp 00000000 00:00 0                          [vdso]',
  ];
  expect(mappedCode(maps.join('\n'))).toEqual(['/usr/bin/a b', '/lib/liblogtap.so']);
});

test('the first of two equal variables counts', () => {
  expect([...parseEnvironment(Buffer.from('A=1\0B=x=y\nz\0A=2\0broken\0=odd\0C=\0'))]).toEqual([
    ['A', '1'],
    ['B', 'x=y\nz'],
    ['C', ''],
  ]);
});

describe('settings', () => {
  const seen = (settings: Record<string, string>) =>
    settingFindings(new Map(Object.entries(settings)), '/home').map((found) => `${found.weight}: ${found.seen}`);
  const good = { LLT_TAP_INTO: '3', LLT_TARGET: 'socket:/s' };

  test.each<[string, Record<string, string>, string[]]>([
    [
      'good ones',
      { ...good, LLT_FORMAT: 'frame', LLT_ON_FULL: 'block:5', LLT_DISABLE: 'false', LLT_CONTAINER: 'x' },
      [],
    ],
    ['empty ones are not set', { ...good, LLT_FORMAT: '', LLT_PASSIV_ON_START: '' }, []],
    ['others are not ours', { ...good, PATH: '/bin', XLLT_FORMAT: '?' }, []],
    ['a file alone', { LLT_TAP_FILE: 'a.log' }, []],
    ['none', {}, ['blocks: no LLT_TAP_INTO, and no LLT_TAP_FILE']],
    ['0', { LLT_TAP_INTO: '0' }, ['blocks: LLT_TAP_INTO=0, and no LLT_TAP_FILE']],
    ['4', { LLT_TAP_INTO: '4' }, ['limits: LLT_TAP_INTO=4', 'blocks: LLT_TAP_INTO=4, and no LLT_TAP_FILE']],
    ['off', { ...good, LLT_DISABLE: 'true' }, ['blocks: LLT_DISABLE=true']],
    ['TRUE', { ...good, LLT_SUPPRESS_STDOUT: 'TRUE' }, ['limits: LLT_SUPPRESS_STDOUT=TRUE']],
    ['FALSE', { ...good, LLT_PYTHON_UNBUFFERED: 'FALSE' }, ['limits: LLT_PYTHON_UNBUFFERED=FALSE']],
    ['a pause', { ...good, LLT_PASSIV_ON_START: '1000' }, ['limits: LLT_PASSIV_ON_START=1000']],
    ['no wait', { ...good, LLT_ON_FULL: 'block:' }, ['limits: LLT_ON_FULL=block:']],
    ['too long', { ...good, LLT_TARGET_RECONNECT: '4294967296' }, ['limits: LLT_TARGET_RECONNECT=4294967296']],
    ['a slip', { ...good, LLT_SUPRESS_STDOUT: 'true' }, ['note: LLT_SUPRESS_STDOUT is no variable of the library']],
    ['no form', { ...good, LLT_TARGET: '/s' }, ['blocks: LLT_TARGET=/s']],
    ['no path', { ...good, LLT_TARGET: 'socket:' }, ['blocks: LLT_TARGET=socket:']],
    [
      'a long path, made absolute',
      { ...good, LLT_TARGET: `socket:${'x'.repeat(102)}` },
      [`blocks: the path of the socket has 108 bytes: /home/${'x'.repeat(102)}`],
    ],
    ['the longest path', { ...good, LLT_TARGET: `socket:${'x'.repeat(101)}` }, []],
  ])('%s', (_, settings, expected) => {
    expect(seen(settings)).toEqual(expected);
  });

  test('an unknown name is reported with the closest known one', () => {
    const [slip] = settingFindings(new Map(Object.entries({ ...good, LLT_SUPRESS_STDOUT: 'true' })), '/');
    expect(slip?.remedy).toBe('Did you mean LLT_SUPPRESS_STDOUT?');
  });

  test('without a target the library’s default applies', () => {
    expect(targetOf(new Map())).toEqual({ kind: 'file', path: '/tmp/liblogtap.log' });
  });
});
