/** Why the pods of an object are not tapped. */
import { whyUnworkable } from '../../constructs/injection/embedded/kinds.js';
import { type EmbeddedTemplate, pointersOf } from '../../constructs/injection/embedded/templates.js';
import { madeElsewhere } from '../../constructs/injection/made-elsewhere.js';
import type { InjectionPlan } from '../../constructs/injection/plan.js';
import { isWorkload, type KubernetesObject, versionOfWorkload } from '../../constructs/injection/workload.js';
import type { ResolvedProps } from '../../constructs/props/resolve.js';

/** `undefined` if they are, and for an object without pods. */
export function whyUntapped(
  object: KubernetesObject,
  plan: InjectionPlan | undefined,
  props: ResolvedProps,
): string | undefined {
  if (plan !== undefined) return plan.annotations.isDisabled ? 'logtap.dev/inject: disabled' : undefined;
  const { apiVersion, kind } = object;
  if (isWorkload(apiVersion, kind)) return withRemedy(madeElsewhere(object));
  const unworkable = whyUnworkable(apiVersion, kind);
  if (unworkable !== undefined) return withRemedy(unworkable);
  const pointers = pointersOf(apiVersion, kind, props.podTemplates);
  if (pointers.length > 0) {
    return `it has no pod template at ${pointers.join(' or ')}: add one with the container to tap`;
  }
  const found = templateIn(object);
  if (found === undefined) return undefined;
  const isBuiltIn = !/\..*\//.test(apiVersion) || /\.k8s\.io\//.test(apiVersion);
  const version = versionOfWorkload(kind);
  const ofVersion = version === undefined ? '' : `: write it as ${version}`;
  const remedy = isBuiltIn ? ofVersion : podTemplateRemedy(object, found);
  return `it has pods, but ${apiVersion} ${kind} is not a known kind${remedy}`;
}

/** The first place of an object with pods that is none of these templates, and why it is not tapped. */
export function untappedBeside(
  object: KubernetesObject,
  templates: readonly EmbeddedTemplate[],
): { readonly pointer: string; readonly reason: string } | undefined {
  const pointer = templateIn(object, new Set(templates.map(({ path }) => path.join('/'))));
  if (pointer === undefined) return undefined;
  const { apiVersion, kind } = object;
  return { pointer, reason: `no known template of ${apiVersion} ${kind}${podTemplateRemedy(object, pointer)}` };
}

const podTemplateRemedy = ({ apiVersion, kind }: KubernetesObject, pointer: string) =>
  `: if its controller makes its pods of it, give --pod-template ${apiVersion}/${kind}=${pointer}`;

const withRemedy = (why: { readonly reason: string; readonly remedy: string } | undefined) =>
  why && `${why.reason}: ${why.remedy}`;

/**
 * The pointer to the first value that looks like a pod template; `*` for the entries of a list.
 *
 * @param known paths of templates to pass over
 */
function templateIn(
  value: unknown,
  known: ReadonlySet<string> = new Set(),
  path: readonly string[] = [],
  pointer = '',
): string | undefined {
  if (value === null || typeof value !== 'object' || known.has(path.join('/'))) return undefined;
  const { spec } = value as { readonly spec?: { readonly containers?: unknown } | null };
  if (pointer !== '' && Array.isArray(spec?.containers)) return pointer;
  for (const [key, each] of Object.entries(value)) {
    const part = Array.isArray(value) ? '*' : key.replaceAll('~', '~0').replaceAll('/', '~1');
    const found = templateIn(each, known, [...path, key], `${pointer}/${part}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
