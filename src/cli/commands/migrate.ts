/** The command that reads configurations of other tools. */
import { command } from './command.js';

export const KINDS = ['fluent-bit', 'fluentd', 'cloudwatch-agent', 'firelens', 'liblogtap'] as const;

export const MIGRATE = command({
  name: 'migrate',
  summary: 'make a logtap.yaml from the configuration of another tool',
  synopsis: '[--from KIND] [-o yaml|typescript] FILE|-',
  description:
    'Reads the configuration of a Fluent Bit or Fluentd sidecar, of the CloudWatch agent, of FireLens, or the environment of liblogtap, also in a ConfigMap among other objects. Writes a logtap.yaml or a chart to standard output. Every key of the input is listed on standard error: carried over, needless, or not carried over, with the reason. Secrets are named and never copied.',
  args: [
    {
      name: 'FILE|-',
      isRequired: true,
      completes: 'file',
      help: 'the configuration, or manifests with one ConfigMap that has it; included files are read as well. - is standard input',
    },
  ],
  flags: {
    from: { value: 'KIND', choices: KINDS, help: 'the tool of the configuration; without it, the text decides' },
    env: {
      value: 'NAME=VALUE',
      isRepeatable: true,
      help: 'value of a variable that the configuration uses, such as AWS_REGION=eu-central-1',
    },
    image: { value: 'IMAGE', help: 'image of the shipper, for the result' },
    output: {
      short: 'o',
      value: 'FORMAT',
      choices: ['yaml', 'typescript'],
      default: 'yaml',
      help: 'form of the result',
    },
  },
  examples: [
    { purpose: 'A logtap.yaml for `logtap inject`', line: 'logtap migrate fluent-bit.conf > logtap.yaml' },
    { purpose: 'The configuration in a ConfigMap', line: 'logtap migrate configmap.yaml > logtap.yaml' },
    { purpose: 'A chart', line: 'logtap migrate fluent-bit.conf -o typescript > chart.ts' },
  ],
  exitCodes: [
    [0, 'done, also where keys could not be carried over'],
    [64, 'wrong use'],
    [65, 'malformed configuration'],
    [66, 'no input'],
  ],
  note: 'On any error nothing is written to standard output.',
});
