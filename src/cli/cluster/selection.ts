/** The pods that a command is about, from the flags that such commands share. */
import { CommandError, EXIT, UsageError } from '../usage.js';
import type { PodSelection } from './cluster-module.js';

export interface SelectionFlags {
  readonly namespace?: string;
  readonly selector?: string;
  readonly 'all-namespaces': boolean;
}

/** @throws UsageError for flags that exclude each other */
export function selectionOf(
  { namespace, selector, 'all-namespaces': allNamespaces }: SelectionFlags,
  names: readonly string[],
): PodSelection {
  if (allNamespaces && (namespace !== undefined || names.length > 0)) {
    throw new UsageError('--all-namespaces excludes --namespace and names of pods. Use one of them.');
  }
  if (selector !== undefined && names.length > 0) {
    throw new UsageError('--selector excludes names of pods. Use one of them.');
  }
  return { namespace, allNamespaces, labels: selector, names };
}

export const noTappedPod = () =>
  new CommandError('no running pod of the selection is tapped. Check -n, -l or -A', EXIT.NO_INPUT);
