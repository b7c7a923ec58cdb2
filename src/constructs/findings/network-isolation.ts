/** Whether a NetworkPolicy of the same app cuts the shipper off. */
import { embeddedTemplates } from '../injection/embedded/templates.js';
import { madeElsewhere } from '../injection/made-elsewhere.js';
import { listItems } from '../injection/object-list.js';
import { isWorkload, objectName, podTemplate } from '../injection/workload.js';
import type { ResolvedProps } from '../props/resolve.js';
import { type Finding, finding } from './finding.js';

/** LT016 for each policy among the objects of the app that selects the pods of a workload and allows no egress. */
export function isolationFindings(manifest: any, props: ResolvedProps, neighbours: readonly any[]): Finding[] {
  if (props.accept.has('LT016') || (props.sink.name === 'stdout' && props.sink.egress.length === 0)) return [];
  const items = listItems(manifest);
  if (items !== undefined) return items.flatMap((item) => isolationFindings(item, props, neighbours));
  const templates = embeddedTemplates(manifest, props.podTemplates);
  if (templates.length > 0) return templates.flatMap((each) => isolationFindings(each.workload, props, neighbours));
  if (!isWorkload(manifest.apiVersion, manifest.kind) || madeElsewhere(manifest) !== undefined) return [];
  const labels: any = podTemplate(manifest).metadata?.labels ?? {};
  return neighbours
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .filter((policy) => isShut(policy) && selects(policy, labels) && sameNamespace(policy, manifest))
    .map((policy) =>
      finding(
        'LT016',
        objectName(manifest),
        `${objectName(policy)} selects its pods and allows no egress, so the shipper reaches neither the sink nor DNS`,
        'allow egress to the sink, or accept LT016 if another policy does',
      ),
    );
}

function isShut({ spec }: any): boolean {
  // Expressions are not evaluated, because a wrong warning is worse than none.
  if (spec?.podSelector?.matchExpressions?.length > 0) return false;
  return spec?.policyTypes?.includes('Egress') && !(spec?.egress?.length > 0);
}

const selects = ({ spec }: any, labels: Record<string, string>) =>
  Object.entries(spec?.podSelector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value);

const sameNamespace = (a: any, b: any) => (a.metadata?.namespace ?? '') === (b.metadata?.namespace ?? '');
