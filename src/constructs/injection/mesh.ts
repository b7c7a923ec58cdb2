/** The proxy of a service mesh as a native sidecar, which is in manifests after `istioctl kube-inject` or `linkerd inject --manual`. */
import type { Container } from './workload.js';

export const PROXIES: readonly string[] = ['istio-proxy', 'linkerd-proxy'];

/**
 * The place of the shipper among init containers: behind the proxy. Native sidecars end in the reverse of the order in which they start,
 * so the proxy is there for the last lines. A tapped init container needs the library, so it stays behind the installer.
 */
export function startIndex(initContainers: readonly Container[], tapped: readonly Container[]): number {
  const proxy = initContainers.findIndex(
    ({ name, restartPolicy }) => restartPolicy === 'Always' && PROXIES.includes(name),
  );
  const first = initContainers.findIndex((container) => tapped.includes(container));
  return first < 0 || proxy < first ? proxy + 1 : 0;
}
