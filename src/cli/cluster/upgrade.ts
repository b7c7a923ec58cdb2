/** `logtap upgrade`: replaces the image of the shipper in running pods. The application is not restarted. */

import { parseCommand } from '../command-line/parse-command.js';
import { UPGRADE } from '../commands/cluster.js';
import { type CommandStreams, write } from '../streams.js';
import { structured } from '../structured.js';
import { CommandError, EXIT, UsageError } from '../usage.js';
import type { ClusterModule, UpgradeEntry, UpgradeResult } from './cluster-module.js';
import { inCluster } from './load.js';
import { selectionOf } from './selection.js';

/**
 * Runs the command and resolves to its exit code.
 *
 * @throws UsageError, or CommandError when the cluster does not answer or no pod is tapped
 */
export async function upgradeCommand(args: readonly string[], io: CommandStreams): Promise<number> {
  const { values, args: names } = parseCommand(UPGRADE, args);
  const { image } = values;
  if (!isImage(image)) {
    throw new UsageError(`--image (${image}) must be an image such as registry.example/cdk8s-logtap:0.2.0`);
  }
  const pods = selectionOf(values, names);
  const { output, 'dry-run': isDryRun } = values;
  const entries: UpgradeEntry[] = [];
  const tell = (entry: UpgradeEntry) => io.stdout.write(`${lineOf(entry)}\n`);
  const act = (cluster: ClusterModule) =>
    cluster.upgrade({
      pods,
      image,
      isDryRun,
      maxUnavailable: maxUnavailable(values['max-unavailable']),
      report: output === 'text' ? tell : (entry) => entries.push(entry),
    });
  let result: UpgradeResult | undefined;
  try {
    result = await inCluster(act);
  } finally {
    // Also after an error: some pods may have the image.
    if (output !== 'text') await write(io.stdout, structured(output, { image, isDryRun, ...result, entries }));
  }
  return exitCode(result);
}

const lineOf = ({ namespace, pod, detail }: UpgradeEntry) =>
  pod === undefined ? detail : `${namespace}/${pod}: ${detail}`;

/** The grammar of references of the registries. A pod with another one gets InvalidImageName, and its shipper ends. */
const HOST = String.raw`(?:\[[0-9a-fA-F:]+\]|[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?)(?::\d+)?`;
const NAME = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const IMAGE = new RegExp(
  String.raw`^(?:${HOST}/)?${NAME}(?:/${NAME})*(?::\w[\w.-]{0,127})?(?:@[a-zA-Z0-9+._-]+:[0-9a-fA-F]{32,})?$`,
);
const isImage = (image: string) => IMAGE.test(image);

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
