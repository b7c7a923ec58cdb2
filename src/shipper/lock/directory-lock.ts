/**
 * Exclusive use of a directory by one shipper. Node has no flock(2), so a listening unix socket is the proof of life: the
 * kernel closes it with the process, and it is seen across the namespaces of networks and processes of a node.
 *
 *     shipper.lock.<generation>        who holds the directory (holder.ts), made whole and then linked to this name
 *     shipper.lock-<random>.sock       the socket of that holder
 *
 * The highest generation is the lock. A shipper that finds its holder dead links the next generation: link(2) lets one of
 * several win, and the name of a live lock is never removed nor replaced. So a lock is not unlinked on release either: it
 * is dead with its socket, and the next generation removes it.
 *
 * A holder of another node (a volume that several mount), or of another kernel, cannot be asked. It touches its file every
 * BEAT_MS; one that does not for LEASE_MS is taken for dead.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  utimesSync,
  writeSync,
} from 'node:fs';
import type { Server } from 'node:net';
import { basename, join } from 'node:path';
import { ConfigError, codeOf, messageOf } from '../errors.js';
import type { Log } from '../log.js';
import { type Asked, ask, bootId, describe, type Holder, holderOfNow, parseHolder, serve } from './holder.js';

const PREFIX = 'shipper.lock';
const GENERATION = /^shipper\.lock\.(\d{1,15})$/;
/** The last one with so many digits. No shipper comes to it, but any user of the directory can make its file. */
const GENERATION_MAX = 999_999_999_999_999;
const BEAT_MS = 3000;
const LEASE_MS = 15_000;
/** Between looks at a holder that stops, or that cannot be asked. */
const LOOK_MS = 250;
const HOLDER_MAX_BYTES = 4096;
/** Errors of a file system without sockets or links. */
const UNSUPPORTED = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'ENXIO', 'EMLINK']);

export interface DirectoryLockOptions {
  /** It must exist. */
  readonly directory: string;
  /** The setting that names it, for messages. */
  readonly setting: string;
  /** The harm that two shippers would do there, for messages: "two would …". */
  readonly harm: string;
  readonly pod: string | undefined;
  readonly log: Log;
  readonly sleep: (ms: number) => Promise<void>;
}

export interface DirectoryLock {
  /** Whether no other shipper has taken the directory. Cheap: looks at most once a few seconds. */
  readonly isOurs: boolean;
  /** Tells a shipper that waits for its turn that this one is about to end. */
  stopping(): void;
  /** Leaves the directory to the next one. */
  release(): void;
}

/**
 * Takes the directory. Waits while its holder stops. Throws a ConfigError that names the holder when there is one. On a
 * file system that has no sockets or no links the use is not exclusive, which is logged.
 */
export async function lockDirectory(options: DirectoryLockOptions): Promise<DirectoryLock> {
  const { directory, setting, harm, log, sleep } = options;
  /** Socket of the holder that has said that it stops. It may be too busy to say it again, or end before it answers. */
  let stopping: string | undefined;
  for (;;) {
    let taken: Held | Holder | 'unknown';
    try {
      taken = await take(options);
    } catch (error) {
      if (!UNSUPPORTED.has(codeOf(error))) {
        throw new ConfigError(
          [`${setting}='${directory}': cannot be locked: ${messageOf(error)}. Mount a writable directory there.`],
          { cause: error },
        );
      }
      log.problem(
        'warn',
        `lock ${setting}`,
        `${setting}='${directory}': this file system cannot lock it (${messageOf(error)}): make sure that no other shipper uses it, ${harm}`,
      );
      return { isOurs: true, stopping() {}, release() {} };
    }
    if (taken instanceof Held) return new HeldLock(options, taken);
    if (taken === 'unknown' || (taken.stopping !== true && taken.socket !== stopping)) {
      const who = taken === 'unknown' ? 'another shipper, which does not say who it is' : describe(taken);
      throw new ConfigError([
        `${setting}='${directory}': is in use by ${who}: ${harm}. Give each shipper a directory of its own (on a shared volume: subPathExpr: $(POD_NAME)), or let the other one end first (a Deployment: strategy Recreate); until then this container starts again and again.`,
      ]);
    }
    if (taken.socket !== stopping) log.info(`${setting}='${directory}': waits for ${describe(taken)}, which stops`);
    stopping = taken.socket;
    await sleep(LOOK_MS);
  }
}

/** Process id of the live shipper that holds a directory, in the namespace of that process. */
export async function holderOf(directory: string): Promise<number | undefined> {
  if (!existsSync(directory)) return undefined;
  const top = highest(directory);
  const socket = top === undefined ? undefined : holderIn(join(directory, nameOf(top)))?.socket;
  if (socket === undefined) return undefined;
  const asked = await askIn(directory, socket);
  return asked.isAlive ? asked.holder?.pid : undefined;
}

/** A lock that was won, until it is removed. */
class Held {
  constructor(
    readonly path: string,
    readonly socket: string,
    readonly server: Server,
    readonly state: { isStopping: boolean },
  ) {}
}

class HeldLock implements DirectoryLock {
  readonly #options: DirectoryLockOptions;
  readonly #timer: NodeJS.Timeout;
  #held: Held;
  #seenMs = performance.now();
  #isOurs = true;
  #isReleased = false;

  constructor(options: DirectoryLockOptions, held: Held) {
    this.#options = options;
    this.#held = held;
    this.#timer = setInterval(() => this.#beat(), BEAT_MS).unref();
  }

  get isOurs(): boolean {
    // A process that was stopped may find its lease gone: it must look before it goes on.
    if (performance.now() - this.#seenMs > 2 * BEAT_MS) this.#beat();
    return this.#isOurs;
  }

  stopping(): void {
    this.#held.state.isStopping = true;
  }

  release(): void {
    this.#isReleased = true;
    clearInterval(this.#timer);
    this.#held.server.close();
    try {
      rmSync(this.#held.socket, { force: true });
    } catch {
      // Without a listener it tells the same; the next holder removes it.
    }
  }

  #beat(): void {
    if (!this.#isOurs) return;
    const { path, socket } = this.#held;
    this.#seenMs = performance.now();
    try {
      const now = new Date();
      // Not by its inode, which the file of the next shipper may have.
      if (holderIn(path)?.socket === basename(socket)) utimesSync(path, now, now);
      else this.#lost();
    } catch (error) {
      // Anything else says nothing about whose it is.
      if (codeOf(error) === 'ENOENT') this.#lost();
    }
  }

  /** The lock was removed. Unless another shipper has taken the directory, it is taken again. */
  #lost(): void {
    this.#isOurs = false;
    const { directory, setting, harm, log } = this.#options;
    const say = (what: string) => log.problem('error', `lock ${setting}`, `${setting}='${directory}': ${what}`);
    const retake = async () => {
      const isTaken = highest(directory) !== undefined;
      const taken = isTaken ? 'unknown' : await take(this.#options);
      if (!(taken instanceof Held)) {
        say(`another shipper has taken it: ${harm}. Nothing is written there any more; restart this container.`);
        return;
      }
      this.#held.server.close();
      taken.state.isStopping = this.#held.state.isStopping;
      this.#held = taken;
      this.#isOurs = true;
      say('the lock of this shipper was removed; it is locked again');
      if (this.#isReleased) taken.server.close();
    };
    retake().catch((error) => {
      say(`the lock of this shipper was removed, and it cannot be made again: ${messageOf(error)}`);
      setTimeout(() => this.#isReleased || this.#lost(), BEAT_MS).unref();
    });
  }
}

/** One attempt: the lock, or who has it. */
async function take({ directory, setting, pod, log, sleep }: DirectoryLockOptions): Promise<Held | Holder | 'unknown'> {
  const onLease = () =>
    log.info(`${setting}='${directory}': its last holder cannot be asked; waits ${LEASE_MS / 1000} s for a sign of it`);
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  const id = randomBytes(8).toString('hex');
  const socket = `${PREFIX}-${id}.sock`;
  const making = join(directory, `${PREFIX}-${id}`);
  let server: Server | undefined;
  let isTaken = false;
  try {
    for (;;) {
      const top = highest(directory);
      const alive = top === undefined ? undefined : await findAlive(directory, top, sleep, onLease);
      if (alive !== undefined) return alive;
      const state = { isStopping: false };
      const me = holderOfNow(socket, pod);
      if (server === undefined) {
        // By this way round, as a socket's own path has 107 bytes at most.
        server = await serve(`/proc/self/fd/${fd}/${socket}`, () => ({ ...me, stopping: state.isStopping }));
        writeWhole(making, JSON.stringify(me));
      }
      const generation = (top ?? 0) + 1;
      if (generation > GENERATION_MAX) {
        // Renamed, as a directory cannot be removed safely with what other users put in it.
        renameSync(join(directory, nameOf(GENERATION_MAX)), `${making}.aside`);
        rmQuietly(`${making}.aside`);
        continue;
      }
      const path = join(directory, nameOf(generation));
      try {
        linkSync(making, path);
      } catch (error) {
        if (codeOf(error) === 'EEXIST') continue;
        throw error;
      }
      // A slow one may have linked a generation that was used and removed already.
      if (highest(directory) !== generation) {
        rmSync(path, { force: true });
        continue;
      }
      removeBelow(directory, generation);
      isTaken = true;
      return new Held(path, join(directory, socket), server, state);
    }
  } finally {
    rmSync(making, { force: true });
    if (!isTaken) {
      server?.close();
      rmSync(join(directory, socket), { force: true });
    }
    closeSync(fd);
  }
}

/** The holder of a generation, if it lives. */
async function findAlive(
  directory: string,
  generation: number,
  sleep: (ms: number) => Promise<void>,
  onLease: () => void,
): Promise<Holder | 'unknown' | undefined> {
  const path = join(directory, nameOf(generation));
  const lock = readLock(path);
  if (lock === undefined) return undefined;
  if (lock === 'foreign') return undefined;
  const { holder } = lock;
  if (holder !== undefined) {
    const asked = await askIn(directory, holder.socket);
    if (asked.isAlive) return asked.holder ?? holder;
    if (asked.code === 'EACCES') return holder;
    const boot = bootId();
    if (boot !== '' && holder.boot === boot && (asked.code === 'ECONNREFUSED' || asked.code === 'ENOENT')) {
      return undefined;
    }
  }
  onLease();
  for (let looks = LEASE_MS / LOOK_MS; looks > 0; looks--) {
    await sleep(LOOK_MS);
    const again = readLock(path);
    if (again === undefined || again === 'foreign') return undefined;
    if (again.beat !== lock.beat) return holder ?? 'unknown';
  }
  return undefined;
}

async function askIn(directory: string, socket: string): Promise<Asked> {
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return await ask(`/proc/self/fd/${fd}/${socket}`);
  } finally {
    closeSync(fd);
  }
}

function highest(directory: string): number | undefined {
  const generations = generationsIn(directory);
  return generations.length === 0 ? undefined : Math.max(...generations);
}

function generationsIn(directory: string): number[] {
  return readdirSync(directory).flatMap((name) => {
    const [, generation] = GENERATION.exec(name) ?? [];
    return generation === undefined ? [] : [Number(generation)];
  });
}

/** Removes the files of dead holders. */
function removeBelow(directory: string, generation: number): void {
  for (const each of generationsIn(directory)) {
    if (each >= generation) continue;
    const path = join(directory, nameOf(each));
    const socket = holderIn(path)?.socket;
    if (socket !== undefined) rmQuietly(join(directory, socket));
    rmQuietly(path);
  }
}

/** What stays, such as a directory of another user, is below the lock and means nothing. */
function rmQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The next holder tries it again.
  }
}

function holderIn(path: string): Holder | undefined {
  const lock = readLock(path);
  return lock === 'foreign' ? undefined : lock?.holder;
}

/** A link, or a socket, which cannot be opened. */
const FOREIGN: ReadonlySet<string> = new Set(['ELOOP', 'ENXIO']);

/** `undefined` when there is none; `foreign` when no shipper made it, as the lock of a shipper is a regular file. */
function readLock(
  path: string,
): { readonly holder: Holder | undefined; readonly beat: string } | 'foreign' | undefined {
  let fd: number;
  try {
    // Opened anew each time: so a network file system asks its server.
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (FOREIGN.has(codeOf(error))) return 'foreign';
    throw error;
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) return 'foreign';
    const bytes = Buffer.alloc(HOLDER_MAX_BYTES);
    const text = bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, 0));
    return { holder: parseHolder(text), beat: `${inodeOf(stats)} ${stats.mtimeMs}` };
  } finally {
    closeSync(fd);
  }
}

function writeWhole(path: string, text: string): void {
  const fd = openSync(path, 'wx', 0o644);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

const nameOf = (generation: number): string => `${PREFIX}.${generation}`;

const inodeOf = ({ dev, ino }: Stats): string => `${dev} ${ino}`;
