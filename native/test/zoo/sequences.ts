/** What the zoo compares byte sequences by: equal, part of, woven of. Each answers what is wrong, or nothing. */

/** Where two texts part, with what is around it. */
export function difference(what: string, actual: Buffer, expected: Buffer): string[] {
  if (actual.equals(expected)) return [];
  let at = 0;
  while (at < Math.min(actual.length, expected.length) && actual[at] === expected[at]) at += 1;
  const around = (bytes: Buffer) => JSON.stringify(bytes.subarray(Math.max(0, at - 20), at + 40).toString('latin1'));
  return [
    `${what}: ${actual.length} bytes instead of ${expected.length}; at byte ${at} ${around(actual)} instead of ${around(expected)}`,
  ];
}

/** The blocks occur in the whole one after the other, each unbroken. */
export function missingBlock(what: string, whole: Buffer, blocks: readonly Buffer[]): string[] {
  let from = 0;
  for (const block of blocks) {
    // The earliest place leaves the most room for those that follow.
    const at = whole.indexOf(block, from);
    if (at < 0) {
      const text = JSON.stringify(block.subarray(0, 60).toString('latin1'));
      return [`${what}: ${text} (${block.length} bytes) is not in what was written from byte ${from} on`];
    }
    from = at + block.length;
  }
  return [];
}

/** More ways to read the bytes than this are too many: the row repeats itself too much to be checked. */
const FRONTIER_MAX = 1000;

/** The whole consists of the parts, each in its order. */
export function unwoven(what: string, whole: Buffer, parts: readonly Buffer[]): string[] {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length !== whole.length) {
    const lengths = parts.map((part) => part.length).join(' + ');
    return [`${what}: ${lengths} = ${length} bytes instead of ${whole.length}`];
  }
  const [one, other, ...more] = parts;
  if (one !== undefined && other !== undefined && more.length === 0) return unwovenOfTwo(what, whole, one, other);
  /** All triples (quadruples...) of positions in the parts that may have been reached; they add up to k. */
  let frontier: Int32Array[] = [new Int32Array(parts.length)];
  for (let k = 0; k < whole.length; k += 1) {
    if (frontier.length === 1) k = followOnly(frontier[0]!, k, whole, parts);
    if (k === whole.length) break;
    const reached = new Map<string, Int32Array>();
    for (const state of frontier) {
      for (let p = 0; p < parts.length; p += 1) {
        if (parts[p]![state[p]!] !== whole[k]) continue;
        const step = state.with(p, state[p]! + 1);
        reached.set(step.join(), step);
      }
    }
    frontier = [...reached.values()];
    if (frontier.length === 0) return [endsAt(what, whole, k)];
    if (frontier.length > FRONTIER_MAX) return [tooMany(what)];
  }
  return [];
}

function endsAt(what: string, whole: Buffer, k: number): string {
  const text = JSON.stringify(whole.subarray(Math.max(0, k - 20), k + 40).toString('latin1'));
  return `${what}: no part goes on at byte ${k} of what was written: ${text}`;
}
const tooMany = (what: string) => `${what}: repeats itself too much to tell what went where`;

/** The same for two parts, of many megabytes: the position in the one also tells that in the other. */
function unwovenOfTwo(what: string, whole: Buffer, one: Buffer, other: Buffer): string[] {
  /** Positions in the one that may have been reached, in ascending order, and how many there are. */
  let now = new Int32Array(2 * FRONTIER_MAX);
  let next = new Int32Array(2 * FRONTIER_MAX);
  let count = 1;
  for (let k = 0; k < whole.length; k += 1) {
    const byte = whole[k];
    let reached = 0;
    for (let f = 0; f < count; f += 1) {
      const at = now[f]!;
      // The position before may have come to the same one.
      const isKnown = reached > 0 && next[reached - 1] === at;
      if (other[k - at] === byte && !isKnown) next[reached++] = at;
      if (one[at] === byte) next[reached++] = at + 1;
    }
    if (reached === 0) return [endsAt(what, whole, k)];
    if (reached > FRONTIER_MAX) return [tooMany(what)];
    [now, next] = [next, now];
    count = reached;
  }
  return [];
}

/** Moves the one state on for as long as only one part goes on. Answers where that ends. */
function followOnly(state: Int32Array, from: number, whole: Buffer, parts: readonly Buffer[]): number {
  for (let k = from; k < whole.length; k += 1) {
    const byte = whole[k];
    let next = -1;
    for (let p = 0; p < parts.length; p += 1) {
      if (parts[p]![state[p]!] !== byte) continue;
      if (next >= 0) return k;
      next = p;
    }
    if (next < 0) return k;
    state[next]! += 1;
  }
  return whole.length;
}

/** Lines with their ends; what follows the last end is one too. */
export function linesOf(bytes: Buffer): string[] {
  return bytes.toString('latin1').match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** The same lines in any order; `mayLack`: some of them. */
export function otherLines(what: string, actual: readonly string[], expected: Buffer, mayLack = false): string[] {
  const left = new Map<string, number>();
  const wanted = linesOf(expected);
  for (const line of wanted) left.set(line, (left.get(line) ?? 0) + 1);
  for (const line of actual) {
    const count = left.get(line) ?? 0;
    if (count === 0) return [`${what}: ${JSON.stringify(line.slice(0, 100))} was not written, or not as often`];
    left.set(line, count - 1);
  }
  if (mayLack || actual.length === wanted.length) return [];
  const [missing = ''] = [...left].find(([, count]) => count > 0) ?? [];
  return [
    `${what}: ${actual.length} lines instead of ${wanted.length}; ${JSON.stringify(missing.slice(0, 100))} lacks`,
  ];
}

/** Lines that start with the same word come from one writer, who keeps their order. */
export function disorder(what: string, actual: readonly string[], expected: Buffer): string[] {
  const writer = (line: string) => line.match(/^\S*/)?.[0] ?? '';
  const written = new Map<string, string[]>();
  for (const line of linesOf(expected)) {
    const lines = written.get(writer(line));
    if (lines === undefined) written.set(writer(line), [line]);
    else lines.push(line);
  }
  const reached = new Map<string, number>();
  for (const line of actual) {
    const who = writer(line);
    const at = written.get(who)?.indexOf(line, reached.get(who) ?? 0) ?? -1;
    if (at < 0) return [`${what}: ${JSON.stringify(line.slice(0, 100))} came before what its writer wrote earlier`];
    reached.set(who, at + 1);
  }
  return [];
}
