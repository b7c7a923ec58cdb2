/** Lets shippers out of pods that NetworkPolicies have cut off. */
import { ApiObject, type ApiObjectMetadata } from 'cdk8s';
import { Construct } from 'constructs';
import { must } from './must.js';
import type { Sink } from './sink.js';

/** Which pods, and where to. */
export interface ShipperNetworkPolicyProps {
  /** Where the shipper sends. Its ports are opened, and those that names and credentials come from. */
  readonly sink: Sink;

  /** Labels of the pods. */
  readonly podLabels: { readonly [name: string]: string };

  /**
   * Addresses that the ports of the sink are opened to, such as `10.0.0.0/16`. A NetworkPolicy knows no host names.
   *
   * @default - every address
   */
  readonly cidr?: string;

  /**
   * Metadata of the NetworkPolicy. Its namespace is that of the pods.
   *
   * @default - a name of the construct's path, in the namespace of the chart
   */
  readonly metadata?: ApiObjectMetadata;
}

/**
 * A NetworkPolicy that allows what the shipper needs: DNS, the ports of its sinks, and where rights in AWS are needed, the
 * endpoints of credentials. A policy is for whole pods, and pods that have one for egress can do only what their policies
 * allow: use it for pods that have another already, or the application is cut off.
 */
export class ShipperNetworkPolicy extends Construct {
  public constructor(scope: Construct, id: string, props: ShipperNetworkPolicyProps) {
    super(scope, id);
    const { sink, podLabels, cidr, metadata } = props;
    // A selector without labels selects every pod of the namespace, and would cut all of them off.
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

function sinkRules(sink: Sink, cidr: string | undefined) {
  const ports = [...new Set(sink.bind().egress.map(({ port }) => port))].sort((a, b) => a - b);
  // A rule without ports would allow all of them.
  if (ports.length === 0) return [];
  return [{ ...(cidr !== undefined && { to: [{ ipBlock: { cidr } }] }), ports: ports.map(tcp) }];
}

/** AWS STS for the roles of service accounts, and the agent of EKS Pod Identity at its fixed addresses. */
function credentialRules() {
  const agent = ['169.254.170.23/32', 'fd00:ec2::23/128'];
  return [{ ports: [tcp(443)] }, { to: agent.map((cidr) => ({ ipBlock: { cidr } })), ports: [tcp(80)] }];
}
