/** Commands that read and write manifests. */
import { color, command, output, outputAsInput } from './command.js';
import { missingTapFlags, TAP_FLAG_TABLE } from './tap-flag-table.js';

const MANIFESTS = {
  name: 'FILE|DIR|-',
  isRequired: true,
  completes: 'file',
  help: 'manifests: a file, every .yaml, .yml and .json below a directory, or standard input',
} as const;

const INPUT_CODES = [
  [64, 'wrong use'],
  [65, 'malformed manifest'],
  [66, 'no input'],
] as const;

const CONFIG_CODE = [78, 'wrong config'] as const;

export const INJECT = command({
  name: 'inject',
  summary: 'add the tap and the sidecar to manifests',
  synopsis: 'FILE|DIR|- | --as-policy NAME --sink SINK [options]',
  description:
    'Adds the tap and the shipper to the workloads of Kubernetes manifests. Writes the manifests to standard output, and one line per object and per warning to standard error. Injecting again replaces the existing injection. With --as-policy, writes a policy for the API server instead, which taps the new pods of namespaces that choose it.',
  args: [{ ...MANIFESTS, isRequired: false }],
  flags: {
    ...TAP_FLAG_TABLE,
    'as-policy': {
      value: 'NAME',
      help: 'write a MutatingAdmissionPolicy (Kubernetes 1.36) for namespaces and pods with the label logtap.dev/policy=NAME',
    },
    output: outputAsInput,
  },
  oneOf: [['FILE|DIR|-', '--as-policy']],
  missing: missingTapFlags,
  examples: [
    {
      purpose: 'To CloudWatch Logs',
      line: 'logtap inject deployment.yaml --image registry/logtap:1 --sink cloudwatch --log-group /orders --region eu-central-1',
    },
    {
      purpose: 'With the properties of a file',
      line: 'logtap inject deployment.yaml --config logtap.yaml > tapped.yaml',
    },
    {
      purpose: 'All new pods of chosen namespaces',
      line: 'logtap inject --as-policy shop --config logtap.yaml > policy.yaml',
    },
  ],
  exitCodes: [[0, 'done'], ...INPUT_CODES, CONFIG_CODE],
  note: 'On any error nothing is written.',
});

export const UNINJECT = command({
  name: 'uninject',
  summary: 'remove them from manifests',
  synopsis: 'FILE|DIR|- [-o yaml|json]',
  description:
    'Removes the injection from Kubernetes manifests and restores the replaced fields. Writes the manifests to standard output, and one line per object to standard error.',
  args: [MANIFESTS],
  flags: { output: outputAsInput },
  examples: [{ purpose: 'Restore the original', line: 'logtap uninject tapped.yaml > plain.yaml' }],
  exitCodes: [[0, 'done'], ...INPUT_CODES],
  note: 'On any error nothing is written.',
});

export const CHECK = command({
  name: 'check',
  summary: 'report findings about a tap on manifests',
  synopsis: 'FILE|DIR|- --sink SINK [options]',
  description:
    'Checks a tap on the workloads of Kubernetes manifests. Prints a line per workload that passes, and one per finding with its remedy and the section that explains it.',
  args: [MANIFESTS],
  flags: {
    ...TAP_FLAG_TABLE,
    output: { ...output(['text', 'json', 'yaml', 'sarif'], 'text'), aliases: ['format'] },
    color,
  },
  missing: missingTapFlags,
  examples: [
    {
      purpose: 'Before the injection',
      line: 'logtap check deployment.yaml --sink stdout --image registry.example/logtap:1',
    },
    { purpose: 'For a code host', line: 'logtap check deployment.yaml --config logtap.yaml -o sarif' },
  ],
  exitCodes: [[0, 'no error'], [1, 'an error was found'], ...INPUT_CODES, CONFIG_CODE],
});

export const DIFF = command({
  name: 'diff',
  summary: 'show the changes that inject would make',
  synopsis: 'FILE|DIR|- --sink SINK [options]',
  description:
    'Shows the changes that inject would make to the workloads of Kubernetes manifests, per object, in the format of diff -u.',
  args: [MANIFESTS],
  flags: { ...TAP_FLAG_TABLE, output: output(['text', 'json', 'yaml'], 'text') },
  missing: missingTapFlags,
  examples: [
    {
      purpose: 'What a new setting changes',
      line: 'logtap diff tapped.yaml --config logtap.yaml --set failurePolicy=fail-open',
    },
  ],
  exitCodes: [[0, 'no change'], [1, 'changes'], ...INPUT_CODES, CONFIG_CODE],
});

export const EXPLAIN = command({
  name: 'explain',
  summary: 'explain a finding such as LT016, with its remedy',
  synopsis: 'CODE [-o text|json|yaml]',
  description: 'Explains a finding: its meaning, its cause and its remedy.',
  args: [{ name: 'CODE', isRequired: true, help: 'a code such as LT016' }],
  flags: { output: output(['text', 'json', 'yaml'], 'text') },
  examples: [{ purpose: 'Explain a warning', line: 'logtap explain LT016' }],
  exitCodes: [
    [0, 'done'],
    [64, 'wrong use'],
    [66, 'no such code'],
  ],
});
