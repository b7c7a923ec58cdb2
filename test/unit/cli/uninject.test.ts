/** `logtap uninject`: gives back what was there, reports it, and writes nothing on any error. */
import { Readable, Writable } from 'node:stream';
import { uninjectCommand } from '../../../src/cli/uninject.js';
import { CommandError, UsageError } from '../../../src/cli/usage.js';
import { inject } from '../../../src/constructs/inject.js';
import { Sink } from '../../../src/constructs/sink.js';
import { workloads } from '../../support/workloads.js';

async function run(args: string[], input: string) {
  const written = { stdout: '', stderr: '' };
  const collect = (name: keyof typeof written) =>
    new Writable({
      write(chunk, _encoding, done) {
        written[name] += chunk;
        done();
      },
    });
  const io = { stdin: Readable.from([Buffer.from(input)]), stdout: collect('stdout'), stderr: collect('stderr') };
  const result = await uninjectCommand(args, io).catch((error: Error) => error);
  return { ...written, result };
}

const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'orders' }, spec: { ports: [{ port: 80 }] } };
const list = (items: unknown[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

test('every kind comes back as it was, and what was never injected stays', async () => {
  const before = [...workloads(), service];
  const input = list([...before.map((each) => inject(each, { sink: Sink.stdout(), file: '/a.log' })), before[1]]);
  const { stdout, stderr, result } = await run(['-', '-o', 'json'], input);
  expect(result).toBe(0);
  expect(JSON.parse(stdout).items).toEqual([...before, before[1]]);
  expect(stderr.split('\n').slice(0, -1)).toEqual([
    ...workloads().map(({ kind }) => `- uninjected ${kind}/orders`),
    '= unchanged Service/orders',
    '= unchanged Deployment/orders',
  ]);
});

test('a record that injection did not write is an error, and nothing is written', async () => {
  const pod = workloads()[0]!;
  const spoiled = { ...pod, metadata: { ...pod.metadata, annotations: { 'logtap.dev/original': '[' } } };
  const { stdout, stderr, result } = await run(['-'], list([service, spoiled]));
  expect(result).toBeInstanceOf(CommandError);
  expect((result as Error).message).toContain('logtap.dev/original');
  expect(stdout + stderr).toBe('');
});

test.each([[[]], [['a', 'b']], [['-', '-o', 'xml']]])('%j is wrong use', async (args) => {
  const { stdout, result } = await run(args, list([service]));
  expect(result).toBeInstanceOf(UsageError);
  expect(stdout).toBe('');
});
