/**
 * A MutatingAdmissionPolicy that taps pods as the API server admits them, and its bindings. It follows from the injection: the
 * added containers and volumes, the variables and the mounts are those that the pure function gives.
 */
import { findingsOf } from '../findings/check.js';
import { errorsOf, type Finding, formatFinding } from '../findings/finding.js';
import { addedParts } from '../injection/added-parts.js';
import { CONFIG_HASH_ANNOTATION } from '../injection/annotations.js';
import { apply } from '../injection/inject.js';
import { planInjection } from '../injection/plan.js';
import type { KubernetesObject } from '../injection/workload.js';
import { must } from '../props/must.js';
import type { ResolvedProps } from '../props/resolve.js';
import { addedByPolicy, addedVariables } from './added.js';
import { environmentVariables } from './environment.js';
import { matchConditions, POLICY_LABEL } from './matching.js';
import { missingVariables, patchVariable } from './patch.js';
import { podResourceVariables } from './pod-resources.js';
import { recordVariable } from './record.js';
import { refusalsVariable } from './refusals.js';
import { selectionVariables } from './selection.js';

/** First version that serves the kind by default. */
const POLICY_MINOR = 36;
const API_VERSION = 'admissionregistration.k8s.io/v1';
/** The kind of a policy. */
export const POLICY = { apiVersion: API_VERSION, kind: 'MutatingAdmissionPolicy' };

/** A policy with its bindings, and the findings about any pod that it taps. */
export interface TapPolicy {
  readonly objects: readonly KubernetesObject[];
  readonly findings: readonly Finding[];
}

/** Throws unless the name is one of Kubernetes, and short enough to be a label. */
export function checkPolicyName(name: string): void {
  must(
    /^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$/.test(name),
    'name',
    name,
    'be the name of a policy: write 1 to 52 lower case letters, digits and hyphens',
  );
}

/**
 * The policy of a name, which is the value of the label that chooses it.
 *
 * @throws if a property is none that a policy can have, or with every finding that is an error
 */
export function tapPolicy(name: string, props: ResolvedProps): TapPolicy {
  checkPolicyName(name);
  must(
    props.isNative,
    'nativeSidecar',
    false,
    'not be set with a policy, whose clusters have native sidecars: leave it out',
  );
  const { kubernetesMinor: minor } = props;
  must(
    minor === undefined || minor >= POLICY_MINOR,
    'kubernetesVersion',
    `1.${minor}`,
    `be 1.${POLICY_MINOR} or newer with a policy: tap the workloads themselves on an older cluster`,
  );
  const plan = planInjection(templatePod(name, props), props)!;
  const workload = `MutatingAdmissionPolicy/${name}`;
  const findings = findingsOf(plan).map((each) => ({ ...each, workload }));
  const errors = errorsOf(findings);
  if (errors.length > 0) throw new Error(errors.map(formatFinding).join('\n'));
  const policy = { ...POLICY, metadata: { name }, spec: specOf(name, plan.props) };
  return { objects: [policy, ...bindings(name)], findings };
}

/** One for the labels of namespaces and one for those of pods: within one binding, both would have to match. */
export function bindings(name: string) {
  const selector = { matchLabels: { [POLICY_LABEL]: name } };
  const binding = (of: string, matchResources: object) => ({
    ...{ apiVersion: API_VERSION, kind: 'MutatingAdmissionPolicyBinding', metadata: { name: `${name}-${of}` } },
    spec: { policyName: name, matchResources },
  });
  return [binding('namespaces', { namespaceSelector: selector }), binding('pods', { objectSelector: selector })];
}

const specOf = (name: string, props: ResolvedProps) => ({
  // An application that must not start without its shipper must not start without the tap.
  failurePolicy: props.isGate ? 'Fail' : 'Ignore',
  reinvocationPolicy: 'Never',
  matchConstraints: {
    matchPolicy: 'Equivalent',
    resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
  },
  matchConditions: matchConditions(name),
  variables: variablesOf(name, props),
  mutations: [
    {
      patchType: 'JSONPatch',
      // It precedes the cause in an error.
      jsonPatch: {
        expression: 'variables.admitted.map(each, JSONPatch{op: "add", path: each.path, value: each.value})',
      },
    },
  ],
});

/** A pod that has all that the properties name, so that findings about it are those about any pod. */
function templatePod(name: string, { containers, excludeContainers, perContainer, sink }: ResolvedProps) {
  const names = new Set([...(containers ?? []), ...Object.keys(perContainer), ...excludeContainers]);
  // An excluded container is not tapped, and something must be.
  if (containers === undefined && Object.keys(perContainer).length === 0) names.add('app');
  const volumes = (sink.volumeMounts ?? []).map(({ volume }) => ({ name: volume, emptyDir: {} }));
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { generateName: `${name}-` } },
    spec: { containers: [...names].map((each) => ({ name: each, image: each })), volumes },
  };
}

function variablesOf(name: string, props: ResolvedProps) {
  const parts = addedParts(props, { isEndless: true, graceSeconds: 0, hasStorageLimit: false });
  return [
    ...selectionVariables(props),
    ...addedVariables(props),
    ...environmentVariables(props),
    ...missingVariables(props),
    ...podResourceVariables(parts),
    recordVariable(props),
    patchVariable(props, addedByPolicy(props), settingsHash(name, props)),
    refusalsVariable(props),
    // An error of CEL has no text but the key that a map does not have.
    {
      name: 'admitted',
      expression:
        'variables.refusals.size() > 0 ? {"": variables.patch}[variables.refusals.join("; ")] : variables.patch',
    },
  ];
}

/** That of the template, as a pod of a policy is not replaced when the settings change. */
function settingsHash(name: string, props: ResolvedProps): string {
  const injected = apply(planInjection(templatePod(name, props), props)!, []);
  return injected.metadata.annotations[CONFIG_HASH_ANNOTATION];
}
