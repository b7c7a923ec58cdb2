/** How the processes ended that wrote: counts, and the last ones that failed. Bounded, however many they are. */

/** Its exit status; `killed`: by a signal, or past libc; `unknown`: it became another program, or its library does not tell. */
export type ProcessEnd = number | 'killed' | 'unknown';

/** A process, as its HELLO names it. */
export interface EndedProcess {
  readonly instance: string;
  readonly pid: number;
  readonly process: string;
  readonly container: string;
}

export interface EndStatement {
  /** Processes by exit status, `killed` and `unknown`. */
  readonly processes: Readonly<Record<string, number>>;
  /** The last ones that ended with another status than 0, or were killed; the newest last. */
  readonly failed: readonly (Omit<EndedProcess, 'instance'> & { readonly end: ProcessEnd })[];
}

const FAILED_MAX = 20;
/** A process has more than one ring, or connection, where the one before was full or broken. */
const KNOWN_MAX = 1000;

export const isFailure = (end: ProcessEnd): boolean => end === 'killed' || (typeof end === 'number' && end !== 0);

export class EndCounts {
  readonly #counts = new Map<ProcessEnd, number>();
  readonly #failed: EndStatement['failed'][number][] = [];
  readonly #known = new Set<string>();

  /** Counts a process once. Whether it was not counted yet. */
  add({ instance, pid, process, container }: EndedProcess, end: ProcessEnd): boolean {
    if (this.#known.has(instance)) return false;
    this.#known.add(instance);
    if (this.#known.size > KNOWN_MAX) this.#known.delete(this.#known.keys().next().value!);
    this.#counts.set(end, (this.#counts.get(end) ?? 0) + 1);
    if (!isFailure(end)) return true;
    this.#failed.push({ pid, process, container, end });
    if (this.#failed.length > FAILED_MAX) this.#failed.shift();
    return true;
  }

  /** `undefined` while none has ended. */
  get statement(): EndStatement | undefined {
    if (this.#counts.size === 0) return undefined;
    return { processes: Object.fromEntries(this.#counts), failed: [...this.#failed] };
  }
}
