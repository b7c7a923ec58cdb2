/** The doctor's diagnosis: facts, findings, and the verdict that follows from the findings. */

/**
 * Effect of a finding on the tap. `blocks`: no output is captured. `limits`: a part of the output is not captured, or not as
 * requested. `note`: information only.
 */
export type Weight = 'blocks' | 'limits' | 'note';

export interface Diagnostic {
  readonly weight: Weight;
  /** The observation, with the value. */
  readonly seen: string;
  /** The effect on the tap. */
  readonly why: string;
  /** The remedy. */
  readonly remedy: string;
}

/** Of a process that runs. */
export type TapState = 'tapped' | 'tapped, but no process reads' | 'not tapped';

export interface Diagnosis {
  /** The program or the process. */
  readonly subject: string;
  readonly facts: Readonly<Record<string, string>>;
  readonly findings: readonly Diagnostic[];
  /** Of a process. */
  readonly state?: TapState;
}

export type Verdict = 'can be tapped' | 'can be tapped in part' | 'cannot be tapped';

export function verdictOf(findings: readonly Diagnostic[]): Verdict {
  if (findings.some(({ weight }) => weight === 'blocks')) return 'cannot be tapped';
  return findings.some(({ weight }) => weight === 'limits') ? 'can be tapped in part' : 'can be tapped';
}

/** The subject is absent, or this user has no permission to read it. */
export class DiagnosisError extends Error {
  constructor(
    message: string,
    readonly reason: 'absent' | 'forbidden',
  ) {
    super(message);
  }
}
