/** What an audit found. Lists are bounded; their counts are not. */

export type UnexplainedKind =
  /** A claim has more records than the service. */
  | 'missing'
  /** As many records with the same places, and other bytes. */
  | 'altered'
  /** The same record under a second id. */
  | 'duplicate'
  /** The service has more records than were ever sent. */
  | 'extra'
  /** As many records, and others. */
  | 'different'
  /** A record of a known origin that no run claims to have stored. */
  | 'unclaimed'
  /** The counts of a run do not balance. */
  | 'unbalanced';

export type ExplainedKind =
  /** A request whose outcome a killed, or running, shipper did not note. */
  | 'in_flight'
  /** Read again after a kill, and formed to other records. */
  | 'read_again'
  /** Rejected or dropped, and stored later: a replay. */
  | 'replayed'
  /** Stored once more after a lost answer. */
  | 'possible_duplicate'
  /** The shipper runs: its claim changed during the audit. */
  | 'unsettled';

export type UnprovenKind =
  /** The ledger was longer than its bound. */
  | 'forgotten'
  /** The claim is only partly in the window. */
  | 'outside_window'
  /** There is no claim about this sink. */
  | 'no_claims'
  /** The ledger of a pod is not there. */
  | 'no_ledger'
  /** A run delivered more than its ledger has claims of. */
  | 'incomplete_ledger'
  /** Lines of a ledger that are no entries. */
  | 'damaged_ledger'
  /** Every claim changed during the audit. */
  | 'nothing_settled'
  /** The service has no index, log group or log stream of the name. */
  | 'not_there';

export interface Finding<Kind extends string = string> {
  readonly kind: Kind;
  /** Id of the origin, or name of the log stream. */
  readonly of?: string;
  readonly run?: string;
  readonly records: number;
  /** Least and greatest place; in a log stream the milliseconds of the events. */
  readonly from?: number;
  readonly to?: number;
  /** ISO 8601, whole minutes: the first one, and the end of the last one. */
  readonly since?: string;
  readonly until?: string;
  /** Places, where they are known one by one. */
  readonly places?: readonly number[];
  /** Ids of documents, with their indices. */
  readonly ids?: readonly string[];
  readonly reason?: string;
}

/** Findings of one class that are listed. */
const LISTED_MAX = 1000;

export class FindingList<Kind extends string> {
  readonly listed: Finding<Kind>[] = [];
  records = 0;
  findings = 0;

  add(finding: Finding<Kind>): void {
    this.records += finding.records;
    this.findings += 1;
    if (this.listed.length < LISTED_MAX) this.listed.push(finding);
  }

  addList({ listed, records, findings }: Pick<FindingList<Kind>, 'listed' | 'records' | 'findings'>): void {
    this.records += records;
    this.findings += findings;
    this.listed.push(...listed.slice(0, LISTED_MAX - this.listed.length));
  }
}

export class Findings {
  readonly unexplained = new FindingList<UnexplainedKind>();
  readonly explained = new FindingList<ExplainedKind>();
  readonly unproven = new FindingList<UnprovenKind>();
  /** Records of the claims that were compared. */
  claimed = 0;
  /** Records that the service has for them. */
  found = 0;
  /** Documents of origins that no ledger names. */
  others = 0;
}

const MINUTE_MS = 60_000;

/** The minutes of a claim, for a finding. */
export const minutesOf = ({ minute, lastMinute }: { readonly minute: number; readonly lastMinute: number }) => ({
  since: new Date(minute * MINUTE_MS).toISOString(),
  until: new Date((lastMinute + 1) * MINUTE_MS).toISOString(),
});
