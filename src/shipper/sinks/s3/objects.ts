/**
 * Records as objects, each with a key that is made of the ids of all of its records: the same records have the same key in every
 * attempt, and in every shipper.
 */
import { createHash } from 'node:crypto';
import { S3_PREFIX_FIELD } from '../../../catalog/values/service-names.js';
import type { RecordBatch } from '../../parts.js';
import type { Metadata } from '../record-fields.js';

export interface ArchiveObject {
  readonly key: string;
  /** Indexes of its records, ascending. */
  readonly records: readonly number[];
}

export interface KeyOptions {
  readonly prefix: string;
  /** `.ndjson.gz` */
  readonly suffix: string;
  readonly metadata: Metadata & { readonly podUid: string | undefined };
}

const CONTAINER = '{container}';
const DIGEST_DIGITS = 32;
/** Kubernetes' longest name of a pod or node. */
const NAME_MAX = 253;

/** The objects of a batch: one, or where the prefix names the container one of each. */
export function objectsOf(batch: RecordBatch, options: KeyOptions): readonly ArchiveObject[] {
  const byContainer = new Map<string, number[]>();
  const isSplit = options.prefix.includes(CONTAINER);
  for (let i = 0; i < batch.count; i++) {
    const name = isSplit ? containerOf(batch, i, options) : '';
    const known = byContainer.get(name);
    if (known === undefined) byContainer.set(name, [i]);
    else known.push(i);
  }
  return [...byContainer].map(([container, records]) => ({ key: keyOf(batch, records, container, options), records }));
}

/** Of the ids of these records, in their order. */
const digestOf = (batch: RecordBatch, records: readonly number[]): string => digest(records.map((i) => idOf(batch, i)));

/** Of texts, in their order. */
export function digest(texts: Iterable<string>): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text}\n`);
  return hash.digest('hex').slice(0, DIGEST_DIGITS);
}

const idOf = ({ origin, origins, seq }: RecordBatch, i: number): string => `${origins[origin[i]!]!.id}-${seq[i]}`;

function containerOf({ origin, origins }: RecordBatch, i: number, { metadata }: KeyOptions): string {
  return origins[origin[i]!]!.container || metadata.containerName || 'none';
}

function keyOf(batch: RecordBatch, records: readonly number[], container: string, options: KeyOptions): string {
  const { prefix, suffix, metadata } = options;
  const first = batch.timeMs[records[0]!]!;
  // A record may come without a time, or with one that no date has.
  const date = new Date(Math.abs(first) <= 8.64e15 ? first : 0);
  const iso = date.toISOString();
  const values: Readonly<Record<string, string>> = {
    ...{ yyyy: iso.slice(0, -20), MM: iso.slice(-19, -17), dd: iso.slice(-16, -14), HH: iso.slice(-13, -11) },
    ...{ namespace: named(metadata.podNamespace), pod: named(metadata.podName), uid: named(metadata.podUid) },
    ...{ node: named(metadata.nodeName), container: named(container) },
  };
  const time = iso.replace(/[-:]/g, '').replace(/\.\d+/, '');
  return `${prefix.replace(S3_PREFIX_FIELD, (_, name: string) => values[name]!)}${time}-${digestOf(batch, records)}${suffix}`;
}

/**
 * A part of a key. Processes report the name of their container: S3 and others refuse keys with `.` or `..` between slashes, and keys of
 * more than 1024 bytes.
 */
const named = (value = ''): string =>
  value
    .slice(0, NAME_MAX)
    .replace(/[^\w.-]/g, '-')
    .replace(/^\.+$/, (dots) => '-'.repeat(dots.length)) || 'none';
