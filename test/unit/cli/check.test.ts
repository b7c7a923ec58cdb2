/** `logtap check` and `logtap diff`: what would be wrong, and what would change, without changing anything. */
import { stripVTControlCharacters } from 'node:util';
import { applyPatch, parsePatch } from 'diff';
import { parse } from 'yaml';
import { checkCommand } from '../../../src/cli/manifests/check.js';
import { diffCommand } from '../../../src/cli/manifests/diff.js';
import { injectCommand } from '../../../src/cli/manifests/inject.js';
import { formatManifests } from '../../../src/cli/manifests/manifests.js';
import { CommandError, UsageError } from '../../../src/cli/usage.js';
import { podTemplate } from '../../../src/constructs/injection/workload.js';
import { runCommand } from '../../support/command.js';
import { deployment, podSpec, workloadOf } from '../../support/workloads.js';

const stdout = ['--sink', 'stdout', '--image', 'logtap:1'];
const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'orders' }, spec: { ports: [{ port: 80 }] } };
const onHost = deployment(podSpec({ hostNetwork: true }));
const fromElsewhere = deployment(
  podSpec({ containers: [{ name: 'app', image: 'a', envFrom: [{ configMapRef: { name: 'a' } }] }] }),
);
const named = (metadata: object) => ({ ...deployment(), metadata: { ...deployment().metadata, ...metadata } });
const text = formatManifests([service, onHost, fromElsewhere], 'yaml');

describe('check', () => {
  const check = (args: string[], input = text) => runCommand(checkCommand, ['-', ...stdout, ...args], input);

  test('a workload without findings passes; an object without pods has no line', async () => {
    expect(await check([], formatManifests([service, deployment()], 'yaml'))).toEqual({
      stdout: 'pass     standard input, line 9: Deployment/orders\n',
      stderr: '',
      code: 0,
    });
  });

  test.each(['yaml', 'json'] as const)(
    'a quota among the manifests, before or behind the workload: %s',
    async (format) => {
      const quota = {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'shop' },
        spec: { hard: { 'limits.cpu': 8 } },
      };
      for (const objects of [
        [quota, deployment()],
        [deployment(), quota],
      ]) {
        const input = formatManifests(objects, format);
        const { stdout: out, code } = await check([], input);
        expect(out).toMatch(
          /^warning {2}standard input, line \d+: LT041 Deployment\/orders: ResourceQuota\/shop [^\n]+\n$/,
        );
        expect(code).toBe(0);
        const { stderr } = await runCommand(injectCommand, ['-', ...stdout], input);
        expect(stderr).toMatch(/^! LT041 Deployment\/orders: ResourceQuota\/shop refuses the pod/m);
        expect((await check(['--set', 'shipper.cpuLimitMillis=500'], input)).stdout).toMatch(/^pass /);
      }
    },
  );

  test.each([
    [
      'by its annotation',
      named({ annotations: { 'logtap.dev/inject': 'disabled' } }),
      'Deployment/orders is not tapped (logtap.dev/inject: disabled)',
    ],
    [
      'as an unknown kind',
      { ...deployment(), apiVersion: 'example.com/v1', kind: 'Fleet' },
      'Fleet/orders is not tapped (it has pods, but example.com/v1 Fleet is not a known kind: if its controller makes its pods of it, give --pod-template example.com/v1/Fleet=/spec/template)',
    ],
  ])('a workload that is not tapped %s does not pass', async (_, object, text) => {
    const { stdout: out, code } = await check([], formatManifests([object], 'yaml'));
    expect([code, out]).toEqual([0, `info     standard input, line 1: ${text}\n`]);
  });

  test('pods beside the known templates of a kind are named', async () => {
    const template = podTemplate(deployment());
    const object = {
      ...{ apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledJob', metadata: { name: 'a' } },
      spec: { jobTargetRef: { template }, canary: { template } },
    };
    const { stdout: out, code } = await check([], formatManifests([object], 'yaml'));
    expect([code, out]).toEqual([
      0,
      `pass     standard input, line 1: ScaledJob/a\ninfo     standard input, line 1: ScaledJob/a is not tapped at /spec/canary/template (no known template of keda.sh/v1alpha1 ScaledJob: if its controller makes its pods of it, give --pod-template keda.sh/v1alpha1/ScaledJob=/spec/canary/template)\n`,
    ]);
  });

  test('colours the statuses alone, and only if asked to where the output is no terminal', async () => {
    const objects = formatManifests([service, onHost, fromElsewhere, workloadOf('CronJob')], 'yaml');
    const { stdout: plain } = await check([], objects);
    const { stdout: coloured } = await check(['--color', 'always'], objects);
    expect(plain).not.toContain('\u001b');
    expect(coloured.split('\n').map((line) => line.split('standard')[0])).toEqual([
      '\u001b[33mwarning\u001b[0m  ',
      '\u001b[2minfo\u001b[0m     ',
      '\u001b[32mpass\u001b[0m     ',
      '',
    ]);
    expect(stripVTControlCharacters(coloured)).toBe(plain);
    expect((await check(['--color', 'always', '-o', 'json'], objects)).stdout).not.toContain('\u001b');
  });

  test('a name from a manifest cannot move the cursor of a terminal', async () => {
    const { stdout: out } = await check([], JSON.stringify(named({ name: 'a\u001b[2Jb' })));
    expect(out).toBe('pass     standard input, line 1: Deployment/a\\u001b[2Jb\n');
  });

  test('reports warnings and infos with the place of their object, and exits with 0', async () => {
    const { stdout: out, code } = await check([]);
    expect(code).toBe(0);
    expect(out.split('\n').map((line) => line.split(' Deployment')[0])).toEqual([
      'warning  standard input, line 9: LT026',
      'info     standard input, line 29: LT023',
      '',
    ]);
  });

  test('reports errors in every object, and exits with 1', async () => {
    const { stdout: out, stderr, code } = await check(['--containers', 'db']);
    expect(code).toBe(1);
    expect(
      out.match(/^failure {2}standard input, line \d+: LT002 Deployment\/orders: 'containers' \("db"\) .*#lt002\)$/gm),
    ).toHaveLength(2);
    expect(stderr).toBe('');
  });

  test('does not report accepted findings: the workloads pass', async () => {
    const { stdout: out } = await check(['--accept', 'LT026', '--accept', 'LT023']);
    expect(out.match(/^pass .*: Deployment\/orders$/gm)).toHaveLength(2);
    expect(out.split('\n')).toHaveLength(3);
  });

  test('as JSON', async () => {
    const { stdout: out } = await check(['--format', 'json', '--accept', 'LT023']);
    expect(JSON.parse(out)).toEqual([
      {
        code: 'LT026',
        severity: 'warning',
        workload: 'Deployment/orders',
        message: expect.stringContaining('9598'),
        cause: expect.any(String),
        remedy: expect.stringContaining('remove hostNetwork'),
        docs: 'docs/reference/findings.md#lt026',
        file: 'standard input',
        line: 9,
      },
    ]);
    expect((await check(['--format', 'json'], formatManifests([service], 'yaml'))).stdout).toBe('[]\n');
  });

  test.each([
    ['an unknown format', ['--format', 'xml'], /--format \(xml\) must be one of text, json, yaml, sarif/],
    ['what every object has', ['--format', 'constructor'], /--format \(constructor\) must be one of/],
    ['an unknown flag', ['--colour'], /--colour/],
    ['a code that cannot be accepted', ['--accept', 'LT002'], /'accept' \("LT002"\) must be one of/],
  ])('%s is wrong use', async (_, args, message) => {
    const { stdout: out, error } = await check(args);
    expect([out, error]).toEqual(['', expect.any(UsageError)]);
    expect(error?.message).toMatch(message);
  });

  test('a workload without containers is malformed', async () => {
    const { error } = await check([], formatManifests([{ ...workloadOf('Pod'), spec: {} }], 'yaml'));
    expect(error).toBeInstanceOf(CommandError);
    expect(error).toMatchObject({ exitCode: 65, message: expect.stringContaining('line 1: Pod/orders') });
  });
});

describe('diff', () => {
  const diff = (input: string, ...args: string[]) => runCommand(diffCommand, ['-', ...stdout, ...args], input);

  test('prints a patch to the output of inject for each changed object', async () => {
    const objects = [service, onHost, workloadOf('Job')];
    const { stdout: out, stderr, code } = await diff(formatManifests(objects, 'yaml'));
    expect(code).toBe(1);
    // The patch of a Job cannot be applied to a Job that exists.
    expect(stderr).toMatch(/^! LT037 Job\/orders: [^\n]+\n$/);
    const patches = parsePatch(out);
    expect(patches.map(({ oldFileName, newFileName }) => [oldFileName, newFileName])).toEqual([
      ['standard input, line 9', 'standard input, line 9, injected'],
      ['standard input, line 29', 'standard input, line 29, injected'],
    ]);
    const before = objects.slice(1).map((object) => formatManifests([object], 'yaml'));
    const after = await Promise.all(before.map((text) => runCommand(injectCommand, ['-', ...stdout], text)));
    expect(patches.map((patch, i) => applyPatch(before[i]!, patch))).toEqual(after.map((result) => result.stdout));
  });

  test('for a program: the place, the patch and the findings of each changed object', async () => {
    const text = formatManifests([service, onHost, workloadOf('Job')], 'yaml');
    const { stdout: patches } = await diff(text);
    const { stdout: json, code } = await diff(text, '-o', 'json');
    const changes = JSON.parse(json);
    expect(code).toBe(1);
    expect(changes.map(({ patch }: { patch: string }) => patch).join('')).toBe(patches);
    expect(changes).toMatchObject([
      { place: 'standard input, line 9', findings: [] },
      { place: 'standard input, line 29', findings: [{ code: 'LT037', workload: 'Job/orders' }] },
    ]);
    expect(parse((await diff(text, '-o', 'yaml')).stdout)).toEqual(changes);
    expect(await diff(formatManifests([service], 'yaml'), '-o', 'json')).toEqual({
      stdout: '[]\n',
      stderr: '',
      code: 0,
    });
  });

  test('is empty if nothing would change', async () => {
    const { stdout: done } = await runCommand(injectCommand, ['-', ...stdout], formatManifests([onHost], 'yaml'));
    expect(await diff(done)).toEqual({ stdout: '', stderr: '', code: 0 });
    expect(await diff(formatManifests([service], 'yaml'))).toMatchObject({ stdout: '', code: 0 });
  });

  test('reports an impossible tap as an error, and writes nothing', async () => {
    const { stdout: out, error } = await diff(text, '--containers', 'db');
    expect([out, error]).toEqual(['', expect.any(CommandError)]);
    expect(error?.message).toContain('LT002');
  });
});
