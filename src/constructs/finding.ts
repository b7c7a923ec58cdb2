/** What can be found wrong with a tap on a workload: codes, severities, and how a finding reads. */

/** How bad a finding is. */
export enum FindingSeverity {
  /** The workload is not injected. */
  ERROR = 'error',
  /** It is injected, but something will not be as expected. */
  WARNING = 'warning',
  /** Worth knowing; shown by `check` only. */
  INFO = 'info',
}

/** One thing found by `LogTap.check`. */
export interface Finding {
  /** Code, such as `LT002`. A code never changes its meaning. */
  readonly code: string;

  /** How bad it is. */
  readonly severity: FindingSeverity;

  /** The workload, such as `Deployment/orders`. */
  readonly workload: string;

  /** What is wrong: the value and the rule. */
  readonly message: string;

  /** Why that is a problem. */
  readonly cause: string;

  /** What to do. */
  readonly remedy: string;

  /** Where it is explained, such as `docs/findings.md#lt002`. */
  readonly docs: string;
}

const { ERROR, WARNING, INFO } = FindingSeverity;

interface Rule {
  readonly severity: FindingSeverity;
  readonly cause: string;
  /** Whether the pod works with it, so that `accept` may name it. */
  readonly canAccept?: boolean;
}

/** Every code that can arise; docs/findings.md has the same, and those that cannot. */
export const RULES = {
  LT001: {
    severity: WARNING,
    cause:
      'a classic sidecar is told by nobody that the application has ended: it notices by what is no longer written',
    canAccept: true,
  },
  LT002: { severity: ERROR, cause: 'a misspelt name would leave a container silently untapped' },
  LT003: { severity: ERROR, cause: "'existingPreload' asks for an error where a container preloads something" },
  LT005: { severity: ERROR, cause: 'the shared memory volume and that of the library have to be mounted there' },
  LT007: { severity: ERROR, cause: 'nothing would be delivered, or nothing suppressed, that was asked for' },
  LT009: {
    severity: WARNING,
    cause: 'the application itself cannot write its log there, tapped or not',
    canAccept: true,
  },
  LT010: { severity: ERROR, cause: 'the shipper needs it for itself' },
  LT011: { severity: ERROR, cause: 'the library is preloaded by the dynamic linker of Linux' },
  LT012: {
    severity: ERROR,
    cause: 'an API server that does not know native sidecars makes an init container of it that never ends',
    canAccept: true,
  },
  LT013: { severity: ERROR, cause: 'the variable is set by injection' },
  LT015: { severity: WARNING, cause: 'a statically linked program loads no library', canAccept: true },
  LT016: { severity: WARNING, cause: 'the shipper shares the network of the pod', canAccept: true },
  LT017: { severity: ERROR, cause: 'two taps would each want to be the only one' },
  LT019: { severity: ERROR, cause: 'Kubernetes refuses the pod, and a tap could not tell them apart' },
  LT023: { severity: INFO, cause: 'what envFrom takes from the cluster is in no manifest', canAccept: true },
  LT024: { severity: ERROR, cause: 'an annotation that is misread would leave the pod silently untapped' },
  LT025: { severity: WARNING, cause: 'what is said about the container has no effect here', canAccept: true },
  LT026: { severity: WARNING, cause: 'with hostNetwork its port is one of the node', canAccept: true },
  LT027: { severity: ERROR, cause: 'Kubernetes refuses a pod that mounts a volume it does not have' },
  LT028: { severity: WARNING, cause: 'pods are made from the template of another object', canAccept: true },
  LT029: { severity: WARNING, cause: 'nodes cannot pull it, so that no pod would start', canAccept: true },
  LT030: { severity: WARNING, cause: 'what the application does at AWS would fail', canAccept: true },
} as const satisfies Record<string, Rule>;

/** A code of a finding. */
export type Code = keyof typeof RULES;

/** Codes that `accept` may name. */
export const ACCEPTABLE_CODES: readonly string[] = Object.entries<Rule>(RULES)
  .filter(([, { canAccept }]) => canAccept)
  .map(([code]) => code);

/** A finding about a workload. `message` names value and rule, `remedy` begins with a verb. */
export function finding(code: Code, workload: string, message: string, remedy: string): Finding {
  const { severity, cause } = RULES[code];
  return { code, severity, workload, message, cause, remedy, docs: `docs/findings.md#${code.toLowerCase()}` };
}

/** A finding in one line. */
export function formatFinding({ code, workload, message, remedy, docs }: Finding): string {
  return `${code} ${workload}: ${message}: ${remedy} (${docs})`;
}

/** Those that keep the workload from being injected. */
export function errorsOf(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ severity }) => severity === ERROR);
}

/** Those that are worth a line when manifests are made. */
export function warningsOf(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ severity }) => severity === WARNING);
}
