/** What the doctor says: facts, findings, and the verdict that follows from the findings. */

/**
 * What a finding means for the tap: `blocks`: nothing is captured; `limits`: a part of the output is not captured, or
 * not as asked for; `note`: worth knowing, changes nothing.
 */
export type Weight = 'blocks' | 'limits' | 'note';

export interface Finding {
  readonly weight: Weight;
  /** What was seen, with the value. */
  readonly seen: string;
  /** Why it matters. */
  readonly why: string;
  /** What to do about it. */
  readonly remedy: string;
}

export interface Diagnosis {
  /** What was looked at. */
  readonly subject: string;
  readonly facts: Readonly<Record<string, string>>;
  readonly findings: readonly Finding[];
}

export type Verdict = 'can be tapped' | 'can be tapped in part' | 'cannot be tapped';

export function verdictOf(findings: readonly Finding[]): Verdict {
  if (findings.some(({ weight }) => weight === 'blocks')) return 'cannot be tapped';
  return findings.some(({ weight }) => weight === 'limits') ? 'can be tapped in part' : 'can be tapped';
}

/** The subject cannot be looked at: it is not there, or not ours to read. */
export class DiagnosisError extends Error {
  constructor(
    message: string,
    readonly reason: 'absent' | 'forbidden',
  ) {
    super(message);
  }
}
