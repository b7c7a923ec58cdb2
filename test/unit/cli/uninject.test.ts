/** `logtap uninject`: gives back what was there, reports it, and writes nothing on any error. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { uninjectCommand } from '../../../src/cli/manifests/uninject.js';
import { CommandError, UsageError } from '../../../src/cli/usage.js';
import { Sink } from '../../../src/constructs/sinks/sink.js';
import { runCommand } from '../../support/command.js';
import { inject } from '../../support/tap.js';
import { workloads } from '../../support/workloads.js';

const run = (args: string[], input: string) => runCommand(uninjectCommand, args, input);
const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'orders' }, spec: { ports: [{ port: 80 }] } };
const list = (items: unknown[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

test('restores every kind of workload, and leaves objects without injection unchanged', async () => {
  const before = [...workloads(), service];
  const input = list([...before.map((each) => inject(each, { sink: Sink.stdout(), file: '/a.log' })), before[1]]);
  const { stdout, stderr, code } = await run(['-', '-o', 'json'], input);
  expect(code).toBe(0);
  expect(JSON.parse(stdout).items).toEqual([...before, before[1]]);
  expect(stderr.split('\n').slice(0, -1)).toEqual([
    ...workloads().map(({ kind }) => `- uninjected ${kind}/orders`),
    '= unchanged Service/orders',
    '= unchanged Deployment/orders',
  ]);
});

test('removes the injection of an earlier version, including its volume', async () => {
  const fixtures = join(__dirname, '../../fixtures/earlier-injection');
  const [plain, injected] = ['plain.yaml', 'injected.yaml'].map((name) => readFileSync(join(fixtures, name), 'utf8'));
  const { stdout } = await run(['-', '-o', 'json'], injected!);
  expect(JSON.parse(stdout).items).toEqual(parseAllDocuments(plain!).map((document) => document.toJS()));
});

test('a record of foreign origin is an error, and nothing is written', async () => {
  const pod = workloads()[0]!;
  const spoiled = { ...pod, metadata: { ...pod.metadata, annotations: { 'logtap.dev/original': '[' } } };
  const { stdout, stderr, error } = await run(['-'], list([service, spoiled]));
  expect(error).toBeInstanceOf(CommandError);
  expect(error?.message).toContain('logtap.dev/original');
  expect(stdout + stderr).toBe('');
});

test.each([[[]], [['a', 'b']], [['-', '-o', 'xml']]])('%j is wrong use', async (args) => {
  const { stdout, error } = await run(args, list([service]));
  expect(error).toBeInstanceOf(UsageError);
  expect(stdout).toBe('');
});
