/** `logtap check`: reports findings about a tap as text, as JSON or as SARIF. */

import { remedyFor } from '../../catalog/closest.js';
import { check } from '../../constructs/findings/check.js';
import { FindingSeverity, formatFinding } from '../../constructs/findings/finding.js';
import { parseFlags } from '../parse-flags.js';
import { EXIT, UsageError } from '../usage.js';
import { placeOf } from './manifests.js';
import { atPlace, type CommandStreams, onePath, readManifests, write } from './rewrite-manifests.js';
import { type PlacedFinding, sarif } from './sarif.js';
import { TAP_OPTIONS, tapProps } from './tap-flags.js';
import { tapUsage } from './tap-usage.js';

const usage = (sink?: string) => `Usage: logtap check FILE|DIR|- --sink SINK [options]

Reports findings about a tap on the workloads of Kubernetes manifests, on standard output.

${tapUsage(sink)}
  --format FORMAT        text, json or sarif   (default: text)
  -h, --help

Exit codes: 0 no error, 1 an error was found, 64 wrong use, 65 malformed manifest, 66 no input, 78 wrong config.
`;

const OPTIONS = { ...TAP_OPTIONS, format: { type: 'string' } } as const;

const textLine = (finding: PlacedFinding) =>
  `${placeOf(finding.file, finding.line)}: ${finding.severity} ${formatFinding(finding)}\n`;

const FORMATS: ReadonlyMap<string, (findings: readonly PlacedFinding[]) => string> = new Map([
  ['text', (findings) => findings.map(textLine).join('')],
  ['json', (findings) => `${JSON.stringify(findings, null, 2)}\n`],
  ['sarif', (findings) => `${JSON.stringify(sarif(findings), null, 2)}\n`],
]);

/**
 * Runs the command and resolves to its exit code.
 *
 * @throws UsageError, or CommandError for unusable input
 */
export async function checkCommand(args: readonly string[], io: CommandStreams): Promise<number> {
  const { values, positionals } = parseFlags(args, OPTIONS, usage);
  if (values.help) {
    await write(io.stdout, usage(values.sink));
    return EXIT.OK;
  }
  const path = onePath('check', positionals, usage);
  const { format = 'text' } = values;
  const print = FORMATS.get(format);
  if (print === undefined) {
    const names = [...FORMATS.keys()];
    throw new UsageError(
      `--format (${format}) must be one of ${names.join(', ')}: ${remedyFor(format, names, 'correct it')}`,
    );
  }
  const props = tapProps(values);
  const findings = (await readManifests(path, io)).flatMap((manifest) =>
    atPlace(manifest, (object) => check(object, props)).map(
      (finding): PlacedFinding => ({ ...finding, file: manifest.file, line: manifest.line }),
    ),
  );
  await write(io.stdout, print(findings));
  return findings.some(({ severity }) => severity === FindingSeverity.ERROR) ? EXIT.FOUND : EXIT.OK;
}
