/** Commands that compare a service with what was written. */
import { SELECTION } from './cluster.js';
import { command, output } from './command.js';

export const AUDIT = command({
  name: 'audit',
  summary: 'prove that the service has every record, or name what is missing',
  synopsis: '[POD]... --opensearch URL|--cloudwatch GROUP [--ledger FILE|URL|-]... [options]',
  description:
    'Proves that the service has every record that shippers claim to have stored, once and with the same bytes, and prints each gap with its counted reason. The claims are in ledgers: of pods, which it asks through a port-forward with the kubeconfig of kubectl, or of files. Credentials and TLS come from the environment, as for the shipper: LOGTAP_OPENSEARCH_*, AWS_*.',
  args: [{ name: 'POD', isRepeatable: true, help: 'names of pods whose ledgers it reads' }],
  flags: {
    opensearch: { value: 'URL', help: 'a node of OpenSearch' },
    index: {
      value: 'PATTERN',
      help: 'its indices, or a data stream; without it, that of LOGTAP_OPENSEARCH_DATA_STREAM or LOGTAP_OPENSEARCH_INDEX',
    },
    cloudwatch: { value: 'GROUP', help: 'a log group of CloudWatch Logs' },
    sink: {
      value: 'SINK@CONTAINER',
      help: 'the sink of a container, such as opensearch@web, whose records it audits; without it, the sink of the pod',
    },
    ledger: {
      value: 'PLACE',
      isRepeatable: true,
      completes: 'file',
      help: 'audit.ndjson of a shipper, the URL of its /audit, or its log on standard input (-)',
    },
    ...SELECTION,
    since: { value: 'TIME', help: 'only the minutes from then on: a time in ISO 8601, or how long ago, such as 2h' },
    until: { value: 'TIME', help: 'only the minutes until then, in the same form' },
    resume: { value: 'FILE', completes: 'file', help: 'keep the progress in FILE, and continue from there' },
    quiet: { help: 'print no progress' },
    output: output(['text', 'json', 'yaml'], 'text'),
  },
  oneOf: [['--opensearch', '--cloudwatch']],
  examples: [
    {
      purpose: 'Audit an index',
      line: 'logtap audit --opensearch http://127.0.0.1:9200 --index app-logs --ledger audit.ndjson',
      needs: 'service',
    },
    {
      purpose: 'Audit all pods of an application',
      line: 'logtap audit --cloudwatch /prod/shop -n shop -l app=orders --since 2h',
      needs: 'cluster',
    },
  ],
  exitCodes: [
    [0, 'proven'],
    [1, 'something is unexplained'],
    [2, 'the ledgers do not suffice for a proof'],
    [64, 'wrong use'],
    [66, 'no tapped pod'],
    [69, 'no usable answer of the cluster'],
    [74, 'the service cannot be read'],
    [77, 'no permission to list pods'],
    [78, 'wrong settings, or a ledger that cannot be read'],
  ],
  note: 'Pods need the rights to list them, to get and create pods/portforward and, for those that have ended, to get pods/log: docs/guides/prove-nothing-was-lost.md#pods-of-a-cluster.',
});

export const PROVE = command({
  name: 'prove',
  summary: 'write known lines through faults and certify that none is missing',
  synopsis: '[--opensearch URL | --cloudwatch GROUP] [options]',
  description:
    'Starts a shipper with your settings, lets known writers write through it, kills it, cuts its connections, loses answers, and fills its hold. Then it compares each line with what the service has, audits the ledger, and prints a certificate. The lines stay in the service. Settings and credentials come from the environment, as for `logtap ship`. Without a service flag, LOGTAP_SINK says which one.',
  flags: {
    opensearch: { value: 'URL', help: 'a node of OpenSearch; without it, LOGTAP_OPENSEARCH_URL' },
    index: { value: 'NAME', help: 'its index; without it, that of the settings' },
    cloudwatch: {
      value: 'GROUP',
      help: 'a log group of CloudWatch Logs; without it, LOGTAP_CLOUDWATCH_LOG_GROUP',
    },
    lines: { value: 'N', default: '20000', help: 'lines to write at least' },
    directory: {
      value: 'DIR',
      completes: 'directory',
      help: 'directory in memory for rings and ledger; without it, a new one in /dev/shm',
    },
    certificate: { value: 'FILE', completes: 'file', help: 'write the certificate to FILE as JSON, too' },
    quiet: { help: 'print no progress' },
    output: output(['text', 'json', 'yaml', 'log'], 'text', 'form of the output; log: text, and JSON in the last line'),
  },
  examples: [
    {
      purpose: 'Prove it in an own cluster of OpenSearch',
      line: 'logtap prove --opensearch http://127.0.0.1:9200 --index proof --lines 1000',
      needs: 'service',
    },
  ],
  exitCodes: [
    [0, 'proven'],
    [1, 'not proven'],
    [64, 'wrong use'],
    [74, 'the proof could not be made'],
    [78, 'wrong settings'],
  ],
});
