/** The module of each command. A process loads only that of its own. */
import type { CommandStreams } from './streams.js';

type Act = (args: readonly string[], io: CommandStreams) => number | Promise<number>;

export const ACTS: Readonly<Record<string, () => Promise<Act>>> = {
  run: async () => (await import('./run/run.js')).run,
  try: async () => (await import('./try/try.js')).tryCommand,
  doctor: async () => (await import('./doctor.js')).doctor,
  inject: async () => (await import('./manifests/inject.js')).injectCommand,
  uninject: async () => (await import('./manifests/uninject.js')).uninjectCommand,
  check: async () => (await import('./manifests/check.js')).checkCommand,
  diff: async () => (await import('./manifests/diff.js')).diffCommand,
  explain: async () => (await import('./explain.js')).explainCommand,
  migrate: async () => (await import('./migrate/migrate.js')).migrateCommand,
  status: async () => (await import('./cluster/status.js')).statusCommand,
  tail: async () => (await import('./cluster/tail.js')).tailCommand,
  upgrade: async () => (await import('./cluster/upgrade.js')).upgradeCommand,
  audit: async () => (await import('./audit/audit.js')).auditCommand,
  prove: async () => (await import('./prove/prove.js')).proveCommand,
  ship: async () => (await import('./ship.js')).ship,
  replay: async () => (await import('./ship.js')).replay,
  install: async () => (await import('./install.js')).install,
  terminate: async () => (await import('./terminate.js')).terminate,
  completion: async () => (await import('./completion/completion.js')).completion,
  help: async () => (await import('./self.js')).help,
  version: async () => (await import('./self.js')).printVersion,
};
