/** The bundle dist/cluster/main.js, which has the client of Kubernetes. A command loads it only when it talks to a cluster. */

export interface PodSelection {
  /** The namespace of the current context when absent. */
  readonly namespace?: string | undefined;
  readonly allNamespaces: boolean;
  /** A label selector as kubectl takes it. */
  readonly labels?: string | undefined;
  /** Names; all pods that match when empty. */
  readonly names: readonly string[];
}

export interface UpgradeRequest {
  readonly pods: PodSelection;
  readonly image: string;
  /** Asks the API server whether it would take each change, and changes nothing. */
  readonly isDryRun: boolean;
  /** Pods without a running shipper at any time, at most. */
  readonly maxUnavailable: number;
  /** Takes each line of the report. */
  readonly report: (line: string) => void;
}

/** Numbers of pods. */
export interface UpgradeResult {
  readonly replaced: number;
  /** They had the image before. */
  readonly current: number;
  readonly refused: number;
  /** Their shipper did not start with the image, or their application was restarted. */
  readonly failed: number;
  /** A failure stopped the upgrade before their turn. */
  readonly left: number;
}

export interface ClusterModule {
  /** @throws ClusterError when the cluster cannot be reached, or refuses a request that all pods need */
  upgrade(request: UpgradeRequest): Promise<UpgradeResult>;
}

/** Why the cluster did not answer as it must. The name survives the border between the bundles. */
export type ClusterErrorName = 'ClusterUnreachable' | 'ClusterForbids' | 'ClusterRefuses';
