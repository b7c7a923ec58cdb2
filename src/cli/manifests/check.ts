/** `logtap check`: reports findings about a tap as a checklist, as data or as SARIF. */

import { checklistLine } from '../../checklist.js';
import { type Colours, coloursFor, wantsColour } from '../../colours.js';
import { check } from '../../constructs/findings/check.js';
import { namespaceRules } from '../../constructs/findings/check-namespace.js';
import { FindingSeverity, formatFinding } from '../../constructs/findings/finding.js';
import { embeddedTemplates } from '../../constructs/injection/embedded/templates.js';
import { planInjection } from '../../constructs/injection/plan.js';
import { type KubernetesObject, objectName } from '../../constructs/injection/workload.js';
import type { ResolvedProps } from '../../constructs/props/resolve.js';
import { printable } from '../../printable.js';
import { parseCommand } from '../command-line/parse-command.js';
import { CHECK } from '../commands/manifests.js';
import { type CommandStreams, write } from '../streams.js';
import { structured } from '../structured.js';
import { EXIT } from '../usage.js';
import { placeOf } from './manifest-text.js';
import { atPlace, readManifests } from './rewrite-manifests.js';
import { type PlacedFinding, sarif } from './sarif.js';
import { tapProps } from './tap-flags.js';
import { untappedBeside, whyUntapped } from './why-untapped.js';

const STATUS = {
  [FindingSeverity.ERROR]: 'failure',
  [FindingSeverity.WARNING]: 'warning',
  [FindingSeverity.INFO]: 'info',
} as const;

/** What was found about one object. */
interface Checked {
  readonly place: string;
  readonly name: string;
  readonly findings: readonly PlacedFinding[];
  readonly isTapped: boolean;
  /** The reason why its pods are not tapped. */
  readonly untapped: string | undefined;
  /** Where they are, beside others that are tapped. */
  readonly pointer?: string;
}

interface Given {
  readonly props: ResolvedProps;
  /** LimitRanges and ResourceQuotas among the manifests. */
  readonly rules: readonly KubernetesObject[];
}

/** Each pod template inside an object is checked as an object. */
function checked(object: KubernetesObject, { props, rules }: Given, file: string, line: number): Checked[] {
  const plan = planInjection(object, props);
  const templates = plan === undefined ? embeddedTemplates(object, props.podTemplates) : [];
  if (templates.length > 0) {
    const all = templates.flatMap(({ workload }) => checked(workload, { props, rules }, file, line));
    const beside = untappedBeside(object, templates);
    if (beside === undefined) return all;
    const { pointer, reason } = beside;
    const name = objectName(object);
    const other = { place: placeOf(file, line), name, findings: [], isTapped: false, untapped: reason, pointer };
    return [...all, other];
  }
  return [
    {
      place: placeOf(file, line),
      name: objectName(object),
      findings: check(object, props, rules).map((finding) => ({ ...finding, file, line })),
      isTapped: plan !== undefined,
      untapped: whyUntapped(object, plan, props),
    },
  ];
}

/** A line per finding, or else one per object with pods. */
function checklist({ place, name, findings, isTapped, untapped, pointer }: Checked, colours: Colours): string {
  const line = (status: Parameters<typeof checklistLine>[0], text: string) =>
    checklistLine(status, printable(`${place}: ${text}`), colours);
  if (findings.length > 0)
    return findings.map((finding) => line(STATUS[finding.severity], formatFinding(finding))).join('');
  const where = pointer === undefined ? '' : ` at ${pointer}`;
  if (untapped !== undefined) return line('info', `${name} is not tapped${where} (${untapped})`);
  return isTapped ? line('pass', name) : '';
}

type All = readonly Checked[];

const findingsOf = (all: All) => all.flatMap(({ findings }) => findings);

const FORMATS = {
  text: (all: All, colours: Colours) => all.map((each) => checklist(each, colours)).join(''),
  json: (all: All) => structured('json', findingsOf(all)),
  yaml: (all: All) => structured('yaml', findingsOf(all)),
  sarif: (all: All) => structured('json', sarif(findingsOf(all))),
} as const;

/**
 * Runs the command and resolves to its exit code.
 *
 * @throws UsageError, or CommandError for unusable input
 */
export async function checkCommand(args: readonly string[], io: CommandStreams): Promise<number> {
  const { values, args: paths } = parseCommand(CHECK, args);
  const props = tapProps(values);
  const manifests = await readManifests(paths[0]!, io);
  const given = { props, rules: namespaceRules(manifests.map(({ object }) => object)) };
  const all = manifests.flatMap((manifest) =>
    atPlace(manifest, (object) => checked(object, given, manifest.file, manifest.line)),
  );
  const isTerminal = 'isTTY' in io.stdout && io.stdout.isTTY === true;
  const colours = coloursFor(wantsColour(values.color, process.env, isTerminal));
  await write(io.stdout, FORMATS[values.output](all, colours));
  const hasError = findingsOf(all).some(({ severity }) => severity === FindingSeverity.ERROR);
  return hasError ? EXIT.FOUND : EXIT.OK;
}
