/** Makes an audit ledger fit its bound: claims of old minutes become claims of hours, of days, of a run; at last the oldest go. */
import type { Claim } from '../parts.js';
import type { AuditBook, RunBook } from './audit-book.js';
import { merged } from './claim.js';
import type { ClaimMap } from './stored-claims.js';

const HOUR = 60;
const DAY = 24 * HOUR;
/** Minutes of claims that stay single: these are what an audit of a running shipper asks for. */
const RECENT = 60;

/** The entries of a book as lines, at most about so many bytes where that can be. */
export function shortened(book: AuditBook, maxBytes: number): string {
  for (const minutes of [0, HOUR, DAY, Number.POSITIVE_INFINITY]) {
    if (minutes > 0) coarsen(book, minutes);
    const text = linesOf(book);
    if (text.length <= maxBytes) return text;
  }
  forgetOldest(book, maxBytes);
  return linesOf(book);
}

/** Claims of whole runs: as short as a book gets without forgetting. */
export function wholeRuns(book: AuditBook): AuditBook {
  for (const map of mapsOf(book)) group(map, () => 0);
  return book;
}

export const linesOf = (book: AuditBook): string =>
  [...book.entries()].map((entry) => `${JSON.stringify(entry)}\n`).join('');

function coarsen(book: AuditBook, minutes: number): void {
  const newest = Math.max(0, ...[...mapsOf(book)].flatMap((map) => [latest(map)]));
  const isRecent = ({ lastMinute }: Claim) => Number.isFinite(minutes) && lastMinute > newest - RECENT;
  for (const map of mapsOf(book)) {
    group(map, (claim) => (isRecent(claim) ? `${claim.minute}` : Math.floor(claim.minute / minutes)));
  }
}

function latest(map: ClaimMap): number {
  let minute = 0;
  for (const { lastMinute } of map.values()) minute = Math.max(minute, lastMinute);
  return minute;
}

function group(map: ClaimMap, of: (claim: Claim) => number | string): void {
  const groups: ClaimMap = new Map();
  for (const claim of map.values()) {
    const key = `${of(claim)} ${claim.of}`;
    const known = groups.get(key);
    groups.set(key, known === undefined ? claim : merged(known, claim));
  }
  map.clear();
  for (const claim of groups.values()) {
    const key = `${claim.minute} ${claim.lastMinute} ${claim.of}`;
    const known = map.get(key);
    map.set(key, known === undefined ? claim : merged(known, claim));
  }
}

function* mapsOf(book: AuditBook): Generator<ClaimMap> {
  for (const run of book.runs.values()) yield* mapsOfRun(run);
}

function* mapsOfRun({ stored, counted }: RunBook): Generator<ClaimMap> {
  for (const { settled } of stored.values()) yield settled;
  for (const { claims } of counted.values()) yield claims;
}

/** Half of the claims at a time, the oldest of all runs: those that are stored or counted, and those whose answers were lost. */
function forgetOldest(book: AuditBook, maxBytes: number): void {
  while (linesOf(book).length > maxBytes) {
    const maps = [...mapsOf(book)];
    const lost = [...lostIn(book)];
    const claims = [...maps.flatMap((map) => [...map.values()]), ...lost.flatMap(({ request }) => request.claims)];
    const minutes = claims.map(({ lastMinute }) => lastMinute).sort((a, b) => a - b);
    if (minutes.length === 0) return;
    const until = minutes[Math.floor(minutes.length / 2)]!;
    for (const { open, k, request } of lost) {
      // As a whole: its sums explain all of its records, or none.
      if (request.claims.every(({ lastMinute }) => lastMinute > until)) continue;
      open.delete(k);
      for (const claim of request.claims) book.forget(claim);
    }
    for (const map of maps) {
      for (const [key, claim] of map) {
        if (claim.lastMinute > until) continue;
        map.delete(key);
        book.forget(claim);
      }
    }
    for (const { stored } of book.runs.values()) {
      for (const { ahead } of stored.values()) forgetAhead(book, ahead, until);
    }
    dropEmptyRuns(book);
  }
}

/** Requests of which no more is heard: an answer was lost and they have not left again, or their run was killed. */
function* lostIn({ runs }: AuditBook) {
  const last = [...runs.values()].at(-1);
  for (const run of runs.values()) {
    for (const [k, request] of run.open) if (!request.isOut || run !== last) yield { open: run.open, k, request };
  }
}

function forgetAhead(book: AuditBook, ahead: Map<string, Claim[]>, until: number): void {
  for (const [of, claims] of ahead) {
    for (const claim of claims) if (claim.lastMinute <= until) book.forget(claim);
    const left = claims.filter(({ lastMinute }) => lastMinute > until);
    if (left.length > 0) ahead.set(of, left);
    else ahead.delete(of);
  }
}

function dropEmptyRuns({ runs }: AuditBook): void {
  const last = [...runs.keys()].at(-1);
  for (const [id, book] of runs) {
    const maps = [...mapsOfRun(book), ...[...book.stored.values()].map(({ ahead }) => ahead)];
    if (id !== last && maps.every(({ size }) => size === 0) && book.open.size === 0) runs.delete(id);
  }
}
