/** Taps pods cluster-wide, by a policy of the API server. */
import { ApiObject, type ApiObjectProps, JsonPatch, Lazy } from 'cdk8s';
import { Construct } from 'constructs';
import { formatFinding, warningsOf } from './findings/finding.js';
import { bindings, checkPolicyName, POLICY, tapPolicy } from './policy/policy.js';
import { resolveAt } from './props/defaults.js';
import { checkProps, type LogTapProps } from './props/log-tap-props.js';

/** Properties of a `LogTapPolicy`. */
export interface LogTapPolicyProps {
  /**
   * Name of the policy: 1 to 52 lower case letters, digits and hyphens. A namespace or a pod chooses the policy by the label
   * `logtap.dev/policy` with this name as its value.
   */
  readonly name: string;

  /**
   * The tap of each pod. `failurePolicy` also decides what becomes of a pod that cannot be tapped: with `FAIL_CLOSED` the API
   * server refuses it, with `FAIL_OPEN` it starts without a tap.
   *
   * @default - the properties of the nearest `LogTapDefaults`
   */
  readonly tap?: LogTapProps;
}

/**
 * A MutatingAdmissionPolicy (Kubernetes 1.36) with its bindings. The API server taps the new pods of each namespace that has the
 * label `logtap.dev/policy: NAME`, and each new pod that has this label itself, as `LogTap` taps workloads. There is no webhook
 * and no program of its own in the cluster, and the workloads stay as they are.
 *
 * The Secrets, ConfigMaps and service accounts of the tap have to be in the namespaces of the pods. A pod with the annotation
 * `logtap.dev/inject: disabled`, a pod for Windows and a pod that is tapped already stay as they are.
 */
export class LogTapPolicy extends Construct {
  private readonly tap: LogTapProps;

  /** @throws if a property is invalid */
  public constructor(scope: Construct, id: string, props: LogTapPolicyProps) {
    super(scope, id);
    const { name, tap = {} } = props;
    checkPolicyName(name);
    checkProps(tap);
    this.tap = { ...tap };
    // Defaults may be set later.
    const policy = () => tapPolicy(name, resolveAt(this, this.tap));
    const spec = Lazy.any({ produce: () => policy().objects[0]!.spec });
    this.add('Default', { ...POLICY, metadata: { name }, spec });
    for (const { metadata, ...binding } of bindings(name)) this.add(metadata.name, { ...binding, metadata });
    const warned = new Set<string>();
    this.node.addValidation({
      validate: () => {
        try {
          for (const text of warningsOf(policy().findings).map(formatFinding)) {
            if (!warned.has(text)) console.warn(`[${this.node.path}] warning ${text}`);
            warned.add(text);
          }
          return [];
        } catch (error) {
          return [(error as Error).message];
        }
      },
    });
  }

  /** The objects belong to the cluster, but cdk8s gives each object the namespace of its chart. */
  private add(id: string, props: ApiObjectProps): void {
    const object = new ApiObject(this, id, props);
    if (object.metadata.namespace !== undefined) object.addJsonPatch(JsonPatch.remove('/metadata/namespace'));
  }
}
