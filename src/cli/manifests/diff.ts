/** `logtap diff`: shows the changes that inject would make, as a patch of the manifests. */
import { createTwoFilesPatch } from 'diff';
import { parseFlags } from '../parse-flags.js';
import { EXIT } from '../usage.js';
import { injected } from './inject.js';
import { formatManifests, placeOf } from './manifests.js';
import { atPlace, type CommandStreams, onePath, readManifests, write } from './rewrite-manifests.js';
import { TAP_OPTIONS, tapProps } from './tap-flags.js';
import { tapUsage } from './tap-usage.js';

const usage = (sink?: string) => `Usage: logtap diff FILE|DIR|- --sink SINK [options]

Shows the changes that inject would make to the workloads of Kubernetes manifests, per object, in the format of diff -u.

${tapUsage(sink)}
  -h, --help

Exit codes: 0 no change, 1 changes, 64 wrong use, 65 malformed manifest, 66 no input, 78 wrong config.
`;

/**
 * Runs the command and resolves to its exit code.
 *
 * @throws UsageError, or CommandError for unusable input
 */
export async function diffCommand(args: readonly string[], io: CommandStreams): Promise<number> {
  const { values, positionals } = parseFlags(args, TAP_OPTIONS, usage);
  if (values.help) {
    await write(io.stdout, usage(values.sink));
    return EXIT.OK;
  }
  const path = onePath('diff', positionals, usage);
  const props = tapProps(values);
  const patches = (await readManifests(path, io)).map((manifest) => {
    const before = formatManifests([manifest.object], 'yaml');
    const after = formatManifests([atPlace(manifest, (object) => injected(object, props).object)], 'yaml');
    if (before === after) return '';
    const place = placeOf(manifest.file, manifest.line);
    return createTwoFilesPatch(place, `${place}, injected`, before, after, undefined, undefined, {
      headerOptions: { includeIndex: false, includeUnderline: false, includeFileHeaders: true },
    });
  });
  await write(io.stdout, patches.join(''));
  return patches.some((patch) => patch !== '') ? EXIT.FOUND : EXIT.OK;
}
