/** `logtap uninject`: removes the tap and the sidecar from manifests exactly. */
import { isDeepStrictEqual } from 'node:util';
import { uninjectManifest } from '../../constructs/injection/uninject.js';
import { type KubernetesObject, objectName } from '../../constructs/injection/workload.js';
import { parseFlags } from '../parse-flags.js';
import { EXIT } from '../usage.js';
import { type Change, type CommandStreams, onePath, rewriteManifests, write } from './rewrite-manifests.js';

const USAGE = `Usage: logtap uninject FILE|DIR|- [-o yaml|json]

Removes the injection from Kubernetes manifests and restores the replaced fields. Writes the manifests to standard output,
and one line per object to standard error.

Exit codes: 0 done, 64 wrong use, 65 malformed manifest, 66 no input. On any error nothing is written.
`;

const OPTIONS = { output: { type: 'string', short: 'o' }, help: { type: 'boolean', short: 'h' } } as const;

/**
 * Runs the command and resolves to its exit code.
 *
 * @throws UsageError, or CommandError for unusable input; then nothing was written to `io.stdout`
 */
export async function uninjectCommand(args: readonly string[], io: CommandStreams): Promise<number> {
  const { values, positionals } = parseFlags(args, OPTIONS, USAGE);
  if (values.help) {
    await write(io.stdout, USAGE);
    return EXIT.OK;
  }
  const path = onePath('uninject', positionals, () => USAGE);
  await rewriteManifests({ path, format: values.output, change: uninjected }, io);
  return EXIT.OK;
}

function uninjected(object: KubernetesObject): Change {
  const result = uninjectManifest(object);
  const sign = isDeepStrictEqual(result, object) ? '= unchanged' : '- uninjected';
  return { object: result, report: [`${sign} ${objectName(object)}`] };
}
