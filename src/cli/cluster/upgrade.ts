/** `logtap upgrade`: replaces the image of the shipper in running pods. The application is not restarted. */
import { type CommandStreams, write } from '../manifests/rewrite-manifests.js';
import { parseFlags } from '../parse-flags.js';
import { CommandError, EXIT, UsageError } from '../usage.js';
import type { UpgradeResult } from './cluster-module.js';
import { inCluster } from './load.js';

const USAGE = `Usage: logtap upgrade --image IMAGE [POD]... [options]

Replaces the image of the shipper in running pods, without a restart of the application. The rings keep its lines meanwhile.
The cluster, the namespace and the user are those of kubectl (KUBECONFIG, ~/.kube/config).

  POD                    names; without any, all tapped pods of the selection
  --image IMAGE          the new image
  -n, --namespace NAME   namespace of the pods   (default: that of the current context)
  -A, --all-namespaces   pods of all namespaces
  -l, --selector LABELS  pods with these labels, such as app=orders
  --max-unavailable N    pods whose shipper is replaced at the same time   (default: 1)
  --dry-run              report the pods and ask the API server whether it would accept the change; change nothing
  -h, --help

Needs the rights to get, list and patch pods. With those to list events and to get the owners of the pods, it reports more.

Exit codes: 0 all selected pods have the image, 2 some have not, 3 none has, 64 wrong use, 66 no tapped pod,
69 no usable answer of the cluster, 77 no permission.
`;

const OPTIONS = {
  image: { type: 'string' },
  namespace: { type: 'string', short: 'n' },
  'all-namespaces': { type: 'boolean', short: 'A', default: false },
  selector: { type: 'string', short: 'l' },
  'max-unavailable': { type: 'string', default: '1' },
  'dry-run': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h' },
} as const;

/**
 * Runs the command and resolves to its exit code.
 *
 * @throws UsageError, or CommandError when the cluster does not answer or no pod is tapped
 */
export async function upgradeCommand(args: readonly string[], io: CommandStreams): Promise<number> {
  const { values, positionals } = parseFlags(args, OPTIONS, USAGE);
  if (values.help) {
    await write(io.stdout, USAGE);
    return EXIT.OK;
  }
  const { image, namespace, selector, 'all-namespaces': allNamespaces } = values;
  if (image === undefined) throw new UsageError(`upgrade needs --image with the new image of the shipper.\n\n${USAGE}`);
  if (!isImage(image)) {
    throw new UsageError(`--image (${image}) must be an image such as registry.example/cdk8s-logtap:0.2.0`);
  }
  if (allNamespaces && (namespace !== undefined || positionals.length > 0)) {
    throw new UsageError('--all-namespaces excludes --namespace and names of pods. Use one of them.');
  }
  if (selector !== undefined && positionals.length > 0) {
    throw new UsageError('--selector excludes names of pods. Use one of them.');
  }
  const result = await inCluster((cluster) =>
    cluster.upgrade({
      pods: { namespace, allNamespaces, labels: selector, names: positionals },
      image,
      isDryRun: values['dry-run'],
      maxUnavailable: maxUnavailable(values['max-unavailable']),
      report: (line) => io.stdout.write(`${line}\n`),
    }),
  );
  return exitCode(result);
}

/** The grammar of references is the registry's. A word that none could have is a mistake in the command. */
const isImage = (image: string) => /^[a-z0-9][\w.\-/:@]*$/i.test(image);

function maxUnavailable(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new UsageError(`--max-unavailable (${text}) must be a whole number from 1 to 9999`);
}

function exitCode({ replaced, current, refused, failed, left }: UpgradeResult): number {
  const done = replaced + current;
  const undone = refused + failed + left;
  if (done + undone === 0) {
    throw new CommandError('no running pod of the selection is tapped. Check -n, -l or -A', EXIT.NO_INPUT);
  }
  if (undone === 0) return EXIT.OK;
  return done > 0 ? EXIT.IN_PART : EXIT.CANNOT;
}
