/** When the source of rings looks, waits, and gives up, in milliseconds. */

/** Between looks at rings with bytes: at least. */
export const LOOK_MS = 10;
/** At most, while little comes. */
export const LOOK_MAX_MS = 100;
/** A ring that was empty for so long is put to sleep. */
export const AWAKE_MS = 50;
/** Finds rings without a wake-up: existing ones, and those whose wake-up could not be sent. */
export const SCAN_MS = 1000;
/** Wake-ups of unknown processes call for a scan, but not more often. */
export const WAKE_UP_SCAN_MS = 10;
/** A process that is alive claims another ring with its next line. */
export const IDLE_MS = 3_600_000;
/** After a stop: so long no ring may have got anything before reading ends. */
export const QUIET_MS = 100;
/** A ring that was idle for so long gives way to one that waits. */
export const SCARCE_IDLE_MS = 1000;
/** After a close: for rings that cannot be read now. Then they are left to the next shipper. */
export const LAST_LOOK_MS = 200;
