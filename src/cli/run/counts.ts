/** The ledger of a shipper in one line for people, and whether lines are lost. */

/** As the shipper writes its last line. Numbers of records. */
export interface Totals {
  readonly read: number;
  readonly withheld?: Readonly<Record<string, number>>;
  readonly delivered: Readonly<Record<string, number>>;
  readonly deadLettered?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly dropped: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly unread?: number;
  readonly unreadRings?: number;
  readonly held: number;
}

/** The answer of a shipper. */
export interface Account {
  readonly totals: Totals;
  /** Each kind of loss, with its remedy. */
  readonly losses: readonly string[];
  /** Why it is not ready. */
  readonly problems: readonly string[];
  /** Lines above one per record. */
  readonly joinedLines: number;
}

/** Places of `dropped` that are no sink: lines that no shipper has read. */
const UNREAD_PLACES = ['application', 'hold'];

const sum = (counts: Readonly<Record<string, number>> = {}) => Object.values(counts).reduce((a, b) => a + b, 0);
const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** `14 lines: 14 delivered`, or with the counts and reasons of what was not. */
export function countsText({ totals, joinedLines }: Account): string {
  const { read, withheld, delivered, deadLettered = {}, dropped, unread = 0, unreadRings = 0, held } = totals;
  const lost = UNREAD_PLACES.flatMap((place) => reasons('lost', dropped[place]));
  const lostLines = UNREAD_PLACES.reduce((all, place) => all + sum(dropped[place]), 0);
  const sinks = Object.keys(delivered);
  const perSink = sinks.map((sink) => {
    const parts = [
      `${delivered[sink]} delivered`,
      ...reasons('dead-lettered', deadLettered[sink]),
      ...reasons('dropped', dropped[sink]),
    ];
    return sinks.length === 1 ? parts.join(', ') : `${sink}: ${parts.join(', ')}`;
  });
  const rest = [
    ...reasons('withheld', withheld),
    ...lost,
    ...(held > 0 ? [`${held} held`] : []),
    ...(unread > 0 ? [`${unread} unread`] : []),
    ...(unreadRings > 0 ? [`${plural(unreadRings, 'ring')} unreadable`] : []),
  ];
  const lines = read + joinedLines + lostLines + unread;
  const records = joinedLines > 0 ? ` in ${plural(read, 'record')}` : '';
  return `${plural(lines, 'line')}${records}: ${[perSink.join('; '), ...rest].filter(Boolean).join(', ')}`;
}

const reasons = (fate: string, counts: Readonly<Record<string, number>> = {}): string[] =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${count} ${fate} (${reason})`);

/** Whether a line was neither delivered, nor kept or withheld on purpose. */
export function isLost({ totals: { held, unread = 0, unreadRings = 0 }, losses }: Account): boolean {
  return losses.length > 0 || held > 0 || unread > 0 || unreadRings > 0;
}

/** The account of shippers that followed each other: what one held, the next has read once more. */
export function joined(earlier: Account | undefined, later: Account): Account {
  if (earlier === undefined) return later;
  const { totals: a } = earlier;
  const { totals: b } = later;
  return {
    ...later,
    losses: [...new Set([...earlier.losses, ...later.losses])],
    joinedLines: earlier.joinedLines + later.joinedLines,
    totals: {
      ...b,
      read: a.read - a.held + b.read,
      withheld: added(a.withheld, b.withheld),
      delivered: added(a.delivered, b.delivered),
      deadLettered: addedTwice(a.deadLettered, b.deadLettered),
      dropped: addedTwice(a.dropped, b.dropped),
    },
  };
}

type Counts = Readonly<Record<string, number>>;

function added(a: Counts = {}, b: Counts = {}): Counts {
  const all = { ...a };
  for (const [name, count] of Object.entries(b)) all[name] = (all[name] ?? 0) + count;
  return all;
}

function addedTwice(a: Readonly<Record<string, Counts>> = {}, b: Readonly<Record<string, Counts>> = {}) {
  return Object.fromEntries(
    [...new Set([...Object.keys(a), ...Object.keys(b)])].map((name) => [name, added(a[name], b[name])]),
  );
}

/** Of a shipper that was killed: its losses are in the account of the next one, which reads its journal. */
export function ofKilled({ totals, ...account }: Account): Account {
  const read = Math.max(0, ...Object.values(totals.delivered));
  return { ...account, losses: [], totals: { read, delivered: totals.delivered, dropped: {}, held: 0 } };
}

/** An account of the sink stdout, whose delivered records are those that were shown. */
export function shownOf(account: Account, shown: number): Account {
  const { totals } = account;
  const others = sum(totals.withheld) + sum(totals.deadLettered?.stdout) + sum(totals.dropped.stdout) + totals.held;
  return { ...account, totals: { ...totals, read: shown + others, delivered: { ...totals.delivered, stdout: shown } } };
}
