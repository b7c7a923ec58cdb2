/** What services have, as an audit reads it. */

/** A document of the service. */
export interface StoredRecord {
  /** Absent where the id is not one of a record. */
  readonly of: string | undefined;
  readonly place: number;
  readonly timeMs: number;
  readonly message: Buffer;
  /** With its index. */
  readonly id: string;
}

/** An event of a log stream. */
export interface StoredEvent {
  readonly timeMs: number;
  readonly message: Buffer;
}

/** Minutes since 1970, the last one excluded. */
export interface Window {
  readonly from: number;
  readonly to: number;
}
