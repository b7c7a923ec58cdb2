/**
 * `logtap terminate`: the preStop hook of a native sidecar. The kubelet runs it when the termination of the pod begins, and
 * sends SIGTERM only when the application has ended, perhaps seconds before the kill. So the hook notifies the shipper.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseCommand } from './command-line/parse-command.js';
import { TERMINATE } from './commands/sidecar.js';
import { EXIT } from './usage.js';

/** "The termination has begun." */
const SIGNAL = 'SIGUSR2';
/** Time for a starting shipper to install its handler. Without a handler the signal would end it. */
const START_MS = 3000;
const LOOK_MS = 50;
/** Settings that two shippers of one container would not share. */
const OWN_SETTINGS = ['LOGTAP_RING_DIR', 'LOGTAP_SOCKET'];

/** Always resolves to 0, because a failed hook only causes an event without a remedy, and the pod ends anyway. */
export async function terminate(args: readonly string[]): Promise<number> {
  parseCommand(TERMINATE, args);
  const deadline = performance.now() + START_MS;
  for (;;) {
    const shippers = processes().filter(isShipper);
    const ready = shippers.filter(catchesSignal);
    for (const pid of ready) send(pid);
    if (ready.length > 0) return EXIT.OK;
    if (performance.now() > deadline) {
      const why = shippers.length > 0 ? 'it does not wait for the signal' : 'there is none';
      process.stderr.write(`logtap: no shipper in this container was notified that the pod ends: ${why}\n`);
      return EXIT.OK;
    }
    await sleep(LOOK_MS);
  }
}

function processes(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid);
}

/**
 * Whether the process is the shipper of this container. The pod may share process ids between its containers, or use those of
 * its node, where other pods also have shippers. Only the mount namespace identifies the container.
 */
function isShipper(pid: number): boolean {
  const mounts = seen(() => readlinkSync(`/proc/${pid}/ns/mnt`));
  if (mounts === undefined || mounts !== readlinkSync('/proc/self/ns/mnt')) return false;
  const args = list(pid, 'cmdline');
  const command = args.findIndex((arg) => basename(arg) === 'logtap.js' || arg.endsWith('/shipper/main.js'));
  const rest = args.slice(command + 1).join(' ');
  if (command < 0 || rest !== (basename(args[command]!) === 'logtap.js' ? 'ship' : '')) return false;
  const environment = list(pid, 'environ');
  const value = (name: string) => environment.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
  return OWN_SETTINGS.every((name) => value(name) === process.env[name]);
}

/** Whether the process has a handler for the signal. */
function catchesSignal(pid: number): boolean {
  const status = seen(() => readFileSync(`/proc/${pid}/status`, 'utf8')) ?? '';
  const caught = BigInt(`0x${/^SigCgt:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  return ((caught >> BigInt(constants.signals[SIGNAL] - 1)) & 1n) === 1n;
}

const send = (pid: number) => seen(() => process.kill(pid, SIGNAL));

/** The zero-terminated strings of a file in /proc. */
function list(pid: number, file: 'cmdline' | 'environ'): string[] {
  return (seen(() => readFileSync(`/proc/${pid}/${file}`, 'utf8')) ?? '').split('\0').slice(0, -1);
}

/** The result of `look`; `undefined` if the process has ended or belongs to another user. */
function seen<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
