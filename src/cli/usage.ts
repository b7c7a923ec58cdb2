/** Wrong use of a command. The message contains the given value, the expected one and an example. Exit code 64. */
export class UsageError extends Error {}

/** A command that failed, with its documented exit code. */
export class CommandError extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}

/** Exit codes of the commands. Those from 64 follow sysexits(3). IN_PART and CANNOT are verdicts of the doctor. */
export const EXIT = {
  OK: 0,
  INTERNAL: 1,
  /** `check` found an error, or `diff` found a difference. */
  FOUND: 1,
  IN_PART: 2,
  CANNOT: 3,
  USAGE: 64,
  /** Input of the right kind that cannot be read. */
  DATA: 65,
  NO_INPUT: 66,
  /** A service that the command needs does not answer as it must. */
  UNAVAILABLE: 69,
  CANNOT_CREATE: 73,
  /** The shipper left records undelivered. Its last line has their number. */
  UNDELIVERED: 74,
  NO_PERMISSION: 77,
  CONFIGURATION: 78,
  /** The reader of the output ended, as `head` does. Shells report this code for a program that SIGPIPE ends. */
  CLOSED_PIPE: 141,
} as const;
