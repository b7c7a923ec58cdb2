/**
 * The holder of a directory, by the lock file and by its own answer on its socket.
 *
 *     {"pid":7,"host":"web-0","pod":"web-0","since":"2026-…","boot":"<boot id of the node>","socket":"shipper.lock-….sock"}
 *
 * The holder answers the same object, plus `"stopping":true` once it stops. A process that can write to the directory can write
 * these files: every value is checked before use.
 */
import { readFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import { codeOf } from '../errors.js';

export interface Holder {
  /** In its own namespace of processes. */
  readonly pid: number;
  readonly host: string;
  readonly pod?: string;
  readonly since: string;
  /** Empty where the system does not say. */
  readonly boot: string;
  /** Name of its socket, beside the lock file. */
  readonly socket: string;
  readonly stopping?: boolean;
}

export const SOCKET_NAME = /^shipper\.lock-[0-9a-f]{16}\.sock$/;
const ANSWER_MAX_BYTES = 4096;
/** A holder that is stopped by SIGSTOP accepts, but does not answer. */
const ANSWER_MS = 1000;
/** Programs that ask at the same time. More are turned away, and know from this alone that a process listens. */
const CONNECTIONS_MAX = 8;

/** This process. */
export function holderOfNow(socket: string, pod: string | undefined): Holder {
  const since = new Date().toISOString();
  return { pid: process.pid, host: hostname(), ...(pod && { pod }), since, boot: bootId(), socket };
}

/** Changes with every start of the kernel; the same in all containers of a node. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
}

/** `undefined` when it is no holder. */
export function parseHolder(text: string): Holder | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { pid, host, pod, since, boot, socket, stopping } = (value ?? {}) as Record<keyof Holder, unknown>;
  if (!Number.isSafeInteger(pid) || (pid as number) < 1) return undefined;
  if (![host, since, boot, socket].every((each) => typeof each === 'string')) return undefined;
  if (!SOCKET_NAME.test(socket as string)) return undefined;
  return {
    pid: pid as number,
    host: host as string,
    ...(typeof pod === 'string' && { pod }),
    since: since as string,
    boot: boot as string,
    socket: socket as string,
    ...(stopping === true && { stopping }),
  };
}

/** For messages. */
export function describe({ pid, host, pod, since }: Holder): string {
  return `${pod === undefined ? 'the shipper' : `the shipper of pod ${pod}`} on ${host} (process ${pid}, since ${since})`;
}

/** Listens at a path that must be new. The kernel ends it with the process, however that dies. */
export function serve(path: string, answer: () => Holder): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.setTimeout(ANSWER_MS, () => socket.destroy());
    socket.end(JSON.stringify(answer()), () => socket.destroy());
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.unref();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // Of any user: one that may not connect could not tell a holder from a dead one.
    server.listen({ path, readableAll: true, writableAll: true }, () => {
      server.off('error', reject);
      // After a failed accept the socket still listens, and only that matters.
      server.on('error', () => {});
      resolve(server);
    });
  });
}

export type Asked =
  | { readonly isAlive: true; readonly holder: Holder | undefined }
  /** `code` says why there was no connection. */
  | { readonly isAlive: false; readonly code: string };

/** Asks who listens at a path. An accepted connection proves that a process lives, with any answer. */
export function ask(path: string): Promise<Asked> {
  return new Promise((resolve) => {
    let isConnected = false;
    let answer = '';
    const socket = connect({ path });
    const timer = setTimeout(() => socket.destroy(), ANSWER_MS);
    let code = 'ETIMEDOUT';
    socket.setEncoding('utf8');
    socket.on('connect', () => {
      isConnected = true;
    });
    socket.on('data', (text: string) => {
      answer += text;
      if (answer.length > ANSWER_MAX_BYTES) socket.destroy();
    });
    socket.on('error', (error) => {
      code = codeOf(error);
    });
    socket.on('close', () => {
      clearTimeout(timer);
      // A queue that is full is the queue of a process.
      if (isConnected || code === 'EAGAIN') resolve({ isAlive: true, holder: parseHolder(answer) });
      else resolve({ isAlive: false, code });
    });
  });
}
