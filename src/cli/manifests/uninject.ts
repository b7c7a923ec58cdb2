/** `logtap uninject`: removes the tap and the sidecar from manifests exactly. */
import { isDeepStrictEqual } from 'node:util';
import { uninjectManifest } from '../../constructs/injection/uninject.js';
import { type KubernetesObject, objectName } from '../../constructs/injection/workload.js';
import { parseCommand } from '../command-line/parse-command.js';
import { UNINJECT } from '../commands/manifests.js';
import type { CommandStreams } from '../streams.js';
import { EXIT } from '../usage.js';
import { type Change, rewriteManifests } from './rewrite-manifests.js';

/**
 * Runs the command and resolves to its exit code.
 *
 * @throws UsageError, or CommandError for unusable input; then nothing was written to `io.stdout`
 */
export async function uninjectCommand(args: readonly string[], io: CommandStreams): Promise<number> {
  const {
    values,
    args: [path = ''],
  } = parseCommand(UNINJECT, args);
  await rewriteManifests({ path, format: values.output, change: () => uninjected }, io);
  return EXIT.OK;
}

function uninjected(object: KubernetesObject): Change {
  const result = uninjectManifest(object);
  const sign = isDeepStrictEqual(result, object) ? '= unchanged' : '- uninjected';
  return { object: result, report: [`${sign} ${objectName(object)}`] };
}
