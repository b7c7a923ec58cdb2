/** Every command, in the groups and the order of the help. */
import { STATUS, TAIL, UPGRADE } from './cluster.js';
import type { Command } from './command.js';
import { DOCTOR, RUN, TRY } from './local.js';
import { CHECK, DIFF, EXPLAIN, INJECT, UNINJECT } from './manifests.js';
import { MIGRATE } from './migrate.js';
import { AUDIT, PROVE } from './proofs.js';
import { COMPLETION, HELP, VERSION } from './self.js';
import { INSTALL, REPLAY, SHIP, TERMINATE } from './sidecar.js';

export interface Group {
  readonly title: string;
  readonly commands: readonly Command[];
}

export const GROUPS: readonly Group[] = [
  { title: 'On this machine', commands: [RUN, TRY, DOCTOR] },
  { title: 'Manifests', commands: [INJECT, UNINJECT, CHECK, DIFF, EXPLAIN, MIGRATE] },
  { title: 'In a cluster', commands: [STATUS, TAIL, UPGRADE] },
  { title: 'Proofs', commands: [AUDIT, PROVE] },
  { title: 'In containers', commands: [SHIP, REPLAY, INSTALL, TERMINATE] },
  { title: 'This tool', commands: [COMPLETION, HELP, VERSION] },
];

export const COMMANDS: ReadonlyMap<string, Command> = new Map(
  GROUPS.flatMap(({ commands }) => commands.map((each) => [each.name, each])),
);
