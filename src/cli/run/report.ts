/** Where `logtap run` says something about itself. */
export interface Report {
  say(text: string, weight?: 'note' | 'warn' | 'error'): void;
  /** What is waited for now; nothing when empty. */
  status(text: string): void;
}

/** On standard error, beside the records of a pipe. */
export const plainReport: Report = {
  say: (text) => process.stderr.write(`logtap: ${text}\n`),
  status: () => {},
};
