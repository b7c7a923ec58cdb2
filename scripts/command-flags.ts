/** The flags of a command, in the groups in which the pages list them. */
import { flagHelp, flagLabel } from '../src/cli/command-line/help.js';
import type { Command, Flag } from '../src/cli/commands/command.js';
import { INJECT } from '../src/cli/commands/manifests.js';
import { TAP_FLAG_TABLE } from '../src/cli/commands/tap-flag-table.js';

export interface FlagGroup {
  /** The sink that has the flags; absent for those that do not depend on it. */
  readonly sink?: string;
  readonly flags: readonly { readonly label: string; readonly help: string }[];
}

const row = ([name, flag]: readonly [string, Flag]) => ({ label: flagLabel(name, flag), help: flagHelp(flag) });

/** Whether the command also has the flags of the tap, which the pages list once, with `inject`. */
export const sharesTapFlags = ({ name, flags }: Command): boolean =>
  name !== INJECT.name && Object.keys(TAP_FLAG_TABLE).every((flag) => flag in flags);

export function flagGroups(command: Command): readonly FlagGroup[] {
  const shared = sharesTapFlags(command) ? TAP_FLAG_TABLE : {};
  const own = Object.entries(command.flags).filter(([name]) => !(name in shared));
  const groups: FlagGroup[] = [{ flags: own.filter(([, { sinks }]) => sinks === undefined).map(row) }];
  for (const sink of command.flags.sink?.choices ?? []) {
    const flags = own
      .filter(([, { sinks }]) => sinks?.includes(sink) === true)
      .map(([name, flag]) => row([name, { ...flag, help: flag.sinkHelp?.[sink] ?? flag.help }]));
    groups.push({ sink, flags });
  }
  return groups.filter(({ flags }) => flags.length > 0);
}
