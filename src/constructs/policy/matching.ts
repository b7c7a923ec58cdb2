/** Which pods a policy changes. */

import { BUILD_LABEL, OS_LABELS, RUNTIME_CLASS } from '../findings/windows.js';
import { INJECT, INJECT_DISABLED, ORIGINAL_ANNOTATION } from '../injection/annotations.js';
import { MIRROR_ANNOTATION } from '../injection/made-elsewhere.js';
import { literal, type Variable } from './cel.js';

/** On a namespace, or on a pod: the name of the policy that taps its pods, or that taps it. */
export const POLICY_LABEL = 'logtap.dev/policy';

const annotation = (name: string) => `object.metadata.?annotations[?${literal(name)}]`;

const windowsOptions = (owner: string) => `${owner}.?securityContext.?windowsOptions.orValue({}).size() > 0`;

const WANTS_WINDOWS = `(m.key == ${literal(BUILD_LABEL)} ? m.operator in ["In", "Exists"]
      : m.key in ${literal(OS_LABELS)} && (m.operator == "In"
        ? m.?values.orValue([]).all(v, v == "windows")
        : m.operator == "NotIn" && "linux" in m.?values.orValue([])))`;

/** As `isForWindows` judges it. */
const IS_FOR_WINDOWS = `object.spec.?os.?name.optMap(name, name == "windows").orValue(
  object.spec.?runtimeClassName.orValue("").matches(${literal(RUNTIME_CLASS.source)})
  || ${literal(OS_LABELS)}.exists(label, object.spec.?nodeSelector[?label].orValue("") == "windows")
  || object.spec.?nodeSelector[?${literal(BUILD_LABEL)}].orValue("") != ""
  || [object.spec.?affinity.?nodeAffinity.?requiredDuringSchedulingIgnoredDuringExecution.?nodeSelectorTerms.orValue([])]
    .exists(terms, terms.size() > 0 && terms.all(t, t.?matchExpressions.orValue([]).exists(m, ${WANTS_WINDOWS})))
  || ${windowsOptions('object.spec')}
  || (object.spec.containers + object.spec.?initContainers.orValue([])).exists(c, ${windowsOptions('c')}))`;

/** A pod that one of them excludes stays as it is. */
export const matchConditions = (policy: string): Variable[] => [
  // The label of a pod overrides that of its namespace.
  {
    name: 'of-this-policy',
    expression: `object.metadata.?labels[?${literal(POLICY_LABEL)}].orValue(${literal(policy)}) == ${literal(policy)}`,
  },
  { name: 'not-disabled', expression: `${annotation(INJECT)}.orValue("") != ${literal(INJECT_DISABLED)}` },
  { name: 'not-injected', expression: `!${annotation(ORIGINAL_ANNOTATION)}.hasValue()` },
  { name: 'not-static', expression: `!${annotation(MIRROR_ANNOTATION)}.hasValue()` },
  { name: 'for-linux', expression: `!${IS_FOR_WINDOWS}` },
];
