/** Users of the test cluster, with the roles that pages of the docs give. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { TestCluster } from './cluster.js';
import { stepsOf } from './page.js';
import { temporaryDirectory } from './run.js';

export interface Role {
  readonly kind: 'Role';
  readonly rules: readonly object[];
}

/** The only role of a page. */
export function roleOf(page: string): Role {
  const roles = stepsOf(page).flatMap((step) => {
    const object = 'file' in step ? parse(step.text) : undefined;
    return object?.kind === 'Role' ? [object as Role] : [];
  });
  const [role] = roles;
  if (role === undefined || roles.length > 1) throw new Error(`${page} has ${roles.length} roles, not one`);
  return role;
}

/** A kubeconfig of a new service account with this role in the default namespace. */
export async function userOf(k8s: TestCluster, name: string, role: Role): Promise<string> {
  await k8s.tell(['create', 'serviceaccount', name]);
  await k8s.apply(
    { ...role, metadata: { name } },
    {
      ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { name } },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: 'default' }],
    },
  );
  const token = (await k8s.tell(['create', 'token', name])).trim();
  const config = parse(readFileSync(k8s.kubeconfig, 'utf8'));
  config.users = config.users.map(({ name: user }: { name: string }) => ({ name: user, user: { token } }));
  const file = join(temporaryDirectory(), 'kubeconfig');
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}
