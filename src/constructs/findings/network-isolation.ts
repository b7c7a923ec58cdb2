/** Whether a NetworkPolicy of the same app cuts the shipper off. */
import { ApiObject } from 'cdk8s';
import type { IConstruct } from 'constructs';
import { embeddedTemplates } from '../injection/embedded/templates.js';
import { madeElsewhere } from '../injection/made-elsewhere.js';
import { listItems } from '../injection/object-list.js';
import { isWorkload, objectName, podTemplate } from '../injection/workload.js';
import type { ResolvedProps } from '../props/resolve.js';
import { type Finding, finding } from './finding.js';

/** LT016 for each policy of the app that selects the pods of a workload and allows no egress. */
export function isolationFindings(workload: IConstruct, manifest: any, props: ResolvedProps): Finding[] {
  if (props.accept.has('LT016') || props.sink.name === 'stdout') return [];
  const items = listItems(manifest);
  if (items !== undefined) return items.flatMap((item) => isolationFindings(workload, item, props));
  const templates = embeddedTemplates(manifest, props.podTemplates);
  if (templates.length > 0) return templates.flatMap((each) => isolationFindings(workload, each.workload, props));
  if (!isWorkload(manifest.apiVersion, manifest.kind) || madeElsewhere(manifest) !== undefined) return [];
  const labels: any = podTemplate(manifest).metadata?.labels ?? {};
  return shutPolicies(workload.node.root)
    .filter((policy) => selects(policy, labels) && sameNamespace(policy, manifest))
    .map((policy) =>
      finding(
        'LT016',
        objectName(manifest),
        `${objectName(policy)} selects its pods and allows no egress, so the shipper reaches neither the sink nor DNS`,
        'allow egress to the sink, or accept LT016 if another policy does',
      ),
    );
}

/** The rendered policies of an app that allow no egress, cached until the next validation. */
const shut = new WeakMap<IConstruct, readonly any[]>();
const watched = new WeakSet<IConstruct>();

/** Rendered once per validation, not once per workload, because an app may have as many policies as workloads. */
function shutPolicies(root: IConstruct): readonly any[] {
  let policies = shut.get(root);
  if (policies === undefined) {
    policies = root.node
      .findAll()
      .filter((construct) => ApiObject.isApiObject(construct) && construct.kind === 'NetworkPolicy')
      .map((construct) => (construct as ApiObject).toJson())
      .filter(isShut);
    shut.set(root, policies);
  }
  return policies;
}

/** Call this before an app is validated. Validation begins with the root of the app and then clears the cache. */
export function watchPolicies({ node: { root } }: IConstruct): void {
  if (watched.has(root)) return;
  watched.add(root);
  const forget = () => {
    shut.delete(root);
    return [];
  };
  root.node.addValidation({ validate: forget });
}

function isShut({ spec }: any): boolean {
  // Expressions are not evaluated, because a wrong warning is worse than none.
  if (spec?.podSelector?.matchExpressions?.length > 0) return false;
  return spec?.policyTypes?.includes('Egress') && !(spec?.egress?.length > 0);
}

const selects = ({ spec }: any, labels: Record<string, string>) =>
  Object.entries(spec?.podSelector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value);

const sameNamespace = (a: any, b: any) => (a.metadata?.namespace ?? '') === (b.metadata?.namespace ?? '');
