/** Notes a request for an audit: before it leaves, and once its outcome is known, which is later when its answer is lost. */
import type { NotedRequest, SinkAudit } from '../../audit/audit-log.js';
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
    this.#request = audit?.sending(claimsOfEvents(events, logStream, [from, to]));
  }

  /** An answer that tells what is stored. */
  answered(answer: Answer): void {
    if (this.#isNoted || this.#request === undefined) return;
    const { rejected } = answer.kind === 'accepted' ? answer : {};
    if (rejected === undefined) this.unsent();
    else if (rejected.length === 0) {
      this.#isNoted = true;
      this.#request.stored();
    } else {
      const { from, to } = this.#body;
      const isStored = (i: number) => !rejected.some((range) => i >= range.from && i < range.to);
      this.#note(Array.from({ length: to - from }, (_, i) => (isStored(i) ? 'stored' : 'absent')));
    }
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
      const { from, to } = this.#body;
      const isStored = (event: number) => fates[event - from] === 'stored';
      request.stored(claimsOfEvents(this.#events, this.#logStream, [from, to], isStored));
    } else if (!isUndecided) request.none();
  }
}
