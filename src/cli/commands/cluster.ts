/** Commands that talk to a cluster. */
import { command } from './command.js';

export const UPGRADE = command({
  name: 'upgrade',
  summary: 'replace the shipper in running pods without restarting the application',
  synopsis: '--image IMAGE [POD]... [options]',
  description:
    'Replaces the image of the shipper in running pods, without a restart of the application. The rings keep its lines meanwhile. The cluster, the namespace and the user are those of kubectl (KUBECONFIG, ~/.kube/config).',
  args: [{ name: 'POD', isRepeatable: true, help: 'names; without any, all tapped pods of the selection' }],
  flags: {
    image: { value: 'IMAGE', isRequired: true, help: 'the new image of the shipper' },
    namespace: { short: 'n', value: 'NAME', help: 'namespace of the pods; without it, that of the current context' },
    'all-namespaces': { short: 'A', help: 'pods of all namespaces' },
    selector: { short: 'l', value: 'LABELS', help: 'pods with these labels, such as app=orders' },
    'max-unavailable': {
      value: 'N',
      default: '1',
      help: 'pods whose shipper is replaced at the same time',
    },
    'dry-run': {
      help: 'report the pods and ask the API server whether it would accept the change; change nothing',
    },
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
