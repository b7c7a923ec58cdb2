/** Finds what a tap changes for the pod as a whole, and what it leaves out, where the manifest alone does not show it. */
import { type AddedParts, addedParts, containersOf } from '../injection/added-parts.js';
import type { InjectionPlan } from '../injection/plan.js';
import { hasStorageLimit, isGuaranteed } from '../injection/pod-budget.js';
import { objectName } from '../injection/workload.js';
import type { Report } from './finding.js';

export function checkPod(plan: InjectionPlan, report: Report): void {
  checkClass(plan, report);
  checkNativeSidecars(plan, report);
  checkUpdate(plan, report);
}

/** Finds a pod that leaves the class Guaranteed. The resources of a pod as a whole are raised, and decide alone. */
function checkClass(plan: InjectionPlan, report: Report): void {
  const { spec } = plan.template;
  const added = partsFor(plan);
  const hasOwn = Object.keys(spec.resources ?? {}).length > 0;
  if (hasOwn || !isGuaranteed([...spec.containers, ...(spec.initContainers ?? [])])) return;
  if (isGuaranteed(containersOf(added))) return;
  report(
    'LT035',
    'the quality of service of the pod becomes Burstable, because the shipper may use more than it requests',
    "set 'shipper.cpuLimitMillis' to 'shipper.cpuRequestMillis' and 'shipper.memoryRequestMiB' to 'shipper.memoryLimitMiB', or accept LT035",
  );
}

/** @throws if the last patch does not apply to what the pod gets */
function partsFor({ workload, template: { spec }, props, isEndless }: InjectionPlan): AddedParts {
  try {
    return addedParts(props, { isEndless, graceSeconds: 0, hasStorageLimit: hasStorageLimit(spec) });
  } catch (error) {
    throw new Error(`${objectName(workload)}: ${(error as Error).message}`);
  }
}

/** Finds native sidecars of the application whose lines are not shipped. */
function checkNativeSidecars({ template, selection }: InjectionPlan, report: Report): void {
  if (selection.containers !== undefined) return;
  for (const { name, restartPolicy } of template.spec.initContainers ?? []) {
    if (restartPolicy !== 'Always' || selection.excludeContainers.includes(name)) continue;
    const text = `the native sidecar '${name}' is an init container and not tapped, so its lines are not shipped`;
    report('LT036', text, "name every container to tap in 'containers', or name it in 'excludeContainers'");
  }
}

/** Finds an object whose pod template cannot be changed once the object exists. */
function checkUpdate({ workload }: InjectionPlan, report: Report): void {
  const { kind, metadata } = workload;
  if ((kind !== 'Job' && kind !== 'Pod') || metadata?.name === undefined) return;
  const text = `if the ${kind} exists, \`kubectl apply\` cannot add, change or remove the tap`;
  report('LT037', text, `delete the ${kind} first, or use \`kubectl replace --force\``);
}
