/** Whether the bytes of a tapped process reach a reader: its target, looked at from where the process is. */
import { closeSync, lstatSync, openSync } from 'node:fs';
import { createConnection } from 'node:net';
import { basename, dirname, join, resolve } from 'node:path';
import { runbook } from '../catalog/runbook.js';
import { LIBRARY_ENV } from '../contract.js';
import { codeOf, pathInRoot, statOf } from './file.js';
import { type Target, targetOf } from './library-settings.js';
import type { ProcessState } from './process-state.js';
import { hasReader, type Ring, readRings } from './ring.js';
import type { Diagnostic } from './verdict.js';

const CONNECT_MS = 2000;

export interface Reach {
  readonly facts: Readonly<Record<string, string>>;
  readonly findings: readonly Diagnostic[];
  /** No process reads there. */
  readonly isUnread: boolean;
}

const UNKNOWN: Reach = { facts: {}, findings: [], isUnread: false };

/** @param nowMs for ages of times of files */
export async function reachOf(state: ProcessState, nowMs = Date.now()): Promise<Reach> {
  const target = targetOf(state.environment);
  if (target === undefined) return UNKNOWN;
  const path = resolve(state.workingDirectory, target.path);
  const problem = await unreachable(`${state.directory}/root`, path, target.kind);
  if (problem !== undefined) return { ...UNKNOWN, findings: [notReached(target, problem)], isUnread: true };
  return target.kind === 'ring' ? reachOfRings(state, path, nowMs) : UNKNOWN;
}

function notReached(target: Target, problem: string): Diagnostic {
  return {
    weight: 'limits',
    seen: `${LIBRARY_ENV.TARGET.name}=${target.kind}:${target.path} cannot be reached: ${problem}`,
    why: 'Until it can, what the program writes goes to the original alone and is counted as lost.',
    remedy:
      target.kind === 'file'
        ? 'Make its directory, writable for the user of the program.'
        : `Start the shipper, and mount the directory of its ${target.kind}s into both containers at the same path. See ${runbook('no-shipper-reads')}`,
  };
}

function reachOfRings(state: ProcessState, path: string, nowMs: number): Reach {
  try {
    const directory = ringsIn(`${state.directory}/root`, path);
    const { rings, damaged } = readRings(directory, state.rings);
    const isUnread = !hasReader(directory);
    return {
      facts: { reader: isUnread ? 'none' : 'a shipper', ...ringFacts(rings, nowMs) },
      findings: [
        ...(isUnread ? [unread(path, rings)] : []),
        ...(rings.length + damaged.length === 0 ? [withoutRing(state.pid, path)] : []),
        ...damaged.map(({ name, problem }) => damagedRing(name, problem)),
        ...rings.flatMap((ring) => fullRing(ring, isUnread)),
        ...lost(rings.at(-1)),
      ],
      isUnread,
    };
  } catch (error) {
    return { ...UNKNOWN, findings: [closed(path, error)] };
  }
}

function ringFacts(rings: readonly Ring[], nowMs: number): Record<string, string> {
  const ring = rings.at(-1);
  if (ring === undefined) return {};
  return {
    ring: ring.name,
    'ring fill': `${percent(ring)} %: ${ring.heldBytes} of ${ring.capacity} bytes are not acknowledged`,
    'last read': lastRead(ring, nowMs),
    lost: `${ring.lostLines} lines, ${ring.lostBytes} bytes`,
  };
}

const percent = ({ heldBytes, capacity }: Ring) => Math.ceil((heldBytes / capacity) * 100);

function lastRead({ lastReadMs, hasReleased }: Ring, nowMs: number): string {
  if (lastReadMs !== undefined) {
    const seconds = Math.max(0, Math.round((nowMs - lastReadMs) / 1000));
    return `${new Date(lastReadMs).toISOString()}, ${seconds} s ago`;
  }
  return hasReleased ? 'not known: the ring is not on a file system in memory' : 'never';
}

function unread(path: string, rings: readonly Ring[]): Diagnostic {
  const waiting = rings.reduce((total, { heldBytes }) => total + heldBytes, 0);
  return {
    weight: 'limits',
    seen: `no shipper reads the rings in ${path}${waiting === 0 ? '' : `; ${waiting} bytes of this process wait in them`}`,
    why: 'Lines wait until the ring is full. From then on they go to the original alone and are counted as lost.',
    remedy: `Start the shipper, or find out why it does not run: kubectl logs POD -c logtap --previous. See ${runbook('no-shipper-reads')}`,
  };
}

function withoutRing(pid: number, path: string): Diagnostic {
  return {
    weight: 'note',
    seen: `process ${pid} has no ring in ${path}`,
    why: 'A process claims a ring with its first line. A ring that has ended is removed when all of it is acknowledged.',
    remedy: `Nothing, if it has written no line so far. Otherwise compare stdout above with the stream that it writes to. See ${runbook('nothing-is-read')}`,
  };
}

function damagedRing(name: string, problem: string): Diagnostic {
  return {
    weight: 'limits',
    seen: `${name} cannot be read: ${problem}`,
    why: 'The shipper retires such a ring. Lines in it are not delivered.',
    remedy: `Find the process that writes to the directory of rings. See ${runbook('the-ring-is-damaged')}`,
  };
}

/** Of a ring, for frames that a signal handler hands over and for the rest of a line, as the library keeps it free. */
const RESERVED_BYTES = 20 * 1024;
/** A ring that has room only for short lines is full for others. */
const LINE_BYTES = 1024;

function fullRing(ring: Ring, isUnread: boolean): Diagnostic[] {
  if (ring.isRetired || ring.capacity - ring.heldBytes > RESERVED_BYTES + LINE_BYTES) return [];
  return [
    {
      weight: 'limits',
      seen: `${ring.name} is full: ${ring.heldBytes} of ${ring.capacity} bytes are not acknowledged`,
      why: 'New lines go to the original alone and are counted as lost, or the process waits (LLT_ON_FULL=block:MS).',
      remedy: `${isUnread ? 'Start the shipper.' : 'Find out what the shipper waits for, a service or a Secret: kubectl logs POD -c logtap.'} See ${runbook('the-ring-is-full')}`,
    },
  ];
}

function lost(ring: Ring | undefined): Diagnostic[] {
  if (ring === undefined || ring.lostBytes === 0) return [];
  return [
    {
      weight: 'limits',
      seen: `${ring.lostLines} lines (${ring.lostBytes} bytes) were not handed over`,
      why: 'There was no ring, or it was full. These lines are in the original output alone; the ledger counts them as not_handed_over.',
      remedy: `Give the shipper a larger ring, or LLT_ON_FULL=block:MS so that the process waits. See ${runbook('the-ring-is-full')}`,
    },
  ];
}

function closed(path: string, error: unknown): Diagnostic {
  return {
    weight: 'note',
    seen: `the rings in ${path} cannot be read: ${(error as Error).message}`,
    why: 'Whether a shipper reads them is not known.',
    remedy: 'Run logtap doctor as the user of the process, or as root.',
  };
}

async function unreachable(root: string, path: string, kind: Target['kind']): Promise<string | undefined> {
  try {
    if (statOf(pathInRoot(root, dirname(path)))?.isDirectory() !== true) return `${dirname(path)} is not a directory`;
    if (kind === 'ring') return isNoDirectory(ringsIn(root, path)) ? `${path} is not a directory` : undefined;
    if (kind === 'file') return undefined;
    const socket = pathInRoot(root, path);
    return statOf(socket)?.isSocket() === true ? await connectionProblem(socket) : `${path} is not a socket`;
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? `${path} does not exist in its root directory` : (error as Error).message;
  }
}

/** The directory of rings. The library follows no link there. */
const ringsIn = (root: string, path: string) => join(pathInRoot(root, dirname(path)), basename(path));

/** Whether an entry with the name is no directory. A missing one is made with the first line. */
function isNoDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === false;
}

/** Connects and closes, as the library would, perhaps as another user. */
async function connectionProblem(socket: string): Promise<string | undefined> {
  // Through its directory's descriptor, because the path through /proc may exceed the limit on socket paths.
  const directory = openSync(dirname(socket), 'r');
  try {
    return await new Promise((settle) => {
      const connection = createConnection(`/proc/self/fd/${directory}/${basename(socket)}`);
      const finish = (problem?: string) => {
        connection.destroy();
        settle(problem);
      };
      connection.setTimeout(CONNECT_MS, () => finish(`no answer within ${CONNECT_MS} ms`));
      connection.once('connect', () => finish());
      connection.once('error', (error) =>
        finish(codeOf(error) === 'ECONNREFUSED' ? 'no process listens on it' : (error as Error).message),
      );
    });
  } finally {
    closeSync(directory);
  }
}
