/** Rejects fields that injection reads or changes, if they do not have the shape that Kubernetes requires. */
import { hasToken } from '../props/token.js';
import { parseQuantity } from './quantity.js';
import {
  type Container,
  type KubernetesObject,
  metadataByPath,
  type PodTemplate,
  podSpecPath,
  requirementsOf,
} from './workload.js';

/** More than any pod waits for, and far below the numbers that lose digits when seconds are added. */
const MOST_SECONDS = 2 ** 31 - 1;

/**
 * Checks more than `podTemplate`: the way back must not depend on values that it does not touch.
 *
 * @throws at the first field of another shape
 */
export function requireShape(workload: KubernetesObject, { spec }: PodTemplate): void {
  const require = requirementsOf(workload);
  const requireMapping = (value: unknown, field: string) => {
    const isMapping = typeof value === 'object' && !Array.isArray(value);
    require(value === undefined || isMapping, field, value, 'be a mapping');
  };
  const requireText = (owner: any, path: string, field: string, isOptional = false) => {
    const value = owner[field];
    const isAbsent = isOptional && (value === undefined || value === null);
    require(isAbsent || typeof value === 'string', `${path}.${field}`, value, 'be a string');
  };

  for (const [path, metadata] of metadataByPath(workload)) {
    requireMapping(metadata, path);
    for (const field of ['annotations', 'labels']) requireMapping(metadata?.[field], `${path}.${field}`);
  }

  const where = podSpecPath(workload);
  const requireContainer = ({ env, volumeMounts }: Container, path: string) => {
    for (const [index, variable] of (env ?? []).entries()) {
      requireText(variable, `${path}.env[${index}]`, 'name');
      requireText(variable, `${path}.env[${index}]`, 'value', true);
    }
    for (const [index, mount] of (volumeMounts ?? []).entries()) {
      requireText(mount, `${path}.volumeMounts[${index}]`, 'name');
      requireText(mount, `${path}.volumeMounts[${index}]`, 'mountPath');
    }
  };
  for (const field of ['containers', 'initContainers'] as const) {
    for (const [index, each] of (spec[field] ?? []).entries()) requireContainer(each, `${where}.${field}[${index}]`);
  }

  const grace = spec.terminationGracePeriodSeconds ?? 0;
  const isSeconds = Number.isInteger(grace) && grace <= MOST_SECONDS;
  const rule = `be a whole number of seconds up to ${MOST_SECONDS}`;
  const remedy = typeof grace === 'string' ? 'write it without quotes' : undefined;
  require(isSeconds, `${where}.terminationGracePeriodSeconds`, grace, rule, remedy);

  const resources: any = spec.resources;
  requireMapping(resources, `${where}.resources`);
  for (const field of ['requests', 'limits']) {
    requireMapping(resources?.[field], `${where}.resources.${field}`);
    for (const name of ['cpu', 'memory']) {
      const value = resources?.[field]?.[name] ?? 0;
      const isQuantity = hasToken(String(value)) || parseQuantity(value) !== undefined;
      const path = `${where}.resources.${field}.${name}`;
      require(isQuantity, path, value, 'be a quantity', 'write it as 500m or 200Mi');
    }
  }
}
