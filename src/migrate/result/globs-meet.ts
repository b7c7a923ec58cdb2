/** Whether two patterns have a path in common. */
import { type GlobPart, globParts, isNoSlash } from '../../catalog/values/glob.js';

/** Follows both patterns at once, through every pair of parts to which a common beginning of a path leads. */
export function globsMeet(one: string, other: string): boolean {
  const first = globParts(one);
  const second = globParts(other);
  // Characters between two that the patterns name fit alike, so that the first behind each speaks for them.
  const named = [...one, ...other, '/'];
  const characters = [...new Set(named.flatMap((each) => [each, String.fromCodePoint(each.codePointAt(0)! + 1)]))];
  const pairs = pairsOf(reached(first, 0), reached(second, 0));
  const seen = new Set<string>();
  for (const [left, right] of pairs) {
    if (left === first.length && right === second.length) return true;
    if (seen.has(`${left} ${right}`)) continue;
    seen.add(`${left} ${right}`);
    for (const character of characters)
      pairs.push(...pairsOf(behind(first, left, character), behind(second, right, character)));
  }
  return false;
}

const pairsOf = (left: readonly number[], right: readonly number[]) =>
  left.flatMap((one) => right.map((other) => [one, other] as const));

/** The part, and those behind it if it matches nothing. */
function reached(parts: readonly GlobPart[], part: number): number[] {
  return typeof parts[part] === 'string' ? [part, ...reached(parts, part + 1)] : [part];
}

/** The parts that may follow once the part has taken the character. */
function behind(parts: readonly GlobPart[], part: number, character: string): number[] {
  const is = parts[part];
  if (is === undefined) return [];
  if (is === 'directories') return [part, ...(character === '/' ? reached(parts, part + 1) : [])];
  if (is === 'characters') return isNoSlash(character) ? reached(parts, part) : [];
  if (is === 'anything') return reached(parts, part);
  return is(character) ? reached(parts, part + 1) : [];
}
