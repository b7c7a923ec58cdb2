/** The context of every sink. */

import type { NETWORK_SETTINGS } from '../../catalog/network.js';
import type { POD_SETTINGS } from '../../catalog/pod.js';
import type { CONTAINER_SETTINGS } from '../../catalog/records/container-settings.js';
import type { FIELD_SETTINGS } from '../../catalog/records/fields.js';
import type { SinkAudit } from '../audit/audit-log.js';
import type { RecordBatch } from '../parts.js';
import type { ReplacedTimes } from '../records/replaced-times.js';
import type { Secrets } from '../secrets.js';
import type { Settings } from '../settings.js';

/** Settings that are about no sink in particular. */
type Shared =
  | keyof typeof NETWORK_SETTINGS
  | keyof typeof FIELD_SETTINGS
  | keyof typeof CONTAINER_SETTINGS
  | keyof typeof POD_SETTINGS
  | 'awsRegion'
  | 'spoolDir';

/** The settings of one sink: its own and the shared ones. Those that it needs have a value: they were refused otherwise. */
export type SettingsOf<Own extends keyof Settings = never, Needed extends Own | Shared = never> = Pick<
  Settings,
  Own | Shared
> & { readonly [K in Needed]: NonNullable<Settings[K]> };

export interface SinkContext<S = SettingsOf> {
  readonly settings: S;
  /** Name of the sink, which tells it from others of its kind. @default its kind */
  readonly name?: string;
  /** Hides secrets that a sink reads from files. */
  readonly secrets: Secrets;
  /** Told of every request that ended: HTTP status or error code, and how long it took. */
  readonly onRequest: (code: string, seconds: number) => void;
  /** Called with facts that an operator should know although nothing fails: a feature that the service lacks. */
  readonly onNotice: (message: string) => void;
  /** For a sink that notes each of its requests itself. Absent without an audit. */
  readonly audit?: SinkAudit | undefined;
  /** Told, before they are resent, of records that may be stored already. */
  readonly onPossibleDuplicates?: (records: RecordBatch) => void;
  /** Told of bytes that the service bills for ingest, by a sink that knows them. */
  readonly onBilled?: (bytes: number) => void;
  /** Whether an earlier shipper may have sent records that were written before this one started. @default false */
  readonly isContinued?: boolean;
  /** Of records that have the time of reading: an earlier shipper may have sent these with another time. */
  readonly replacedTimes?: Pick<ReplacedTimes, 'has'> | undefined;
  /** For a note of the records that have left. Absent where records do not wait in rings alone, or this is no shipper. */
  readonly notesDirectory?: string | undefined;
}
