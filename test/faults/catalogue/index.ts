/** All faults of the matrix, in the order of the page. */
import { ANSWERS } from './answers.js';
import { DISK } from './disk.js';
import type { Cell, Fault } from './fault.js';
import { HOLD } from './hold.js';
import { NETWORK } from './network.js';
import { PROCESSES } from './processes.js';

const GROUPS: Readonly<Record<string, readonly Fault[]>> = {
  'the service': ANSWERS,
  'the network': NETWORK,
  'the buffer': HOLD,
  'the disk': DISK,
  'processes and the machine': PROCESSES,
};

const PLACES = [
  { transport: 'ring', holding: 'memory' },
  { transport: 'ring', holding: 'disk' },
  { transport: 'socket', holding: 'memory' },
  { transport: 'socket', holding: 'disk' },
] as const;

export interface Entry {
  readonly group: string;
  readonly fault: Fault;
  readonly cell: Cell;
}

/** Groups of faults in which the protocol matters. */
const WITH_EMULATOR = ['the service', 'the network'];

/** Every fault in every cell in which it can happen. The emulator adds the path of its own protocol, in one place. */
export const ALL: readonly Entry[] = Object.entries(GROUPS)
  .flatMap(([group, faults]) => faults.map((fault) => ({ group, fault })))
  .flatMap(({ group, fault }) => {
    const cells: Cell[] = (['opensearch', 'cloudwatch'] as const).flatMap((sink) =>
      PLACES.map((place) => ({ sink, ...place })),
    );
    if (WITH_EMULATOR.includes(group)) cells.push({ sink: 'moto', ...PLACES[0] });
    return cells.filter((cell) => fault.appliesTo?.(cell) ?? true).map((cell) => ({ group, fault, cell }));
  });

/** Each fault once, in another cell than the fault before it. */
export function shortForm(): readonly Entry[] {
  const names = [...new Set(ALL.map(({ fault }) => fault.name))];
  return names.map((name, i) => {
    const entries = ALL.filter(({ fault, cell }) => fault.name === name && cell.sink !== 'moto');
    return entries[(i * 5) % entries.length]!;
  });
}
