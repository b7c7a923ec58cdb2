/** How far an event looks for more of itself. */

/** After the first line of an event that says that something went wrong. */
export const MESSAGE_LINES = 8;
export const EMPTY_LINES = 2;
/** Longest wait of an event of one line that gives no reason to expect more. */
export const QUIET_MS = 250;
