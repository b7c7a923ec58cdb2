/**
 * One row of the zoo: a program, and what it writes. The expectation is stated, never taken from a run: a cell without
 * the library has to meet it too, and so is the proof that the library changes nothing.
 */
import type { Libc } from '../../../test/support/native-programs.js';

/** Where one run of a case takes place. */
export interface Place {
  /** A fresh, empty working directory, absolute. The program is started in it. */
  readonly directory: string;
  /** The C library that C programs of this run are to be built for. */
  readonly libc: Libc;
  /** Whether root runs it. */
  readonly isRoot: boolean;
}

export type Platform = 'glibc' | 'musl' | 'aarch64' | 'container';

export interface ZooCase {
  /** Unique; the row's title in docs/reference/coverage.md. */
  readonly name: string;
  /** The table's section: 'C', 'shell', 'Python', 'server'... */
  readonly family: string;
  /** Where it runs beside glibc. A container is glibc in a restricted one. @default ['glibc'] */
  readonly platforms?: readonly Platform[];
  /** Names in scripts/capabilities.js without which it cannot run. */
  readonly needs?: readonly string[];
  /** Command and arguments. May compile and write files; `place.directory` is what it writes to. */
  command(place: Place): readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Bytes on standard input. @default none: /dev/null */
  readonly stdin?: string | Buffer;
  /** LLT_TAP_FILE: paths relative to the directory, several with ':', patterns. @default no file is tapped */
  readonly tapFile?: string;
  /** Every byte it writes to its stdout. @default none */
  readonly stdout?: string | Buffer;
  readonly stderr?: string | Buffer;
  /** Every byte it writes to tapped files, by the path relative to the directory under which the file was opened. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
  /** What lies on the disk afterwards without suppression, where that differs from `files` (rotated, truncated). */
  readonly onDisk?: Readonly<Record<string, string | Buffer>>;
  /** Files that are not tapped and on the disk afterwards in every cell, by their relative paths. */
  readonly untapped?: Readonly<Record<string, string | Buffer>>;
  /**
   * Replaces what no one can state: times, process ids, versions. Of whole lines, as latin1; what was captured is
   * given one frame at a time. Reported losses are then held against nothing but zero, with the target present.
   * @default nothing
   */
  readonly normalise?: (text: string) => string;
  /** 'exact': one order of bytes over all processes. 'lines': several writers at once, whole lines in any order. @default 'exact' */
  readonly order?: 'exact' | 'lines';
  /** @default 0 */
  readonly exitCode?: number;
  /** The signal that ends it, instead of an exit code. */
  readonly signal?: NodeJS.Signals;
  /**
   * Every process ends by exit() or a return from main, after its last write: what it could not hand over is then
   * reported exactly. Not so after _exit, exec and signals. @default false: reports are checked as an upper bound
   */
  readonly reportsLosses?: boolean;
  /** Why nothing can be captured (static, setuid...): it has to run as if untapped, with nothing handed over. */
  readonly untouchable?: string;
  /** Writers that outlive the command or need a moment. How long all of it may take. @default 120000 */
  readonly timeoutMs?: number;
}
