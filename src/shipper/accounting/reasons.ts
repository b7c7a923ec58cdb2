/** Reasons under which the shipper itself counts lines; the others are those of buffers and services. */

/** Reason for records whose answer was lost, and which could not be found, or not be looked for. */
export const LOST_ANSWER = 'lost_answer';

/** Reason under which losses in the application are counted. */
export const NOT_HANDED_OVER = 'not_handed_over';
/** Reason for records that only the memory of a previous run had. */
export const SHIPPER_KILLED = 'shipper_killed';
/** Reason for lines in frames of a later version than this shipper reads. */
export const LATER_VERSION = 'later_version';
/** Reason for lines that a process wrote while the shipper closed its connection. */
export const CONNECTION_CLOSED = 'connection_closed';
/** Reason for lines behind a frame that breaks the format. */
export const INVALID_FRAMES = 'invalid_frames';
