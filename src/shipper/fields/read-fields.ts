/** The fields that are read from the text of a record. */
import type { Severity } from './level/severity.js';

export interface Fields {
  /** 0 where there is none. */
  readonly severity: Severity;
  readonly logger?: string;
  readonly thread?: string;
  /** 32 and 16 hexadecimal digits. */
  readonly traceId?: string;
  readonly spanId?: string;
  /** As the record writes it. */
  readonly time?: string | number;
  /** What else a layout or logfmt names. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Where the JSON object is in the bytes. */
  readonly object?: { readonly start: number; readonly end: number };
}

/** Fields that cost the most to read: a sink that leaves them out says so. */
export interface Wanted {
  readonly time: boolean;
  /** What else a layout or logfmt names. */
  readonly attributes: boolean;
}
