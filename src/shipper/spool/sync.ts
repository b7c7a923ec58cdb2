/** When what the spool has written is synced to the disk; values of LOGTAP_SPOOL_SYNC. */
export const SPOOL_SYNC = ['interval', 'always', 'off'] as const;
export type SpoolSync = (typeof SPOOL_SYNC)[number];
