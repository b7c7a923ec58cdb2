/** Settings to what a sink asks of a record: its fields, and its time. */
import type { RecordBatch } from '../parts.js';
import type { Settings } from '../settings.js';
import { fieldsOf } from './fields.js';
import type { Fields } from './read-fields.js';
import { isBelievable, timeOf, UTC, type ZoneOffset, zoneOffset } from './time.js';

export type FieldSettings = Pick<Settings, 'fields' | 'time' | 'timeZone'>;

export class FieldReader {
  /** Whether records have fields at all. */
  readonly isOn: boolean;
  /** Whether a record's time is that in its text. */
  readonly hasTimes: boolean;
  readonly #zone: ZoneOffset;
  readonly #pastMs: number | undefined;

  /** @param pastMs how long before its write the time of a record may be; 31 days where a service takes as much */
  constructor({ fields, time, timeZone }: FieldSettings, pastMs?: number) {
    this.isOn = fields === 'auto';
    this.hasTimes = this.isOn && time === 'text';
    this.#zone = this.hasTimes && timeZone !== 'UTC' ? zoneOffset(timeZone) : UTC;
    this.#pastMs = pastMs;
  }

  fieldsOf({ bytes, start, length }: RecordBatch, i: number): Fields | undefined {
    const from = start[i]!;
    return this.isOn ? fieldsOf(bytes, from, from + length[i]!) : undefined;
  }

  /** Milliseconds since 1970: of the text where that is asked for and believable, otherwise of the write. */
  timeOf({ timeMs }: RecordBatch, i: number, fields: Fields | undefined): number {
    const writtenMs = timeMs[i]!;
    if (!this.hasTimes || fields?.time === undefined) return writtenMs;
    const eventMs = timeOf(fields.time, writtenMs, this.#zone);
    return eventMs !== undefined && isBelievable(eventMs, writtenMs, this.#pastMs) ? eventMs : writtenMs;
  }
}
