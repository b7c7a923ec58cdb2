/**
 * The processes that may still write through the tap of one run. Their directory in /proc tells, also where the system lists no
 * locks, from which a shipper learns it otherwise.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { LIBRARY_ENV, LIBRARY_NAME } from '../../contract.js';

export interface LivingWriter {
  readonly pid: number;
  readonly name: string;
}

const TARGET = `${LIBRARY_ENV.TARGET.name}=`;

export class LivingWriters {
  readonly #directory: string;
  readonly #others: ReadonlySet<string>;

  /**
   * Before the program starts.
   *
   * @param directory of the rings and the socket, by a name that no other run has
   */
  constructor(directory: string) {
    this.#directory = directory;
    this.#others = new Set(processes().map(identity));
  }

  /**
   * Empty where none is left, and none can come: each is started by another.
   *
   * @param shipper whose environment names the directory, too
   */
  find(shipper: number | undefined): readonly LivingWriter[] {
    return processes()
      .filter((pid) => pid !== shipper && !this.#others.has(identity(pid)) && this.#mayWrite(pid))
      .map((pid) => ({ pid, name: (textOf(pid, 'comm') ?? '?').trim() }));
  }

  #mayWrite(pid: number): boolean {
    const maps = textOf(pid, 'maps');
    // Ended, or not yet reaped.
    if (maps === '') return false;
    const environment = textOf(pid, 'environ');
    // Of another user, or gone meanwhile.
    if (maps === undefined || environment === undefined) return !isEnded(pid) && isOfThisRun(pid);
    if (maps.includes(this.#directory) || environment.includes(this.#directory)) return true;
    // In the middle of execve(2), or without a variable, or a program that has written its title over them.
    const isUnknown = environment === '' || (maps.includes(`/${LIBRARY_NAME}`) && !environment.includes(TARGET));
    return isUnknown && isOfThisRun(pid);
  }
}

/** Whether the process comes from this one, or its parent has ended, so that it may. */
function isOfThisRun(pid: number): boolean {
  const INIT = 1;
  let parent = parentOf(pid);
  if (parent === INIT) return true;
  for (; parent > INIT; parent = parentOf(parent)) if (parent === process.pid) return true;
  return false;
}

const parentOf = (pid: number) => Number(fieldsOf(pid)?.[1] ?? 0);

function processes(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid);
}

/** A process id may be used again, but not with the same start. */
const identity = (pid: number) => `${pid} ${fieldsOf(pid)?.[19]}`;

/** Fields of /proc/PID/stat from the third on, after the name in parentheses. */
function fieldsOf(pid: number): readonly string[] | undefined {
  const stat = textOf(pid, 'stat');
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

const isEnded = (pid: number) => /^[ZX]$/.test(fieldsOf(pid)?.[0] ?? 'X');

function textOf(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return undefined;
  }
}
