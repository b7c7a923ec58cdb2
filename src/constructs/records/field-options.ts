/** Options for the fields of records. */
import { FIELD_SETTINGS } from '../../catalog/records/fields.js';
import { must } from '../props/must.js';
import type { Binding } from '../sinks/bind.js';

/** Origin of a record's time. */
export enum RecordTime {
  /** The write of the application. */
  WRITE = 'write',
  /** The time in the text of the record, if there is one. */
  TEXT = 'text',
}

/** Fields and times that the shipper reads from the text of records. */
export interface FieldReading {
  /**
   * Whether the shipper reads level, logger, thread, trace and further fields from the text of a record.
   *
   * @default true
   */
  readonly fromText?: boolean;

  /**
   * Time of a record in OpenSearch and CloudWatch Logs.
   *
   * @default RecordTime.WRITE
   */
  readonly time?: RecordTime;

  /**
   * Time zone of times in text that name none, such as `Europe/Berlin`.
   *
   * @default UTC
   */
  readonly timeZone?: string;
}

/** Fields that the shipper reads from records, and fields that it puts on them. */
export interface FieldOptions extends FieldReading {
  /**
   * Fields of every record. Names of streams, groups and indices refer to them as `{field:NAME}`.
   *
   * @default - none
   */
  readonly constants?: { readonly [name: string]: string };

  /**
   * Names of labels of the pod that every record has. Names of streams, groups and indices refer to them as `{label:NAME}`.
   *
   * @default - none
   */
  readonly podLabels?: string[];

  /**
   * Names of annotations of the pod that every record has. Names of streams, groups and indices refer to them as
   * `{annotation:NAME}`.
   *
   * @default - none
   */
  readonly podAnnotations?: string[];
}

export function fieldBindings({
  fromText,
  time,
  timeZone,
  constants = {},
  podLabels,
  podAnnotations,
}: FieldOptions): Binding[] {
  const pairs = Object.entries(constants);
  for (const [name, value] of pairs) {
    must(
      !value.includes(','),
      `fields.constants.${name}`,
      value,
      'not contain a comma, which separates fields: remove it',
    );
  }
  return [
    { property: 'fields.fromText', setting: FIELD_SETTINGS.fields, value: word(fromText, ['auto', 'off']) },
    { property: 'fields.time', setting: FIELD_SETTINGS.time, value: time },
    { property: 'fields.timeZone', setting: FIELD_SETTINGS.timeZone, value: timeZone },
    {
      property: 'fields.constants',
      setting: FIELD_SETTINGS.staticFields,
      value: pairs.length === 0 ? undefined : pairs.map((pair) => pair.join('=')).join(','),
    },
    { property: 'fields.podLabels', setting: FIELD_SETTINGS.podLabels, value: podLabels?.join(',') },
    { property: 'fields.podAnnotations', setting: FIELD_SETTINGS.podAnnotations, value: podAnnotations?.join(',') },
  ];
}

/** A switch as one of two words. */
const word = (value: boolean | undefined, [yes, no]: readonly [string, string]): string | undefined =>
  value === undefined ? undefined : value ? yes : no;
