/** `logtap diff`: shows the changes that inject would make, as a patch of the manifests. */
import { createTwoFilesPatch } from 'diff';
import { check } from '../../constructs/findings/check.js';
import { formatFinding } from '../../constructs/findings/finding.js';
import { parseCommand } from '../command-line/parse-command.js';
import { DIFF } from '../commands/manifests.js';
import { type CommandStreams, write } from '../streams.js';
import { structured } from '../structured.js';
import { EXIT } from '../usage.js';
import { editYaml } from './edit/edit-yaml.js';
import { injected } from './inject.js';
import { toYaml } from './kubectl-yaml.js';
import { placeOf } from './manifest-text.js';
import { parseDocuments, readValues } from './manifests.js';
import { atPlace, readManifests } from './rewrite-manifests.js';
import { tapProps } from './tap-flags.js';

/** The text with the edits that inject would make. */
function edited(text: string, after: unknown): string {
  const changes = parseDocuments({ name: 'manifest', text }).map(({ document, value }) => ({
    document,
    before: value,
    after,
  }));
  return editYaml(text, changes, readValues);
}

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
  const changes = (await readManifests(path, io)).flatMap((manifest) => {
    const before = toYaml(manifest.object);
    const after = edited(
      before,
      atPlace(manifest, (object) => injected(object, props).object),
    );
    if (before === after) return [];
    const findings = check(manifest.object, props).filter(({ code }) => code === 'LT037');
    const place = placeOf(manifest.file, manifest.line);
    const patch = createTwoFilesPatch(place, `${place}, injected`, before, after, undefined, undefined, {
      headerOptions: { includeIndex: false, includeUnderline: false, includeFileHeaders: true },
    });
    return [{ place, patch, findings }];
  });
  const text = () => changes.map(({ patch }) => patch).join('');
  await write(io.stdout, values.output === 'text' ? text() : structured(values.output, changes));
  const warnings = changes.flatMap(({ findings }) => findings).map((each) => `! ${formatFinding(each)}\n`);
  await write(io.stderr, warnings.join(''));
  return changes.length > 0 ? EXIT.FOUND : EXIT.OK;
}
