/** Aligns the items of two lists, so that a change of one item leaves the others as they are. */
import { isDeepStrictEqual } from 'node:util';
import { type Fields, isFields } from './fields.js';

/** Places of two items that are the same item before and after a change. */
export interface Match {
  readonly before: number;
  readonly after: number;
}

/** How alike two items are; 0 if one cannot have become the other. */
function likeness(before: unknown, after: unknown): number {
  if (isDeepStrictEqual(before, after)) return 4;
  if (!isFields(before) || !isFields(after)) return 0;
  // A variable that injection renames keeps its source, which may be long and have comments.
  if (before.valueFrom !== undefined && isDeepStrictEqual({ ...before, name: 0 }, { ...after, name: 0 })) return 3;
  return isDeepStrictEqual(identityOf(before), identityOf(after)) ? 2 : 0;
}

/** A container mounts a volume at several paths, and objects of a list have their names in their metadata. */
const identityOf = ({ name, mountPath, apiVersion, kind, metadata }: Fields) => [
  name,
  mountPath,
  apiVersion,
  kind,
  isFields(metadata) ? [metadata.name, metadata.generateName, metadata.namespace] : undefined,
];

/** The matches with the greatest likeness in all, in the order of both lists. */
export function aligned(before: readonly unknown[], after: readonly unknown[]): Match[] {
  // Lists of objects may be long, and their items stay where they are.
  if (before.length === after.length && before.every((item, index) => likeness(item, after[index]) > 0)) {
    return before.map((_, index) => ({ before: index, after: index }));
  }
  const most = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0));
  const likenesses = before.map((one) => after.map((other) => likeness(one, other)));
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const like = likenesses[i]![j]!;
      const matched = like === 0 ? 0 : like + most[i + 1]![j + 1]!;
      most[i]![j] = Math.max(matched, most[i + 1]![j]!, most[i]![j + 1]!);
    }
  }
  const matches: Match[] = [];
  for (let i = 0, j = 0; i < before.length && j < after.length; ) {
    const like = likenesses[i]![j]!;
    if (like > 0 && most[i]![j] === like + most[i + 1]![j + 1]!) matches.push({ before: i++, after: j++ });
    else if (most[i]![j] === most[i + 1]![j]) i++;
    else j++;
  }
  return matches;
}

/**
 * Where a key belongs among the present ones: the index of the key that it follows, -1 for the first place. Sorted keys stay
 * sorted, as cdk8s and the API server write them.
 */
export function placeOfKey(key: string, present: readonly string[]): number {
  const isSorted = present.every((each, index) => index === 0 || present[index - 1]! < each);
  return isSorted ? present.filter((each) => each < key).length - 1 : present.length - 1;
}
