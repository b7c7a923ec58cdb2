/** Calls to files that fail: by their names and chance, or since the memory of rings is full. */
import type { Step } from './plan.js';
import type { Machine } from './world/machine.js';
import { RINGS } from './writers/ring-writer.js';

type Trouble = Step & { readonly do: 'trouble' };

export class Troubles extends Set<Trouble> {
  /** Of the error of this call, if it fails. */
  codeOf({ files, random }: Machine, call: string, path: string): string | undefined {
    // A ring that is made, and not the few bytes of other files.
    if (call === 'write' && path.startsWith(`${RINGS}/making-`) && files.isMemoryFull) return 'ENOSPC';
    for (const { calls, code, chance } of this) if (calls.includes(call) && random.chance(chance)) return code;
    return undefined;
  }
}
