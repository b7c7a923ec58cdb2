/** Placeholders in the resources of permissions: the value where it is known at synthesis, and else a wildcard. */
import { type Placeholder, replacePlaceholders } from '../../catalog/values/placeholders.js';
import { S3_PREFIX_FIELD } from '../../catalog/values/service-names.js';
import type { SinkConfig, SinkIamStatement } from '../sinks/sink-config.js';

/** What is known of the pods. */
export interface KnownNames {
  readonly namespace?: string | undefined;
  /** Static fields by name. */
  readonly fields?: Readonly<Record<string, string>> | undefined;
}

/** A value that is in a name as it is: no service refuses a character of it, and none is a wildcard of IAM. */
const UNCHANGED = /^[A-Za-z0-9-]{1,128}$/;

/** The value of a placeholder; undefined if it is not known, or if the name has it in another form. */
export function knownName({ kind, name }: Placeholder, { namespace, fields = {} }: KnownNames): string | undefined {
  const isField = kind === 'field' && Object.hasOwn(fields, name);
  const value = kind === 'namespace' ? namespace : isField ? fields[name] : undefined;
  return value !== undefined && UNCHANGED.test(value) ? value : undefined;
}

/** The configuration of a sink whose permissions have no placeholders. The time and the pod are not known at synthesis. */
export function withKnownNames(config: SinkConfig, known: KnownNames = {}): SinkConfig {
  const resource = (text: string) =>
    replacePlaceholders(text, (placeholder) => knownName(placeholder, known) ?? '*')
      .replace(S3_PREFIX_FIELD, '*')
      .replace(/\*+/g, '*');
  const statements = (iam: readonly SinkIamStatement[]) =>
    iam.map(({ actions, resources }) => ({ actions, resources: resources.map(resource) }));
  const { assumedRoles } = config;
  return {
    ...config,
    iam: statements(config.iam),
    ...(assumedRoles !== undefined && {
      assumedRoles: assumedRoles.map((role) => ({ ...role, iam: statements(role.iam) })),
    }),
  };
}
