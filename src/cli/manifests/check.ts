/** `logtap check`: reports findings about a tap as text, as JSON or as SARIF. */

import { check } from '../../constructs/findings/check.js';
import { FindingSeverity, formatFinding } from '../../constructs/findings/finding.js';
import { parseCommand } from '../command-line/parse-command.js';
import { CHECK } from '../commands/manifests.js';
import { type CommandStreams, write } from '../streams.js';
import { structured } from '../structured.js';
import { EXIT } from '../usage.js';
import { placeOf } from './manifests.js';
import { atPlace, readManifests } from './rewrite-manifests.js';
import { type PlacedFinding, sarif } from './sarif.js';
import { tapProps } from './tap-flags.js';

const textLine = (finding: PlacedFinding) =>
  `${placeOf(finding.file, finding.line)}: ${finding.severity} ${formatFinding(finding)}\n`;

type Findings = readonly PlacedFinding[];

const FORMATS = {
  text: (findings: Findings) => findings.map(textLine).join(''),
  json: (findings: Findings) => structured('json', findings),
  yaml: (findings: Findings) => structured('yaml', findings),
  sarif: (findings: Findings) => structured('json', sarif(findings)),
} as const;

/**
 * Runs the command and resolves to its exit code.
 *
 * @throws UsageError, or CommandError for unusable input
 */
export async function checkCommand(args: readonly string[], io: CommandStreams): Promise<number> {
  const { values, args: paths } = parseCommand(CHECK, args);
  const props = tapProps(values);
  const findings = (await readManifests(paths[0]!, io)).flatMap((manifest) =>
    atPlace(manifest, (object) => check(object, props)).map(
      (finding): PlacedFinding => ({ ...finding, file: manifest.file, line: manifest.line }),
    ),
  );
  await write(io.stdout, FORMATS[values.output](findings));
  return findings.some(({ severity }) => severity === FindingSeverity.ERROR) ? EXIT.FOUND : EXIT.OK;
}
