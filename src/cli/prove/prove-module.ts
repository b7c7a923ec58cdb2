/** The bundle dist/prove/main.js, which has the shipper's clients. The command loads it only when it needs it. */

export interface ProofRequest {
  /** A node of OpenSearch with its index, that of the settings when absent; or a log group. */
  readonly service:
    | { readonly kind: 'opensearch'; readonly url: string; readonly index: string | undefined }
    | { readonly kind: 'cloudwatch'; readonly group: string };
  /** The settings of the shipper, and the credentials, as its environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** An empty directory in memory, for rings, socket and ledger. */
  readonly directory: string;
  /** Lines to write at least. */
  readonly lines: number;
  /** Bundles and library of the installed package. */
  readonly parts: {
    readonly shipper: string;
    readonly writer: string;
    readonly guard: string;
    readonly library: string;
    readonly version: string;
  };
  /** Rejects when the command is to end: then the proof ends its processes, and fails with that error. */
  readonly interrupted: Promise<never>;
  /** Told what happens. */
  readonly onProgress: (message: string) => void;
}

export type FaultKind = 'killed' | 'cut' | 'killed_in_outage' | 'full_hold' | 'lost_answers' | 'terminated';

export interface Fault {
  readonly kind: FaultKind;
  readonly at: string;
  readonly detail: string;
}

/** What a check compared, and whether it holds. */
export interface Check {
  readonly name: string;
  readonly holds: boolean;
  readonly detail: string;
}

export interface Certificate {
  readonly proof: string;
  readonly verdict: 'proven' | 'failed';
  readonly began: string;
  readonly ended: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly service: { readonly url: string; readonly index: string } | { readonly logGroup: string };
  /** Names of the settings that differ from their defaults, without their values. */
  readonly settings: readonly string[];
  readonly faults: readonly Fault[];
  readonly sums: ProofSums;
  readonly checks: readonly Check[];
  /** The answer of `logtap audit`. */
  readonly audit: unknown;
}

/** Numbers of lines. */
export interface ProofSums {
  readonly written: number;
  /** SHA-256 of all of them, writer by writer. */
  readonly sha256: string;
  readonly stored: number;
  /** Stored again: each copy after the first of its line. */
  readonly copies: number;
  /** Counted by the shipper: resent after a lost answer, and perhaps stored twice. */
  readonly possibleDuplicates: number;
  /** Not handed over, and written to the original output. */
  readonly original: number;
  /** In neither. */
  readonly missing: number;
  /** Counted by the shipper as not stored, by reason. */
  readonly counted: Readonly<Record<string, number>>;
}

export interface ProveModule {
  /**
   * Writes known lines through a shipper that meets faults, and compares what the service has.
   *
   * @throws ConfigError for settings with which the shipper does not start, another Error where the proof cannot be made
   */
  prove(request: ProofRequest): Promise<Certificate>;
  certificateText(certificate: Certificate): string;
}
