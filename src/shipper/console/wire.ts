/** What `/status` and `/tail` answer, for the shipper, the console and the commands that ask. Types only. */

export interface Amount {
  readonly records: number;
  readonly bytes: number;
}

export type ByReason = Readonly<Record<string, number>>;

/** `/status`: a shipper at one moment. */
export interface State {
  readonly version: string;
  /** Monotonic, of this process. */
  readonly uptimeSeconds: number;
  /** Empty where the shipper was not told. */
  readonly pod: { readonly name: string; readonly namespace: string; readonly node: string };
  /** Why the shipper is not ready; empty when it is. */
  readonly problems: readonly string[];
  /** What is lost, with reason and remedy; empty when nothing is. */
  readonly losses: readonly string[];
  readonly balanced: boolean;
  readonly read: Amount;
  /** Records that at least one sink still has to take. */
  readonly held: number;
  readonly oldestHeldSeconds: number;
  /** Part of the room for held records that is in use. */
  readonly bufferFullRatio: number;
  readonly sinks: readonly SinkState[];
  readonly settings: SettingsState;
  /** Clients of `/tail`. */
  readonly tailing: number;
  /** Of each ring in use, the part that its process cannot use. */
  readonly rings: readonly number[];
  readonly processesSeen: number;
  /** The one that was read last comes first; at most 200. */
  readonly processes: readonly ProcessState[];
  readonly libraries: readonly { readonly library: string; readonly frames: number; readonly processes: number }[];
  /** As `/ledger`. */
  readonly ledger: LedgerState;
}

export interface SettingsState {
  readonly onFull: string;
  readonly deadLetterFile?: string;
  readonly spoolDir?: string;
}

export interface SinkState {
  readonly name: string;
  readonly delivered: Amount;
  readonly held: Amount;
  readonly oldestHeldSeconds: number;
  /** In a row. */
  readonly failures: number;
  readonly lastError?: LastError;
  readonly retries: ByReason;
  readonly deadLettered: ByReason;
  readonly dropped: ByReason;
}

export interface LastError {
  readonly code: string;
  /** The operation, the answer and the remedy. */
  readonly detail: string;
  readonly secondsAgo: number;
}

export interface ProcessState {
  readonly instance: string;
  /** In its own namespace; 0 where it did not say. */
  readonly pid: number;
  readonly process: string;
  readonly container: string;
  /** Read, by stream. */
  readonly records: Readonly<Record<'stdout' | 'stderr' | 'file', number>>;
  readonly readSecondsAgo?: number;
  /** It can write now. */
  readonly isOpen: boolean;
  /** Release of its library. */
  readonly library?: string;
}

export interface LedgerState {
  readonly withheld?: Readonly<Record<string, Amount>>;
  readonly sinks: Readonly<Record<string, { readonly streams: Readonly<Record<string, StreamCounts>> }>>;
}

export interface StreamCounts {
  readonly read: number;
  readonly withheld?: number;
  readonly delivered: number;
  readonly elsewhere?: number;
  readonly deadLettered: number;
  readonly dropped: number;
  readonly held: number;
}

export const TAIL_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

/** A line of `/tail`. */
export type TailLine = TailRecord | { readonly notShown: number };

export interface TailRecord {
  readonly timestamp: string;
  readonly pod_name: string;
  readonly namespace: string;
  readonly nodename: string;
  readonly stream: 'stdout' | 'stderr' | 'file';
  readonly source: string;
  readonly container_name?: string;
  readonly process?: string;
  readonly pid?: number;
  readonly level?: (typeof TAIL_LEVELS)[number];
  readonly message: string;
  /** Bytes of a long message that are not shown. */
  readonly cutBytes?: number;
}
