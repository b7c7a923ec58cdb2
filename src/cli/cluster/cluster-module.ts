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
  readonly report: (entry: UpgradeEntry) => void;
}

/** `left`: a failure stopped the upgrade before its turn. `gone`: the pod was deleted meanwhile. */
export type UpgradeOutcome = 'replaced' | 'current' | 'refused' | 'failed' | 'left' | 'gone';

/** A pod with its outcome, or a warning about a workload, which has none. */
export interface UpgradeEntry {
  readonly namespace?: string;
  readonly pod?: string;
  readonly outcome?: UpgradeOutcome;
  readonly detail: string;
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

export interface StatusRequest {
  readonly pods: PodSelection;
}

/** A tapped pod, or a named one that is not tapped. */
export interface PodStatus {
  readonly namespace: string;
  readonly pod: string;
  /** Restarts of the shipper. */
  readonly restarts: number;
  /** As the status port has it at `/status`. */
  readonly state?: ShipperState;
  /** Why there is no state, with the remedy. */
  readonly problem?: string;
}

export interface LedgersRequest {
  readonly pods: PodSelection;
}

/** The audit ledger of a pod, as its shipper has it, or as it is in its log. */
export interface PodLedger {
  readonly namespace: string;
  readonly pod: string;
  readonly text?: string;
  /** Why there is none, with the remedy. */
  readonly problem?: string;
}

/** The fields of `/status` that are shown, each of which an older or later shipper may not have. */
export interface ShipperState {
  readonly version?: string;
  readonly problems?: readonly string[];
  readonly losses?: readonly string[];
  readonly read?: { readonly records: number };
  readonly held?: number;
  readonly oldestHeldSeconds?: number;
  readonly sinks?: readonly SinkStatus[];
  readonly ledger?: { readonly dropped?: Readonly<Record<string, Readonly<Record<string, number>>>> };
}

export interface SinkStatus {
  readonly name: string;
  readonly delivered: { readonly records: number };
  readonly failures?: number;
  readonly lastError?: { readonly detail: string; readonly secondsAgo: number };
}

/** A record as `/tail` has it. */
export type TailRecord = Readonly<Record<string, unknown>>;

export interface PodName {
  readonly namespace: string;
  readonly pod: string;
}

export interface TailRequest {
  readonly pods: PodSelection;
  readonly level?: string | undefined;
  /** A part of the message. */
  readonly match?: string | undefined;
  /** Lines per second and pod. */
  readonly max?: number | undefined;
  readonly signal: AbortSignal;
  /** Awaited: a slow reader of the output slows the connection, and the shipper then counts what it leaves out. */
  readonly onRecord: (pod: PodName, record: TailRecord) => Promise<void> | void;
  /** So many matching records of a pod are left out here. */
  readonly onNotShown: (pod: PodName, records: number) => void;
  /** About a pod that is not followed now, or is again. */
  readonly onNotice: (text: string) => void;
}

export interface TailResult {
  /** That were followed. */
  readonly pods: number;
}

export interface ClusterModule {
  /** @throws ClusterError when the cluster cannot be reached, or does not let the user list pods */
  status(request: StatusRequest): Promise<readonly PodStatus[]>;
  /** @throws ClusterError as `status` */
  ledgers(request: LedgersRequest): Promise<readonly PodLedger[]>;
  /** Until the signal aborts, or all named pods are gone. @throws ClusterError as `status`, or for pods that may not be reached */
  tail(request: TailRequest): Promise<TailResult>;
  /** @throws ClusterError when the cluster cannot be reached, or refuses a request that all pods need */
  upgrade(request: UpgradeRequest): Promise<UpgradeResult>;
}

/** Why the cluster did not answer as it must. The name survives the border between the bundles. */
export type ClusterErrorName = 'ClusterUnreachable' | 'ClusterForbids' | 'ClusterRefuses';
