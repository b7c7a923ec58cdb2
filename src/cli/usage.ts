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

/** Exit codes of the commands, after sysexits(3). */
export const EXIT = { OK: 0, INTERNAL: 1, USAGE: 64, CANNOT_CREATE: 73, CONFIGURATION: 78 } as const;
