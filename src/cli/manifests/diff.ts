/** `logtap diff`: shows the changes that inject would make, as a patch of the manifests. */
import { createTwoFilesPatch } from 'diff';
import { check } from '../../constructs/findings/check.js';
import { formatFinding } from '../../constructs/findings/finding.js';
import { parseCommand } from '../command-line/parse-command.js';
import { DIFF } from '../commands/manifests.js';
import { type CommandStreams, write } from '../streams.js';
import { EXIT } from '../usage.js';
import { injected } from './inject.js';
import { formatManifests, placeOf } from './manifests.js';
import { atPlace, readManifests } from './rewrite-manifests.js';
import { tapProps } from './tap-flags.js';

/**
 * Runs the command and resolves to its exit code.
 *
 * @throws UsageError, or CommandError for unusable input
 */
export async function diffCommand(args: readonly string[], io: CommandStreams): Promise<number> {
  const {
    values,
    args: [path = ''],
  } = parseCommand(DIFF, args);
  const props = tapProps(values);
  const updates: string[] = [];
  const patches = (await readManifests(path, io)).map((manifest) => {
    const before = formatManifests([manifest.object], 'yaml');
    const after = formatManifests([atPlace(manifest, (object) => injected(object, props).object)], 'yaml');
    if (before === after) return '';
    const ofUpdate = check(manifest.object, props).filter(({ code }) => code === 'LT037');
    updates.push(...ofUpdate.map((finding) => `! ${formatFinding(finding)}\n`));
    const place = placeOf(manifest.file, manifest.line);
    return createTwoFilesPatch(place, `${place}, injected`, before, after, undefined, undefined, {
      headerOptions: { includeIndex: false, includeUnderline: false, includeFileHeaders: true },
    });
  });
  await write(io.stdout, patches.join(''));
  await write(io.stderr, updates.join(''));
  return patches.some((patch) => patch !== '') ? EXIT.FOUND : EXIT.OK;
}
