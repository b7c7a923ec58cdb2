/**
 * Roles for service accounts, as EKS gives them: a policy of admission does to pods what the webhook of EKS does
 * (github.com/aws/amazon-eks-pod-identity-webhook), and the emulator of AWS gives credentials for the token.
 */
import type { TestCluster } from './cluster.js';
import { AWS_ENV } from './sinks-read-back.js';

export const TOKEN_DIRECTORY = '/var/run/secrets/eks.amazonaws.com/serviceaccount';
export const ROLE_ENV = {
  AWS_STS_REGIONAL_ENDPOINTS: 'regional',
  AWS_DEFAULT_REGION: AWS_ENV.AWS_REGION,
  AWS_REGION: AWS_ENV.AWS_REGION,
  AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/clock-logs',
  AWS_WEB_IDENTITY_TOKEN_FILE: `${TOKEN_DIRECTORY}/token`,
} as const;

const VOLUME = {
  name: 'aws-iam-token',
  projected: {
    sources: [{ serviceAccountToken: { audience: 'sts.amazonaws.com', expirationSeconds: 86_400, path: 'token' } }],
  },
};
const MOUNT = { name: VOLUME.name, mountPath: TOKEN_DIRECTORY, readOnly: true };

/** A value as CEL writes it; it has no type for lists and maps of mixed values, so each is said to be any. */
function cel(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(cel).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .map(([key, each]) => `${cel(key)}: dyn(${cel(each)})`)
      .join(', ')}}`;
  return JSON.stringify(value);
}

/** Adds to a list of every container of a kind that the annotation does not leave out. */
function toContainers(kind: string, list: string, added: readonly object[]) {
  const container = `object.spec.${kind}[i]`;
  return {
    patchType: 'JSONPatch',
    jsonPatch: {
      expression: `(has(object.spec.${kind}) ? [0, 1, 2, 3, 4, 5].filter(i, i < size(object.spec.${kind})) : [])
        .filter(i, !(${container}.name in variables.skipped))
        .map(i, JSONPatch{op: "add", path: "/spec/${kind}/" + string(i) + "/${list}",
          value: (has(${container}.${list}) ? ${container}.${list} : []) + dyn(${cel(added)})})`,
    },
  };
}

/** Gives pods of these service accounts a role from now on. */
export async function rolesForAccounts(k8s: TestCluster, accounts: readonly string[]): Promise<void> {
  const name = `roles-${accounts.join('-')}`;
  const variables = { ...ROLE_ENV, AWS_ENDPOINT_URL_STS: k8s.within(k8s.cloud.url) };
  const env = Object.entries(variables).map(([name, value]) => ({ name, value }));
  const annotation = 'eks.amazonaws.com/skip-containers';
  const annotations = 'object.metadata.?annotations';
  await k8s.apply(
    {
      ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingAdmissionPolicy', metadata: { name } },
      spec: {
        matchConstraints: {
          resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        },
        matchConditions: [{ name: 'account', expression: `object.spec.serviceAccountName in ${cel(accounts)}` }],
        variables: [{ name: 'skipped', expression: `${annotations}[?${cel(annotation)}].orValue("").split(",")` }],
        reinvocationPolicy: 'Never',
        failurePolicy: 'Fail',
        mutations: [
          ...['initContainers', 'containers'].flatMap((kind) => [
            toContainers(kind, 'env', env),
            toContainers(kind, 'volumeMounts', [MOUNT]),
          ]),
          {
            patchType: 'JSONPatch',
            jsonPatch: { expression: `[JSONPatch{op: "add", path: "/spec/volumes/-", value: ${cel(VOLUME)}}]` },
          },
        ],
      },
    },
    {
      ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingAdmissionPolicyBinding', metadata: { name } },
      spec: { policyName: name },
    },
  );
  // The API server learns of it later than of the object: an attempt tells, which needs the account.
  const [account = ''] = accounts;
  await k8s.tell(['create', 'serviceaccount', account]);
  const attempt = {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: `${name}-attempt` } },
    spec: { serviceAccountName: account, containers: [{ name: 'app', image: 'none' }] },
  };
  await k8s.until('pods get roles', async () => {
    const args = ['create', '--dry-run=server', '-o', 'json', '-f', '-'];
    return (await k8s.tell(args, JSON.stringify(attempt))).includes(MOUNT.name);
  });
  await k8s.tell(['delete', 'serviceaccount', account]);
}
