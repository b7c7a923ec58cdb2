/** The examples of `--help`, each typed into bash, in a directory with the files that they name. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMANDS } from '../../src/cli/commands/table.js';
import { logtap, run, temporaryDirectory } from '../support/run.js';

const directory = temporaryDirectory();

const FILES: Readonly<Record<string, string>> = {
  'app.log': 'INFO started\nDEBUG cache miss\n',
  'expected.txt': 'stdout 1, info\n  | INFO started\n\nstdout 2, debug\n  | DEBUG cache miss\n',
  'deployment.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: { name: orders }
spec:
  selector: { matchLabels: { app: orders } }
  template:
    metadata: { labels: { app: orders } }
    spec: { containers: [{ name: orders, image: registry.example/orders:4.2 }] }
`,
  'logtap.yaml': 'sink: { stdout: {} }\nshipper: { image: registry.example/logtap:1 }\n',
  'configmap.yaml': `apiVersion: v1
kind: ConfigMap
metadata: { name: logs }
data:
  fluent-bit.conf: "[INPUT]\\n  Name tail\\n  Path /var/log/app.log\\n[OUTPUT]\\n  Name stdout\\n  Match *"
`,
  'fluent-bit.conf': '[INPUT]\n    Name tail\n    Path /var/log/app.log\n[OUTPUT]\n    Name stdout\n    Match *\n',
};

/** The codes of the examples that show something other than success. */
const CODES: Readonly<Record<string, number>> = { diff: 1 };

/**
 * Run by suites of their own: dead letters are made by a service that rejects records, and the hook of a pod looks for shippers among
 * all processes of the machine.
 */
const ELSEWHERE = ['replay', 'terminate'];

beforeAll(() => {
  mkdirSync(join(directory, 'bin'));
  const program = join(directory, 'bin', 'logtap');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${logtap}' "$@"\n`);
  chmodSync(program, 0o755);
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(directory, name), text);
});

/** Those that need a cluster or a service are parsed by a unit test; the suites of their commands run such lines. */
const examples = [...COMMANDS.values()].flatMap(({ name, examples }) =>
  examples
    .filter(({ needs }) => needs === undefined && !ELSEWHERE.includes(name))
    .map(({ line }) => [line, CODES[name] ?? 0] as const),
);

test.each(examples)('%s', async (line, code) => {
  const env = { PATH: `${join(directory, 'bin')}:${process.env.PATH}`, HOME: directory };
  const ended = await run('bash', ['-c', line], { cwd: directory, env });
  // A failure shows what it printed.
  expect(ended).toMatchObject({ code, stdout: ended.stdout, stderr: ended.stderr });
});
