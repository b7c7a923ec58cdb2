/** Wrong use of a command: its message says what was given, what is expected and what to type. Exit code 64. */
export class UsageError extends Error {}

/** A command that cannot do its job, with the exit code that its page documents. */
export class CommandError extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}

/** Exit codes of the commands: from 64 on after sysexits(3); IN_PART and CANNOT are verdicts of the doctor. */
export const EXIT = {
  OK: 0,
  INTERNAL: 1,
  /** Of `check` and `diff`: what they look for is there. */
  FOUND: 1,
  IN_PART: 2,
  CANNOT: 3,
  USAGE: 64,
  NO_INPUT: 66,
  CANNOT_CREATE: 73,
  /** Of the shipper: its last line says how many records remain. */
  UNDELIVERED: 74,
  NO_PERMISSION: 77,
  CONFIGURATION: 78,
} as const;
