/** Allows the egress of shippers in pods that NetworkPolicies isolate. */
import { ApiObject, type ApiObjectMetadata } from 'cdk8s';
import { Construct } from 'constructs';
import { must } from './props/must.js';
import type { ContainerOptions } from './records/container-options.js';
import { checkedContainers, podSinks } from './sinks/by-container.js';
import type { Sink } from './sinks/sink.js';
import type { SinkConfig } from './sinks/sink-config.js';

/** Properties of a `ShipperNetworkPolicy`. */
export interface ShipperNetworkPolicyProps {
  /** Sink of the shipper. The policy allows its ports, DNS and the endpoints of credentials. */
  readonly sink: Sink;

  /**
   * Options by container, as the tap has them. The policy also allows the ports of their sinks.
   *
   * @default - no container has a sink of its own
   */
  readonly perContainer?: { readonly [container: string]: ContainerOptions };

  /** Labels of the pods. */
  readonly podLabels: { readonly [name: string]: string };

  /**
   * Address range in which the ports of the sinks are allowed, such as `10.0.0.0/16`. A NetworkPolicy does not support host names.
   *
   * @default - every address
   */
  readonly cidr?: string;

  /**
   * Metadata of the NetworkPolicy. The namespace must be that of the pods.
   *
   * @default - a name derived from the construct's path, in the namespace of the chart
   */
  readonly metadata?: ApiObjectMetadata;
}

/**
 * A NetworkPolicy that allows the egress of the shipper: DNS, the ports of its sinks and, if it needs AWS permissions, the
 * endpoints of credentials. A policy applies to whole pods, and a pod with an egress policy may only connect where its
 * policies allow. Use it only for pods that already have an egress policy, or the application loses its egress.
 */
export class ShipperNetworkPolicy extends Construct {
  public constructor(scope: Construct, id: string, props: ShipperNetworkPolicyProps) {
    super(scope, id);
    const { podLabels, cidr, metadata } = props;
    const { sink } = podSinks(props.sink, checkedContainers(props.perContainer));
    // A selector without labels selects every pod of the namespace and would isolate all of them.
    must(
      Object.keys(podLabels).length > 0,
      'podLabels',
      podLabels,
      'select pods: give the labels of the tapped workload',
    );
    new ApiObject(this, 'Default', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      ...(metadata !== undefined && { metadata }),
      spec: {
        podSelector: { matchLabels: podLabels },
        policyTypes: ['Egress'],
        egress: [
          { ports: ['UDP', 'TCP'].map((protocol) => ({ protocol, port: 53 })) },
          ...sinkRules(sink, cidr),
          ...(sink.iam.length > 0 ? credentialRules() : []),
        ],
      },
    });
  }
}

const tcp = (port: number) => ({ protocol: 'TCP', port });

function sinkRules({ egress }: SinkConfig, cidr: string | undefined) {
  const ports = [...new Set(egress.map(({ port }) => port))].sort((a, b) => a - b);
  // A rule without ports would allow all ports.
  if (ports.length === 0) return [];
  return [{ ...(cidr !== undefined && { to: [{ ipBlock: { cidr } }] }), ports: ports.map(tcp) }];
}

/** AWS STS for the roles of service accounts, and the agent of EKS Pod Identity at its fixed addresses. */
function credentialRules() {
  const agent = ['169.254.170.23/32', 'fd00:ec2::23/128'];
  return [{ ports: [tcp(443)] }, { to: agent.map((cidr) => ({ ipBlock: { cidr } })), ports: [tcp(80)] }];
}
