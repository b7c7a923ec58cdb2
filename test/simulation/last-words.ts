/** Losses that processes told a shipper that was killed: what it had not read is in no count, unless they connect again. */
import { lostOf } from './counts.js';
import type { FramedWriter } from './writers/writer.js';

export class LastWords {
  /** By process and its name in the journal: to be looked at when a shipper is killed. */
  readonly #speakers = new Map<FramedWriter, string>();
  /** At the last kill: losses in no journal. */
  readonly #unread = new Map<FramedWriter, { readonly greetings: number; readonly lines: number }>();

  add(writer: FramedWriter): void {
    this.#speakers.set(writer, writer.instance.toString(16).padStart(16, '0'));
  }

  killed(journal: string): void {
    for (const [writer, name] of this.#speakers) {
      const lines = Math.max(0, writer.said - lostOf(journal, name));
      this.#unread.set(writer, { greetings: writer.greetings, lines });
    }
  }

  /** At the end. */
  get unread(): number {
    let sum = 0;
    for (const [writer, { greetings, lines }] of this.#unread) if (writer.greetings === greetings) sum += lines;
    return sum;
  }
}
