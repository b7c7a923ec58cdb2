/** Which counts outlive a shipper that is killed: by its journal, and by its log. */
import { isUnkept } from './journal-refusals.js';
import type { MachineProcess } from './world/machine.js';

/** Without the room behind them, and what a crash has torn. */
const entriesOf = (journal: string): unknown[][] =>
  journal.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line)];
    } catch {
      return [];
    }
  });

/** What a journal says of sockets: lines that no sink had acknowledged, and the last frame of each process. */
export function readOf(journal: string): { readonly unsettled: number; readonly seqs: ReadonlyMap<string, number> } {
  const seqs = new Map<string, number>();
  let unsettled = 0;
  const add = ([kind, ...rest]: readonly unknown[]): void => {
    if (kind === 'acknowledged') for (const entry of rest[0] as unknown[][]) add(entry);
    if (kind === 'reported') unsettled = 0;
    if (kind === 'settled') unsettled = rest[0] as number;
    if (kind !== 'read') return;
    for (const [instance, [seq]] of Object.entries(rest[0] as Record<string, number[]>)) seqs.set(instance, seq!);
    unsettled = rest[1] as number;
  };
  for (const entry of entriesOf(journal)) add(entry);
  return { unsettled, seqs };
}

/** What a journal says that a process could not hand over. */
export function lostOf(journal: string, instance: string): number {
  let lost = 0;
  const add = ([kind, ...rest]: readonly unknown[]): void => {
    if (kind === 'acknowledged') for (const entry of rest[0] as unknown[][]) add(entry);
    if (kind === 'lost' && rest[0] === instance) lost = rest[1] as number;
  };
  for (const entry of entriesOf(journal)) add(entry);
  return lost;
}

/** Whether the full buffer dropped records while the journal of counts could not be written. */
export function isDropUnkept(shipper: MachineProcess): boolean {
  const isDropped = shipper.log.some(
    ({ message, reason }) => message === 'records dropped' && /^full_drop/.test(String(reason)),
  );
  return isDropped && isUnkept(shipper);
}

/** Whether it has found that an earlier kill took lines of rings. */
export const hasCountedKill = ({ log }: MachineProcess): boolean =>
  log.some(({ message }) => message === 'a shipper was killed that held records of rings in memory');
