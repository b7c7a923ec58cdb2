/** The page of losses as it lies in a directory of rings, read by the layout in contract.ts, and a volume that has room for no more. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOSS_SLOT, LOSS_SLOT_BYTES, RING_NAMES, SOCKET_LOSSES_SUFFIX } from '../../src/contract.js';
import { temporaryDirectory } from './run.js';

export interface LossSlot {
  readonly instance: bigint;
  readonly lines: bigint;
  readonly bytes: bigint;
  readonly magic: bigint;
}

/** The slots that are taken; the first one belongs to no process. */
export function lossSlots(directory: string): LossSlot[] {
  return slotsOf(join(directory, RING_NAMES.LOSSES));
}

function slotsOf(path: string): LossSlot[] {
  const page = readFileSync(path);
  const word = (slot: number, name: string) =>
    page.readBigUInt64LE(slot * LOSS_SLOT_BYTES + LOSS_SLOT.find((each) => each.name === name)!.offset);
  const slots = Array.from({ length: page.length / LOSS_SLOT_BYTES }, (_, i) => ({
    instance: word(i, 'instance'),
    lines: word(i, 'lost_lines'),
    bytes: word(i, 'lost_bytes'),
    magic: word(i, 'magic'),
  }));
  return slots.filter(({ instance }) => instance !== 0n);
}

const sumOf = (slots: readonly LossSlot[]) =>
  slots.reduce((sum, { lines, bytes }) => ({ lines: sum.lines + lines, bytes: sum.bytes + bytes }), {
    lines: 0n,
    bytes: 0n,
  });

export const sumOfSlots = (directory: string) => sumOf(lossSlots(directory));

/** The same of the page beside a socket. */
export const sumBesideSocket = (socket: string) => sumOf(slotsOf(`${socket}${SOCKET_LOSSES_SUFFIX}`));

/** A directory for rings on a volume that has room for the page, and for no ring. Needs root. A new one for each test of the file. */
export function volumeWithoutRoom(): { readonly rings: string } {
  let volume = '';
  beforeEach(() => {
    const directory = temporaryDirectory();
    // For every user.
    chmodSync(directory, 0o755);
    volume = join(directory, 'volume');
    mkdirSync(volume);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48k,mode=0777', 'tmpfs', volume]);
  });
  afterEach(() => execFileSync('umount', ['--lazy', volume]));
  return {
    get rings() {
      return join(volume, 'rings');
    },
  };
}
