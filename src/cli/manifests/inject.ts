/** `logtap inject`: injects the tap into manifests in YAML, as the constructs do. */
import { isDeepStrictEqual } from 'node:util';
import { findingsOf } from '../../constructs/findings/check.js';
import { formatFinding, warningsOf } from '../../constructs/findings/finding.js';
import { apply, inject } from '../../constructs/injection/inject.js';
import { madeElsewhere } from '../../constructs/injection/made-elsewhere.js';
import { type InjectionPlan, planInjection } from '../../constructs/injection/plan.js';
import { isWorkload, type KubernetesObject, objectName } from '../../constructs/injection/workload.js';
import type { ResolvedProps } from '../../constructs/props/resolve.js';
import { parseCommand } from '../command-line/parse-command.js';
import { INJECT } from '../commands/manifests.js';
import type { CommandStreams } from '../streams.js';
import { EXIT } from '../usage.js';
import { type Change, rewriteManifests } from './rewrite-manifests.js';
import { tapProps } from './tap-flags.js';

/**
 * Runs the command and resolves to its exit code.
 *
 * @throws UsageError, or CommandError for unusable input; then nothing was written to `io.stdout`
 */
export async function injectCommand(argv: readonly string[], io: CommandStreams): Promise<number> {
  const {
    values,
    args: [path = ''],
  } = parseCommand(INJECT, argv);
  const props = tapProps(values);
  await rewriteManifests({ path, format: values.output, change: (object) => injected(object, props) }, io);
  return EXIT.OK;
}

/** The object with the tap, and its report. */
export function injected(object: KubernetesObject, props: ResolvedProps): Change {
  const name = objectName(object);
  const plan = planInjection(object, props);
  const reason = whyUntapped(object, plan);
  if (plan === undefined) {
    const line = reason === undefined ? `= unchanged ${name}` : `- skipped ${name} (${reason})`;
    return { object: inject(object, props), report: [line] };
  }
  const findings = findingsOf(plan);
  const result = apply(plan, findings);
  const isSame = isDeepStrictEqual(result, object);
  if (reason !== undefined) {
    return { object: result, report: [isSame ? `- skipped ${name} (${reason})` : `- uninjected ${name}`] };
  }
  const warnings = warningsOf(findings).map((finding) => `! ${formatFinding(finding)}`);
  return { object: result, report: [`${isSame ? '= unchanged' : '+ injected'} ${name}`, ...warnings] };
}

/** Why the pods of an object are not tapped. `undefined` if they are, and for an object without pods. */
export function whyUntapped(object: KubernetesObject, plan: InjectionPlan | undefined): string | undefined {
  if (plan !== undefined) return plan.annotations.isDisabled ? 'logtap.dev/inject: disabled' : undefined;
  const elsewhere = isWorkload(object.apiVersion, object.kind) ? madeElsewhere(object) : undefined;
  if (elsewhere !== undefined) return `${elsewhere.reason}: ${elsewhere.remedy}`;
  return hasPods(object) ? `it has pods, but ${object.apiVersion} ${object.kind} is not a known kind` : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** Whether the object has a pod template at the path of a workload. */
function hasPods({ spec }: KubernetesObject): boolean {
  const paths = [
    ['template', 'spec', 'containers'],
    ['jobTemplate', 'spec', 'template', 'spec', 'containers'],
  ];
  return paths.some((path) =>
    Array.isArray(path.reduce<unknown>((value, field) => (value as Fields | undefined)?.[field], spec)),
  );
}
