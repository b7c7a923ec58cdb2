/** Settings of the fields that are read from records, and of the labels that are added to them. */
import type { Rule } from '../rule.js';
import { setting } from '../setting.js';
import { placeholdersOf } from '../values/placeholders.js';
import * as value from '../values/setting-values.js';
import { NAMES_WITH_PLACEHOLDERS } from './names.js';

export const FIELD_SETTINGS = {
  fields: setting({
    name: 'LOGTAP_FIELDS',
    default: 'auto',
    help: 'Whether the shipper reads the level, logger, thread, trace and span ids and further fields of a record from its text: JSON, logfmt, and the layouts of common logging libraries and servers. `auto` or `off`.',
    parse: value.oneOf(['auto', 'off']),
  }),
  time: setting({
    name: 'LOGTAP_TIME',
    default: 'write',
    help: 'Time of a record in OpenSearch and CloudWatch Logs. `write`: when the application wrote it. `text`: the time in its text, if there is one, from 31 days before the write (CloudWatch Logs: 12 hours) to 10 minutes after it; needs `LOGTAP_FIELDS=auto`.',
    parse: value.oneOf(['write', 'text']),
  }),
  timeZone: setting({
    name: 'LOGTAP_TIME_ZONE',
    default: 'UTC',
    help: 'Time zone of times in text that name none, such as `Europe/Berlin`.',
    parse: value.timeZone,
  }),
  staticFields: setting({
    name: 'LOGTAP_STATIC_FIELDS',
    help: 'Fields of every record, as `key=value`, separated by commas. They are in the object `labels` of a record.',
    parse: value.staticFields,
  }),
  podLabels: setting({
    name: 'LOGTAP_POD_LABELS',
    help: 'Names of labels of the pod that every record has in its object `labels`, separated by commas. Read from `LOGTAP_POD_LABELS_FILE`.',
    parse: value.metadataNames,
  }),
  podAnnotations: setting({
    name: 'LOGTAP_POD_ANNOTATIONS',
    help: 'Names of annotations of the pod that every record has in its object `labels`, separated by commas. Read from `LOGTAP_POD_ANNOTATIONS_FILE`.',
    parse: value.metadataNames,
  }),
  podLabelsFile: setting({
    name: 'LOGTAP_POD_LABELS_FILE',
    default: '/.logtap-pod/labels',
    help: 'File of the Downward API with `metadata.labels`. Reread when it changes.',
    parse: value.absolutePath,
  }),
  podAnnotationsFile: setting({
    name: 'LOGTAP_POD_ANNOTATIONS_FILE',
    default: '/.logtap-pod/annotations',
    help: 'File of the Downward API with `metadata.annotations`. Reread when it changes.',
    parse: value.absolutePath,
  }),
} as const;

const { fields, time, timeZone, staticFields } = FIELD_SETTINGS;

export const FIELD_RULES: readonly Rule[] = [
  {
    settings: [time, fields],
    isBroken: ({ read }) => read(time) === 'text' && read(fields) === 'off',
    says: (nameOf) =>
      `${nameOf(time)}=text has no effect with ${nameOf(fields)}=off, which reads no times. Set ${nameOf(fields)} to auto, or remove the first.`,
  },
  {
    settings: [timeZone, time],
    isBroken: ({ isGiven, read }) => isGiven(timeZone) && read(time) === 'write',
    says: (nameOf) =>
      `${nameOf(timeZone)} has no effect unless ${nameOf(time)} is text. Set that too, or remove the first.`,
  },
  ...Object.values(NAMES_WITH_PLACEHOLDERS).map(
    ({ row }): Rule => ({
      settings: [row, staticFields],
      isBroken: ({ read }) => {
        const known = read(staticFields) ?? {};
        const named = placeholdersOf(read(row) ?? '').filter(({ kind }) => kind === 'field');
        return named.some(({ name }) => known[name] === undefined);
      },
      says: (nameOf) =>
        `${nameOf(row)} has a {field:...} that ${nameOf(staticFields)} does not set. Add it there, or correct the name.`,
    }),
  ),
];
