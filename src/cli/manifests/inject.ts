/** `logtap inject`: injects the tap into manifests in YAML, as the constructs do. */
import { isDeepStrictEqual } from 'node:util';
import { findingsOf } from '../../constructs/findings/check.js';
import { namespaceRules } from '../../constructs/findings/check-namespace.js';
import { formatFinding, warningsOf } from '../../constructs/findings/finding.js';
import { embeddedTemplates, withTemplates } from '../../constructs/injection/embedded/templates.js';
import { apply, inject } from '../../constructs/injection/inject.js';
import { planInjection } from '../../constructs/injection/plan.js';
import { canonicalObject, type KubernetesObject, objectName } from '../../constructs/injection/workload.js';
import type { ResolvedProps } from '../../constructs/props/resolve.js';
import { parseCommand } from '../command-line/parse-command.js';
import { INJECT } from '../commands/manifests.js';
import type { CommandStreams } from '../streams.js';
import { EXIT } from '../usage.js';
import { type Change, rewriteManifests } from './rewrite-manifests.js';
import { tapProps } from './tap-flags.js';
import { untappedBeside, whyUntapped } from './why-untapped.js';
import { writePolicy } from './write-policy.js';

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
  const policy = values['as-policy'];
  if (policy !== undefined) {
    await writePolicy(policy, props, values.output ?? 'yaml', io);
    return EXIT.OK;
  }
  const change = (all: readonly KubernetesObject[]) => {
    const rules = namespaceRules(all);
    return (object: KubernetesObject) => injected(object, props, rules);
  };
  await rewriteManifests({ path, format: values.output, change }, io);
  return EXIT.OK;
}

/**
 * The object with the tap, and its report, with a line for each pod template inside it.
 *
 * @param rules LimitRanges and ResourceQuotas that come with the object
 */
export function injected(
  object: KubernetesObject,
  props: ResolvedProps,
  rules: readonly KubernetesObject[] = [],
): Change {
  const name = objectName(object);
  const plan = planInjection(object, props);
  if (plan === undefined) {
    const templates = embeddedTemplates(object, props.podTemplates);
    if (templates.length > 0) {
      const changes = templates.map(({ workload }) => injected(workload, props, rules));
      const report = changes.flatMap((change) => change.report);
      const beside = untappedBeside(object, templates);
      if (beside !== undefined) report.push(`- skipped ${name} at ${beside.pointer} (${beside.reason})`);
      return {
        object: canonicalObject(
          withTemplates(
            object,
            templates,
            changes.map((change) => change.object),
          ),
        ),
        report,
      };
    }
  }
  const reason = whyUntapped(object, plan, props);
  if (plan === undefined) {
    const line = reason === undefined ? `= unchanged ${name}` : `- skipped ${name} (${reason})`;
    return { object: inject(object, props), report: [line] };
  }
  const findings = findingsOf(plan, rules);
  const result = apply(plan, findings);
  const isSame = isDeepStrictEqual(result, object);
  if (reason !== undefined) {
    return { object: result, report: [isSame ? `- skipped ${name} (${reason})` : `- uninjected ${name}`] };
  }
  const warnings = warningsOf(findings).map((finding) => `! ${formatFinding(finding)}`);
  return { object: result, report: [`${isSame ? '= unchanged' : '+ injected'} ${name}`, ...warnings] };
}
