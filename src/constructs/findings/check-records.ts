/** Checks that the options of records have an effect on the workload. */
import { REDACTION_SETTINGS, type RedactionKind } from '../../catalog/records/redaction.js';
import { type RecordRule, recordRules, ruleTexts } from '../../catalog/values/record-rules.js';
import type { InjectionPlan } from '../injection/plan.js';
import { TapStreams } from '../props/tap-options.js';
import { hasToken } from '../props/token.js';
import type { ContainerOptions } from '../records/container-options.js';
import { podMetadataOf } from '../sidecar/pod-metadata.js';
import type { Report } from './finding.js';

export function checkRecords(plan: InjectionPlan, report: Report): void {
  checkRules(plan, report);
  checkRedaction(plan, report);
  checkPodMetadata(plan, report);
}

/** Labels and annotations that controllers of Kubernetes add to pods. */
const ADDED =
  /^(pod-template-hash|pod-template-generation|controller-revision-hash|job-name|controller-uid)$|kubernetes\.io\//;

/** Finds labels and annotations that the pod template does not have. */
function checkPodMetadata({ props, template }: InjectionPlan, report: Report): void {
  const { labels, annotations } = podMetadataOf(props);
  const check = (kind: string, names: readonly string[], present: unknown) => {
    for (const name of names.filter((each) => !ADDED.test(each) && !Object.hasOwn(Object(present), each))) {
      const text = `the ${kind} '${name}' that records refer to is not in the pod template`;
      report('LT033', text, 'add it, correct the name, or accept LT033 if another controller adds it');
    }
  };
  const { shipper } = props;
  check('label', labels, { ...shipper.labels, ...Object(template.metadata?.labels) });
  check('annotation', annotations, { ...shipper.annotations, ...template.metadata?.annotations });
}

/** Finds places where secrets remain, and containers that hide less than others. */
function checkRedaction({ props, taps }: InjectionPlan, report: Report): void {
  const { LOGTAP_REDACT, LOGTAP_REDACT_PATTERNS_FILE } = { ...props.shipper.settings, ...props.records.settings };
  const isOfPod = LOGTAP_REDACT !== undefined || LOGTAP_REDACT_PATTERNS_FILE !== undefined;
  const ofPod = kindsIn(LOGTAP_REDACT);
  for (const { container, options } of taps) {
    const { redact, streams, file, suppressStreams, suppressFile } = options;
    const repeated = kindsOf(options).filter((kind) => ofPod.includes(kind));
    if (repeated.length > 0) {
      const text = `'redact' of container '${container.name}' has ${repeated.join(', ')}, which the whole pod hides`;
      report('LT031', text, 'remove what is repeated: a container can only hide more than the pod');
    }
    const places = [
      ...(streams !== TapStreams.NONE && suppressStreams !== true ? ['its own log'] : []),
      ...(file !== undefined && suppressFile !== true ? [file] : []),
    ];
    if (places.length === 0 || (redact === undefined && !isOfPod)) continue;
    const where = places.join(' and ');
    report(
      'LT032',
      `the secrets that 'redact' hides in the records of container '${container.name}' remain in ${where}`,
      "set 'suppressStreams' or 'suppressFile', or accept LT032",
    );
  }
  checkNames(taps, ofPod, report);
}

/** Finds containers whose names a process of another could give to show more. */
function checkNames(taps: InjectionPlan['taps'], ofPod: readonly RedactionKind[], report: Report): void {
  const added = new Set(taps.flatMap(({ options }) => kindsOf(options)).filter((kind) => !ofPod.includes(kind)));
  for (const { container, options } of taps) {
    const shown = [...added].filter((kind) => !kindsOf(options).includes(kind));
    if (shown.length === 0) continue;
    const text = `the records of container '${container.name}' show ${shown.join(', ')}, which other containers hide`;
    report('LT034', text, "hide them with 'redact' of the pod if no process may show them, or accept LT034");
  }
}

const kindsOf = ({ redact }: ContainerOptions) => kindsIn(redact?.kinds.join(','));

/** The kinds of a setting, as far as they are known already. */
const kindsIn = (text: string | undefined): readonly RedactionKind[] =>
  text === undefined || hasToken(text) ? [] : REDACTION_SETTINGS.redact.parse(text);

/** Finds rules that no record of the workload can match. */
function checkRules({ props, taps }: InjectionPlan, report: Report): void {
  const text = props.records.settings.LOGTAP_RULES ?? props.shipper.settings.LOGTAP_RULES;
  if (text === undefined || taps.length === 0) return;
  const rules = recordRules(text);
  const texts = ruleTexts(text);
  const tapped = tappedStreams(taps);
  const names = taps.map(({ container }) => container.name ?? '');
  const last = rules.findIndex(({ conditions }) => conditions.length === 0);
  for (const [i, rule] of rules.entries()) {
    const shown = `the rule '${texts[i]}'`;
    const missing = missingStream(rule, tapped);
    if (missing !== undefined) {
      report('LT031', `${shown} matches only ${missing}, which no container taps`, 'tap it, or remove the rule');
    }
    const other = missingContainer(rule, names);
    if (other !== undefined) {
      const text = `${shown} matches only container '${other}', but the tapped containers are ${names.join(', ')}`;
      report('LT031', text, 'correct the name, or remove the rule');
    }
    if (last >= 0 && i > last) {
      report('LT031', `${shown} follows '${texts[last]}', which matches every record`, 'move it up, or remove it');
    }
  }
}

function tappedStreams(taps: InjectionPlan['taps']): ReadonlySet<string> {
  const streams = taps.flatMap(({ options }) => {
    const { streams: chosen = TapStreams.BOTH, file } = options;
    const standard = chosen === TapStreams.BOTH ? ['stdout', 'stderr'] : [chosen];
    return file === undefined ? standard : [...standard, 'file'];
  });
  return new Set(streams);
}

/** Names of containers that the rule needs and that no tapped one has. */
function missingContainer({ conditions }: RecordRule, names: readonly string[]): string | undefined {
  for (const condition of conditions) {
    if (condition.of !== 'container' || condition.isNegated) continue;
    if (!names.some((name) => condition.glob.matches(name))) return condition.glob.text;
  }
  return undefined;
}

/** A stream that the rule needs and that is not tapped. */
function missingStream({ conditions }: RecordRule, tapped: ReadonlySet<string>): string | undefined {
  return conditions
    .flatMap((condition) => {
      if (condition.of === 'file' && !condition.isNegated) return ['file'];
      return condition.of === 'stream' && !condition.isNegated ? [condition.stream] : [];
    })
    .find((stream) => !tapped.has(stream));
}
