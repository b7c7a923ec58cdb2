/** The bundle dist/audit/main.js, which has the clients of the services. The command loads it only when it needs it. */
import type { PodLedger } from '../cluster/cluster-module.js';

export interface AuditRequest {
  /** The URL of OpenSearch, or the name of a log group. */
  readonly service:
    | { readonly kind: 'opensearch'; readonly url: string; readonly index?: string | undefined }
    | { readonly kind: 'cloudwatch'; readonly group: string };
  /** The sink whose claims are compared, as ledgers name it: `opensearch@web` is that of a container. @default the kind of the service */
  readonly sink?: string | undefined;
  /** Files, URLs of `/audit`, or `-`. */
  readonly ledgers: readonly string[];
  readonly pods?: LedgersOfPods | undefined;
  /** Times in milliseconds since 1970. Absent: all minutes that the ledgers have. */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  /** A file that keeps how far the audit has come. */
  readonly resume?: string | undefined;
  readonly format: 'text' | 'json';
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told how far it is, and what an operator should know. */
  readonly onProgress: (message: string) => void;
}

/** Ledgers that are in a cluster. */
export interface LedgersOfPods {
  /** The selection in words, the same for each part of an audit. */
  readonly selection: string;
  read(): Promise<readonly PodLedger[]>;
}

export type AuditVerdict = 'proven' | 'unexplained' | 'unproven';

export interface AuditAnswer {
  readonly verdict: AuditVerdict;
  readonly text: string;
}

export interface AuditModule {
  /**
   * Compares what a service has with audit ledgers.
   *
   * @throws ConfigError for invalid settings, another Error when the service cannot be read
   */
  audit(request: AuditRequest): Promise<AuditAnswer>;
}
