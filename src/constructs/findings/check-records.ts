/** Checks that the options of records have an effect on the workload. */
import { type RecordRule, recordRules, ruleTexts } from '../../catalog/values/record-rules.js';
import type { InjectionPlan } from '../injection/plan.js';
import { TapStreams } from '../props/tap-options.js';
import type { Code } from './finding.js';

type Report = (code: Code, message: string, remedy: string) => void;

/** Finds rules that no record of the workload can match. */
export function checkRecords({ props, taps }: InjectionPlan, report: Report): void {
  const text = props.records.settings.LOGTAP_RULES ?? props.shipper.settings.LOGTAP_RULES;
  if (text === undefined || taps.length === 0) return;
  const rules = recordRules(text);
  const texts = ruleTexts(text);
  const tapped = tappedStreams(taps);
  const last = rules.findIndex(({ conditions }) => conditions.length === 0);
  for (const [i, rule] of rules.entries()) {
    const shown = `the rule '${texts[i]}'`;
    const missing = missingStream(rule, tapped);
    if (missing !== undefined) {
      report('LT031', `${shown} matches only ${missing}, which no container taps`, 'tap it, or remove the rule');
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

/** A stream that the rule needs and that is not tapped. */
function missingStream({ conditions }: RecordRule, tapped: ReadonlySet<string>): string | undefined {
  return conditions
    .flatMap((condition) => {
      if (condition.of === 'file' && !condition.isNegated) return ['file'];
      return condition.of === 'stream' && !condition.isNegated ? [condition.stream] : [];
    })
    .find((stream) => !tapped.has(stream));
}
