/** docs/decisions/0012: of what a running shipper has put on a disk that works, a crash takes the last second. */
import { Violation } from './books.js';
import type { Plan } from './plan.js';
import { DISK } from './world/files.js';
import type { Machine, MachineProcess } from './world/machine.js';

/** A second, and the time that syncs take. */
const UNSYNCED_MAX_MS = 1500;
/** Files of the disk buffer that must outlive a crash; a checkpoint is synced in turn with another one. */
const LASTING = new RegExp(`^${DISK}/(.*\\.segment|counts\\.journal)$`);

/** Throws a Violation. */
export function checkSynced(plan: Plan, { scheduler, files }: Machine, shipper: MachineProcess | undefined): void {
  const runsMs = shipper?.isAlive === true ? scheduler.nowMs - shipper.startedMs : 0;
  const isSynced = plan.environment.LOGTAP_SPOOL_SYNC !== 'off';
  const isTroubled = plan.steps.some((step) => ['trouble', 'fill disk', 'take descriptors'].includes(step.do));
  const unsyncedMs = Math.min(runsMs, files.unsyncedMs(LASTING));
  if (!isSynced || isTroubled || unsyncedMs < UNSYNCED_MAX_MS) return;
  throw new Violation(
    'unsynced',
    `segments or counts, or their names, were not synced for ${Math.round(unsyncedMs)} ms`,
  );
}
