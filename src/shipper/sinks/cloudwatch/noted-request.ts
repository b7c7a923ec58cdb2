/** Notes a request for an audit: before it leaves, and once its outcome is known, which is later when its answer is lost. */
import type { NotedRequest, SinkAudit } from '../../audit/audit-log.js';
import { indexes } from '../ranges.js';
import type { Answer } from './answer.js';
import { claimsOfEvents } from './claims.js';
import type { Events, PutBody } from './events.js';
import type { Fate } from './lost-request.js';

export class NotedEvents {
  readonly #request: NotedRequest | undefined;
  readonly #events: Events;
  readonly #logStream: string;
  readonly #body: Pick<PutBody, 'from' | 'to'>;
  #isNoted = false;

  /** The request leaves. Notes nothing without an audit. */
  constructor(audit: SinkAudit | undefined, logStream: string, events: Events, { from, to }: PutBody) {
    this.#events = events;
    this.#logStream = logStream;
    this.#body = { from, to };
    this.#request = audit?.sending(claimsOfEvents(events, logStream, indexes(from, to)));
  }

  /** An answer that tells what is stored. */
  answered(answer: Answer): void {
    const rejected = answer.kind === 'accepted' ? answer.rejected : undefined;
    const { from, to } = this.#body;
    this.#note(
      [...indexes(0, to - from)].map((i) => {
        const isStored = rejected !== undefined && !rejected.some((range) => i >= range.from && i < range.to);
        return isStored ? 'stored' : 'absent';
      }),
    );
  }

  /** It did not leave as a whole. */
  unsent(): void {
    if (!this.#isNoted) this.#request?.none();
    this.#isNoted = true;
  }

  /** The answer was lost, and the log stream was read. */
  settled(fates: readonly Fate[]): void {
    this.#note(fates);
  }

  #note(fates: readonly Fate[]): void {
    const request = this.#request;
    if (this.#isNoted || request === undefined) return;
    this.#isNoted = true;
    const isUndecided = fates.includes('undecided');
    if (isUndecided) request.lost();
    if (fates.every((fate) => fate === 'stored')) request.stored();
    else if (fates.includes('stored')) {
      const stored = fates.flatMap((fate, i) => (fate === 'stored' ? [this.#body.from + i] : []));
      request.stored(claimsOfEvents(this.#events, this.#logStream, stored));
    } else if (!isUndecided) request.none();
  }
}
