/** Whether a pod can run only on Windows, judged by all fields that schedule it there. */
import type { PodSpec } from '../injection/workload.js';

export const OS_LABELS: readonly string[] = ['kubernetes.io/os', 'beta.kubernetes.io/os'];
/** Only Windows nodes have this label. */
export const BUILD_LABEL = 'node.kubernetes.io/windows-build';
/** The documentation of Kubernetes names the class of a Windows version so, as in `windows-2019`. */
export const RUNTIME_CLASS = /^windows(-|$)/;

export function isForWindows(spec: PodSpec): boolean {
  const { os, nodeSelector, affinity, runtimeClassName } = spec as any;
  if (os?.name !== undefined) return os.name === 'windows';
  if (RUNTIME_CLASS.test(String(runtimeClassName))) return true;
  if (OS_LABELS.some((label) => nodeSelector?.[label] === 'windows') || nodeSelector?.[BUILD_LABEL]) return true;
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  // A node must match one of the terms.
  if (Array.isArray(terms) && terms.length > 0 && terms.every(wantsWindows)) return true;
  const contexts = [spec, ...spec.containers, ...(spec.initContainers ?? [])].map((each: any) => each.securityContext);
  return contexts.some((context) => Object.keys(context?.windowsOptions ?? {}).length > 0);
}

const listOf = (value: unknown): any[] => (Array.isArray(value) ? value : []);

function wantsWindows(term: any): boolean {
  return listOf(term?.matchExpressions).some((expression) => {
    const { key, operator } = expression ?? {};
    const values = listOf(expression?.values);
    if (key === BUILD_LABEL) return operator === 'In' || operator === 'Exists';
    if (!OS_LABELS.includes(key)) return false;
    return operator === 'In'
      ? values.length > 0 && values.every((value: unknown) => value === 'windows')
      : isNotLinux(operator, values);
  });
}

const isNotLinux = (operator: string, values: readonly unknown[]) => operator === 'NotIn' && values.includes('linux');
