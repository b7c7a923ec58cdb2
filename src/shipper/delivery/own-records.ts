/** Which records of a batch a sink gets, where containers have sinks of their own. */
import type { RecordBatch } from '../parts.js';

/** Whether a sink gets the records of a container; absent where it gets all. */
export type IsFor = ((container: string) => boolean) | undefined;

/** The indexes of the records of a batch that a sink gets; undefined for all of them. */
export function ownRecords(batch: RecordBatch, isFor: IsFor): readonly number[] | undefined {
  if (isFor === undefined) return undefined;
  const isOwn = batch.origins.map(({ container }) => isFor(container));
  if (isOwn.every(Boolean)) return undefined;
  const own: number[] = [];
  for (let i = 0; i < batch.count; i++) if (isOwn[batch.origin[i]!]) own.push(i);
  return own;
}
