/** The containers and volumes that a policy adds: those that injection adds to a pod, with what depends on the pod as expressions. */
import { type AddedParts, addedParts } from '../injection/added-parts.js';
import { podGraceSeconds, type ShipperRun } from '../injection/shipper.js';
import type { ResolvedProps } from '../props/resolve.js';
import type { Variable } from './cel.js';
import { either, general } from './renderings.js';

/** Grace periods that no pod has, to find their places. */
const GRACES = [123_456_701, 123_456_702] as const;

const HAS_STORAGE_LIMIT = 'variables.hasStorageLimit';
const GRACE = 'string(variables.graceSeconds)';

/** What the added parts depend on. The shipper is a native sidecar, so the pod's grace period has an addend. */
export const addedVariables = (props: ResolvedProps): Variable[] => [
  {
    name: 'hasStorageLimit',
    expression: 'variables.all.exists(c, c.?resources.?limits[?"ephemeral-storage"].hasValue())',
  },
  {
    name: 'graceSeconds',
    expression: `object.spec.?terminationGracePeriodSeconds.orValue(30) + ${podGraceSeconds(props, runOf(0))}`,
  },
];

const runOf = (graceSeconds: number, hasStorageLimit = false): ShipperRun => ({
  isEndless: true,
  graceSeconds,
  hasStorageLimit,
});

/** @throws if `shipper.patch` does not apply, or makes of the grace period what a policy cannot express */
export function addedByPolicy(props: ResolvedProps): Record<keyof AddedParts, unknown> {
  const [one, other] = GRACES;
  const texts = [one, other].map((grace) => String(podGraceSeconds(props, runOf(grace)))) as [string, string];
  const rendered = (hasStorageLimit: boolean) =>
    general(addedParts(props, runOf(one, hasStorageLimit)), addedParts(props, runOf(other, hasStorageLimit)), {
      texts,
      expression: GRACE,
    });
  return either(HAS_STORAGE_LIMIT, rendered(true), rendered(false)) as Record<keyof AddedParts, unknown>;
}
