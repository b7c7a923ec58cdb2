/**
 * Roles for service accounts, as EKS gives them: a policy of admission does to pods what the webhook of EKS does
 * (github.com/aws/amazon-eks-pod-identity-webhook), and the emulator of AWS gives credentials for the token.
 */
import type { TestCluster } from './cluster.js';
import { AWS_ENV } from './sinks-read-back.js';

export interface Role {
  readonly env: Readonly<Record<string, string>>;
  /** Of the token, below MOUNTS. */
  readonly directory: string;
  readonly file: string;
  readonly audience: string;
}

const MOUNTS = '/var/run/secrets';

/** IAM roles for service accounts. */
export const IRSA: Role = {
  directory: 'eks.amazonaws.com/serviceaccount',
  file: 'token',
  audience: 'sts.amazonaws.com',
  env: {
    AWS_STS_REGIONAL_ENDPOINTS: 'regional',
    AWS_DEFAULT_REGION: AWS_ENV.AWS_REGION,
    AWS_REGION: AWS_ENV.AWS_REGION,
    AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/clock-logs',
    AWS_WEB_IDENTITY_TOKEN_FILE: `${MOUNTS}/eks.amazonaws.com/serviceaccount/token`,
  },
};

export const POD_IDENTITY: Role = {
  directory: 'pods.eks.amazonaws.com/serviceaccount',
  file: 'eks-pod-identity-token',
  audience: 'pods.eks.amazonaws.com',
  env: {
    AWS_DEFAULT_REGION: AWS_ENV.AWS_REGION,
    AWS_REGION: AWS_ENV.AWS_REGION,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials',
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: `${MOUNTS}/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token`,
  },
};

const VOLUME = 'aws-token';
const volumeOf = ({ audience, file }: Role) => ({
  name: VOLUME,
  projected: { sources: [{ serviceAccountToken: { audience, expirationSeconds: 86_400, path: file } }] },
});
const mountOf = ({ directory }: Role) => ({ name: VOLUME, mountPath: `${MOUNTS}/${directory}`, readOnly: true });

/** A value as CEL writes it; it has no type for lists and maps of mixed values, so each is declared as any. */
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

/** Gives pods of a service account, which is not there yet, a role from now on. */
export async function giveRole(k8s: TestCluster, account: string, role: Role): Promise<void> {
  const name = `role-of-${account}`;
  const variables = { ...role.env, AWS_ENDPOINT_URL_STS: k8s.within(k8s.cloud.url) };
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
        matchConditions: [{ name: 'account', expression: `object.spec.serviceAccountName == ${cel(account)}` }],
        variables: [{ name: 'skipped', expression: `${annotations}[?${cel(annotation)}].orValue("").split(",")` }],
        reinvocationPolicy: 'Never',
        failurePolicy: 'Fail',
        mutations: [
          ...['initContainers', 'containers'].flatMap((kind) => [
            toContainers(kind, 'env', env),
            toContainers(kind, 'volumeMounts', [mountOf(role)]),
          ]),
          {
            patchType: 'JSONPatch',
            jsonPatch: { expression: `[JSONPatch{op: "add", path: "/spec/volumes/-", value: ${cel(volumeOf(role))}}]` },
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
  await k8s.tell(['create', 'serviceaccount', account]);
  const attempt = {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: `${name}-attempt` } },
    spec: { serviceAccountName: account, containers: [{ name: 'app', image: 'none' }] },
  };
  await k8s.until('pods get roles', async () => {
    const args = ['create', '--dry-run=server', '-o', 'json', '-f', '-'];
    return (await k8s.tell(args, JSON.stringify(attempt))).includes(VOLUME);
  });
  await k8s.tell(['delete', 'serviceaccount', account]);
}
