/**
 * How much of a ring its process may overwrite: the batches that were made of it, which of them are acknowledged, and the checkpoint that
 * the ring gets for them. The next reader begins at the checkpoint.
 */
import type { Lost } from '../../frames/decoder.js';
import { minus, NOTHING, plus } from '../../frames/losses/lost.js';
import type { PlannedCheckpoint, RingFile } from '../file.js';
import type { Mark } from './mark.js';

export class Release {
  readonly #file: RingFile;
  /** Ends of batches that are not acknowledged, in their order. */
  readonly #marks: Mark[] = [];
  /** The end of the room that the process may overwrite. */
  #released: Pick<Mark, 'progress' | 'lost'> = { progress: undefined, lost: NOTHING };
  #unacknowledged: Lost = NOTHING;
  /** What the ring says: its place, and the total that is counted. */
  #saved: { position: number; lost: Lost } = { position: 0, lost: NOTHING };
  /** Acknowledged since. */
  #unsaved: Lost = NOTHING;
  /** Of the acknowledged batches, until it is saved. */
  #planned: PlannedCheckpoint | undefined;

  constructor(file: RingFile) {
    this.#file = file;
  }

  /** As the ring says where a reader before this one was. @param unacknowledged lines that it released early, and took with it */
  begin({ progress, lost }: Pick<Mark, 'progress' | 'lost'>, unacknowledged: Lost): void {
    this.#saved = { position: progress?.position ?? 0, lost };
    if (progress === undefined) return;
    this.#released = { progress, lost };
    this.#unacknowledged = unacknowledged;
    const first = this.#file.plan(progress, lost, unacknowledged);
    if (first !== undefined) this.#file.save(first);
  }

  get position(): number {
    return this.#released.progress?.position ?? 0;
  }

  /** How long the oldest batch has waited for its acknowledgement. */
  waitedMs(nowMs: number): number {
    return nowMs - (this.#marks[0]?.atMs ?? nowMs);
  }

  add(mark: Mark): void {
    this.#marks.push(mark);
  }

  /** Nothing comes after the last batch. False where there is none that is not acknowledged. */
  endsAtLast(): boolean {
    const last = this.#marks.at(-1);
    if (last !== undefined) last.isLast = true;
    return last !== undefined;
  }

  /** Whether that changes the checkpoint, and whether nothing comes after what is acknowledged now. `isDropped` as of a reader. */
  acknowledge(mark: Mark, isDropped: boolean): { readonly isChanged: boolean; readonly isLast: boolean } {
    mark.isAcknowledged = true;
    this.#unsaved = plus(this.#unsaved, plus(mark.records, mark.notice));
    if (mark.isReleasedEarly) this.#unacknowledged = minus(this.#unacknowledged, mark.records);
    this.#unacknowledged = minus(this.#unacknowledged, mark.notice);
    let last: Mark | undefined;
    while (this.#marks[0]?.isAcknowledged) last = this.#marks.shift();
    const isBehind = isDropped && last === undefined && !mark.isReleasedEarly;
    if (isBehind) this.#releaseUpTo(mark);
    if (last?.isReleasedEarly === false) this.#released = last;
    const isChanged = last !== undefined || mark.isReleasedEarly || mark.notice.bytes > 0;
    return { isChanged, isLast: last?.isLast ?? false };
  }

  /** All of the ring: nothing of it is read any more. */
  all(end: Pick<Mark, 'progress' | 'lost'>): void {
    this.#released = end;
  }

  /** Releases batches before they are acknowledged, until at most so many bytes before `position` are not released. Whether it has. */
  early(position: number, bytes: number): boolean {
    const before = this.#released;
    for (const mark of this.#marks) {
      if (position - this.position <= bytes) break;
      this.#releaseEarly(mark);
    }
    return this.#released !== before;
  }

  /** What `save` will write; `undefined` while there is nothing that it could. */
  plan(): PlannedCheckpoint | undefined {
    const { progress, lost } = this.#released;
    if (progress !== undefined) this.#planned = this.#file.plan(progress, lost, this.#unacknowledged);
    return this.#planned;
  }

  save(): void {
    if (this.#planned === undefined) this.plan();
    if (this.#planned !== undefined) this.#file.save(this.#planned);
    this.#planned = undefined;
    this.#saved = { position: this.position, lost: this.#released.lost };
    this.#unsaved = NOTHING;
  }

  /** As `save`, but for the counts of lines that were acknowledged since: the ring owes these lines. @param position how far it is read */
  saveOwed(position: number): void {
    const { progress } = this.#released;
    const isShort = position - this.#saved.position > this.#file.capacity / 2;
    if (!isShort || progress === undefined) return;
    const owed = this.#file.plan(progress, this.#saved.lost, plus(this.#unacknowledged, this.#unsaved));
    if (owed === undefined) return;
    this.#file.save(owed);
    this.#saved = { ...this.#saved, position: progress.position };
  }

  #releaseUpTo(last: Mark): void {
    for (const mark of this.#marks) {
      this.#releaseEarly(mark);
      if (mark === last) break;
    }
  }

  #releaseEarly(mark: Mark): void {
    if (mark.isReleasedEarly || mark.progress === undefined) return;
    mark.isReleasedEarly = true;
    if (!mark.isAcknowledged) this.#unacknowledged = plus(this.#unacknowledged, mark.records);
    this.#released = mark;
  }
}
