/**
 * "Did you mean": finds the known name closest to a misspelt one. We wrote it ourselves because constructs have no dependencies.
 */

/** Edit distance: deletions, insertions, replacements, and swaps of two neighbouring letters. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1];
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (isSame ? 0 : 1));
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwapped) row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

/** The closest known name, or `undefined` if more than a third of the letters differ in each. */
export function closest(name: string, known: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let least = Math.floor(Math.max(name.length, 3) / 3) + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= least) continue;
    const steps = distance(name.toLowerCase(), candidate.toLowerCase());
    if (steps < least) {
      least = steps;
      nearest = candidate;
    }
  }
  return nearest;
}

/** The remedy for an unknown name: the closest known one, or else `otherwise`. */
export function remedyFor(name: string, known: Iterable<string>, otherwise?: string): string {
  const names = [...known];
  const nearest = closest(name, names);
  if (nearest !== undefined) return `did you mean '${nearest}'?`;
  if (otherwise !== undefined) return otherwise;
  return names.length === 0 ? 'leave it out' : `use one of ${names.join(', ')}`;
}
