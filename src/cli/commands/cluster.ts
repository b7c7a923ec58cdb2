/** Commands that talk to a cluster. */
import { command, output } from './command.js';

/** Which pods. */
export const SELECTION = {
  namespace: { short: 'n', value: 'NAME', help: 'namespace of the pods; without it, that of the current context' },
  'all-namespaces': { short: 'A', help: 'pods of all namespaces' },
  selector: { short: 'l', value: 'LABELS', help: 'pods with these labels, such as app=orders' },
} as const;

export const STATUS = command({
  name: 'status',
  summary: 'show one line per tapped pod: what its shipper reads, delivers, holds and loses',
  synopsis: '[POD]... [options]',
  description:
    'Asks the shipper of each tapped pod for its state, through a port-forward. Nothing is changed. The cluster, the namespace and the user are those of kubectl (KUBECONFIG, ~/.kube/config).',
  args: [{ name: 'POD', isRepeatable: true, help: 'names; without any, all tapped pods of the selection' }],
  flags: {
    ...SELECTION,
    watch: { short: 'w', help: 'show it again every 2 seconds, until Ctrl-C' },
    output: output(['text', 'json', 'yaml'], 'text'),
  },
  examples: [
    { purpose: 'All tapped pods of a namespace', line: 'logtap status -n shop', needs: 'cluster' },
    {
      purpose: 'Those of an application, every 2 seconds',
      line: 'logtap status -l app=orders --watch',
      needs: 'cluster',
    },
  ],
  exitCodes: [
    [0, 'each shipper answers, is ready, and has lost nothing'],
    [2, 'a shipper does not answer, is not ready, or has lost lines'],
    [64, 'wrong use'],
    [66, 'no tapped pod'],
    [69, 'no usable answer of the cluster'],
    [77, 'no permission to list pods'],
  ],
  note: 'Needs the rights to list pods, and to get and create pods/portforward: docs/guides/see-a-cluster.md#rights.',
});

export const TAIL = command({
  name: 'tail',
  summary: 'follow the live records of pods, also if their output is suppressed',
  synopsis: '[POD]... [options]',
  description:
    'Shows the records of tapped pods as they go to the sinks: after redaction, and without the records that rules withhold. It begins with the present, goes on when a shipper restarts, and includes pods that come later. Delivery is not delayed.',
  args: [{ name: 'POD', isRepeatable: true, help: 'names; without any, all tapped pods of the selection' }],
  flags: {
    ...SELECTION,
    level: {
      value: 'LEVEL',
      choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal'],
      help: 'records of this level and above; records without a level are left out',
    },
    match: { value: 'TEXT', help: 'records whose message contains this text, in upper or lower case' },
    grep: { value: 'REGEXP', help: 'of these, records whose message matches a regular expression' },
    max: {
      value: 'N',
      default: '500',
      help: 'records per second and pod, 1 to 1000; the number of others is reported',
    },
    output: output(
      ['text', 'json', 'yaml'],
      'text',
      'form of the output; json: one object per line; yaml: a document per record',
    ),
  },
  examples: [
    { purpose: 'What an application writes now', line: 'logtap tail -n shop -l app=orders', needs: 'cluster' },
    { purpose: 'Its errors alone', line: 'logtap tail -l app=orders --level error', needs: 'cluster' },
  ],
  exitCodes: [
    [0, 'ended by Ctrl-C, or all named pods are gone'],
    [64, 'wrong use'],
    [66, 'no tapped pod'],
    [69, 'no usable answer of the cluster'],
    [77, 'no permission'],
  ],
  note: 'Needs the rights to get and list pods, and to get and create pods/portforward: docs/guides/see-a-cluster.md#rights.',
});

export const UPGRADE = command({
  name: 'upgrade',
  summary: 'replace the shipper in running pods without restarting the application',
  synopsis: '--image IMAGE [POD]... [options]',
  description:
    'Replaces the image of the shipper in running pods, without a restart of the application. The rings keep its lines meanwhile. The cluster, the namespace and the user are those of kubectl (KUBECONFIG, ~/.kube/config).',
  args: [{ name: 'POD', isRepeatable: true, help: 'names; without any, all tapped pods of the selection' }],
  flags: {
    image: { value: 'IMAGE', isRequired: true, help: 'the new image of the shipper' },
    ...SELECTION,
    'max-unavailable': {
      value: 'N',
      default: '1',
      help: 'pods whose shipper is replaced at the same time',
    },
    'dry-run': {
      help: 'report the pods and ask the API server whether it would accept the change; change nothing',
    },
    output: output(['text', 'json', 'yaml'], 'text', 'form of the report; json and yaml follow when all is done'),
  },
  examples: [
    {
      purpose: 'See what would change',
      line: 'logtap upgrade --image registry.example/cdk8s-logtap:0.2.0 -l app=orders --dry-run',
      needs: 'cluster',
    },
  ],
  exitCodes: [
    [0, 'all selected pods have the image'],
    [2, 'some have not'],
    [3, 'none has'],
    [64, 'wrong use'],
    [66, 'no tapped pod'],
    [69, 'no usable answer of the cluster'],
    [77, 'no permission'],
  ],
  note: 'Needs the rights to get, list and patch pods. With those to list events and to get the owners of the pods, it reports more.',
});
