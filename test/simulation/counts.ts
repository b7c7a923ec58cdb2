/** Which counts outlive a shipper that is killed: by its journal, and by its log. */
import type { MachineProcess } from './world/machine.js';

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
  for (const line of journal.split('\n').slice(0, -1)) add(JSON.parse(line));
  return { unsettled, seqs };
}

/** What a journal says that a process could not hand over. */
export function lostOf(journal: string, instance: string): number {
  let lost = 0;
  const add = ([kind, ...rest]: readonly unknown[]): void => {
    if (kind === 'acknowledged') for (const entry of rest[0] as unknown[][]) add(entry);
    if (kind === 'lost' && rest[0] === instance) lost = rest[1] as number;
  };
  for (const line of journal.split('\n').slice(0, -1)) add(JSON.parse(line));
  return lost;
}

/** Whether the full buffer dropped records while the journal of counts could not be written. */
export function isDropUnkept({ log }: MachineProcess): boolean {
  const isDropped = log.some(
    ({ message, reason }) => message === 'records dropped' && /^full_drop/.test(String(reason)),
  );
  return isDropped && log.some(({ message }) => String(message).startsWith('counts cannot be kept'));
}
