/** Reads the fields and the time of a record for a sink, as the settings say. */

import type { RecordBatch } from '../parts.js';
import { ByContainer } from '../records/by-container.js';
import type { Settings } from '../settings.js';
import { fieldsOf } from './fields.js';
import type { Fields, Wanted } from './read-fields.js';
import { isBelievable, timeOf, UTC, type ZoneOffset, zoneOffset } from './time.js';

export type FieldSettings = Pick<Settings, 'fields' | 'time' | 'timeZone'> &
  Partial<Pick<Settings, 'containerSettings'>>;

/** The settings of one container's records. */
interface Asked {
  readonly isOn: boolean;
  readonly hasTimes: boolean;
  readonly zone: ZoneOffset;
  /** With and without attributes. */
  readonly all: Wanted;
  readonly few: Wanted;
}

function askedBy({ fields, time, timeZone }: FieldSettings): Asked {
  const isOn = fields === 'auto';
  const hasTimes = isOn && time === 'text';
  const zone = hasTimes && timeZone !== 'UTC' ? zoneOffset(timeZone) : UTC;
  return {
    ...{ isOn, hasTimes, zone },
    ...{ all: { time: hasTimes, attributes: true }, few: { time: hasTimes, attributes: false } },
  };
}

export class FieldReader {
  /** Whether records, or those of a container, have fields at all. */
  readonly isOn: boolean;
  /** Whether a record's time is that in its text, at least in a container. */
  readonly hasTimes: boolean;
  readonly #default: Asked;
  /** Absent where no container has settings of its own. */
  readonly #by: ByContainer<FieldSettings, Asked> | undefined;
  readonly #pastMs: number | undefined;

  /** @param pastMs how long before its write the time of a record may be; 31 days where a service takes as much */
  constructor(settings: FieldSettings, pastMs?: number) {
    const { containerSettings } = settings;
    this.#default = askedBy(settings);
    this.#by = containerSettings && new ByContainer(settings, containerSettings, askedBy);
    const all = this.#by?.all ?? [this.#default];
    this.isOn = all.some(({ isOn }) => isOn);
    this.hasTimes = all.some(({ hasTimes }) => hasTimes);
    this.#pastMs = pastMs;
  }

  /** Whether this record's text is read. */
  reads(batch: RecordBatch, i: number): boolean {
    return this.#askedOf(batch, i).isOn;
  }

  /** @param withAttributes whether those are needed */
  fieldsOf(batch: RecordBatch, i: number, withAttributes: boolean): Fields | undefined {
    const { isOn, all, few } = this.#askedOf(batch, i);
    if (!isOn) return undefined;
    const from = batch.start[i]!;
    return fieldsOf(batch.bytes, from, from + batch.length[i]!, withAttributes ? all : few);
  }

  /** Milliseconds since 1970: of the text where that is asked for and believable, otherwise of the write. */
  timeOf(batch: RecordBatch, i: number, fields: Fields | undefined): number {
    const writtenMs = batch.timeMs[i]!;
    if (!this.hasTimes || fields?.time === undefined) return writtenMs;
    const { hasTimes, zone } = this.#askedOf(batch, i);
    if (!hasTimes) return writtenMs;
    const eventMs = timeOf(fields.time, writtenMs, zone);
    return eventMs !== undefined && isBelievable(eventMs, writtenMs, this.#pastMs) ? eventMs : writtenMs;
  }

  #askedOf({ origin, origins }: RecordBatch, i: number): Asked {
    return this.#by === undefined ? this.#default : this.#by.of(origins[origin[i]!]!);
  }
}
