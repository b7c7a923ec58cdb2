/** Findings about a tap on a workload: codes, severities and their text. */

/** Severity of a finding. */
export enum FindingSeverity {
  /** The workload is not injected. */
  ERROR = 'error',
  /** The workload is injected, but does not work as expected. */
  WARNING = 'warning',
  /** Information; only `check` shows it. */
  INFO = 'info',
}

/** One thing found by `LogTap.check`. */
export interface Finding {
  /** Code, such as `LT002`. A code never changes its meaning. */
  readonly code: string;

  /** Severity. */
  readonly severity: FindingSeverity;

  /** The workload, such as `Deployment/orders`. */
  readonly workload: string;

  /** The value and the rule that it breaks. */
  readonly message: string;

  /** Reason for the rule. */
  readonly cause: string;

  /** Remedy, as a command. */
  readonly remedy: string;

  /** Page that explains the code, such as `docs/reference/findings.md#lt002`. */
  readonly docs: string;
}

const { ERROR, WARNING, INFO } = FindingSeverity;

interface Rule {
  readonly severity: FindingSeverity;
  readonly cause: string;
  /** Whether `accept` may name the code, because the pod works anyway. */
  readonly canAccept?: boolean;
}

/** Every code in use. docs/reference/findings.md lists them and the retired codes. */
export const RULES = {
  LT001: {
    severity: WARNING,
    cause: 'a classic sidecar gets no signal when the application ends: it infers the end from the absence of writers',
    canAccept: true,
  },
  LT002: { severity: ERROR, cause: 'a misspelt name would leave a container silently untapped' },
  LT003: { severity: ERROR, cause: "'existingPreload' requests an error if a container has a preload list" },
  LT005: { severity: ERROR, cause: 'injection mounts the shared memory volume and the library volume there' },
  LT007: { severity: ERROR, cause: 'the requested delivery or suppression would not happen' },
  LT009: {
    severity: WARNING,
    cause: 'the application cannot write its log there, with or without the tap',
    canAccept: true,
  },
  LT010: { severity: ERROR, cause: 'the shipper uses it' },
  LT011: { severity: ERROR, cause: 'only the dynamic linker of Linux can preload the library' },
  LT012: {
    severity: ERROR,
    cause: 'an API server without native sidecars treats it as an init container that never ends',
    canAccept: true,
  },
  LT013: { severity: ERROR, cause: 'injection sets the variable' },
  LT015: { severity: WARNING, cause: 'a statically linked program does not load the library', canAccept: true },
  LT016: { severity: WARNING, cause: 'the shipper shares the network of the pod', canAccept: true },
  LT017: { severity: ERROR, cause: 'a workload can have only one tap' },
  LT019: { severity: ERROR, cause: 'Kubernetes rejects the pod, and the tap cannot distinguish the containers' },
  LT023: {
    severity: INFO,
    cause: 'the manifest does not contain the variables that envFrom reads from the cluster',
    canAccept: true,
  },
  LT024: { severity: ERROR, cause: 'an invalid annotation would leave the pod silently untapped' },
  LT025: { severity: WARNING, cause: 'the option for the container has no effect on this workload', canAccept: true },
  LT026: { severity: WARNING, cause: 'with hostNetwork the shipper uses a port of the node', canAccept: true },
  LT027: { severity: ERROR, cause: 'Kubernetes rejects a pod that mounts an undefined volume' },
  LT028: { severity: WARNING, cause: 'the pods come from the template of another object', canAccept: true },
  LT029: { severity: WARNING, cause: 'nodes cannot pull it, so the pod would not start', canAccept: true },
  LT030: { severity: WARNING, cause: "the application's requests to AWS would fail", canAccept: true },
  LT031: {
    severity: WARNING,
    cause: 'the property applies to many workloads, or names a stream that is not tapped',
    canAccept: true,
  },
  LT032: {
    severity: INFO,
    cause:
      'only the shipper redacts: the node keeps the log of the container, and the application writes its file, as it is',
    canAccept: true,
  },
  LT033: {
    severity: WARNING,
    cause: 'the records would not have it, and the shipper does not start with a name that refers to it',
    canAccept: true,
  },
  LT034: {
    severity: INFO,
    cause:
      'a process reports the name of its container itself, and a wrong one would show what its own container hides',
    canAccept: true,
  },
  LT035: {
    severity: WARNING,
    cause: 'a pod of the class Guaranteed is evicted last, and may have cores of its own',
    canAccept: true,
  },
  LT036: {
    severity: WARNING,
    cause: "only ordinary containers are tapped unless 'containers' names others",
    canAccept: true,
  },
  LT037: { severity: INFO, cause: 'its pod template cannot be changed', canAccept: true },
  LT038: { severity: INFO, cause: 'ingest is most of the bill of CloudWatch Logs', canAccept: true },
  LT039: { severity: ERROR, cause: 'the bill of the workload would be above its budget, or unknown', canAccept: true },
  LT040: { severity: WARNING, cause: 'the last lines of each pod would not be delivered', canAccept: true },
  LT041: { severity: WARNING, cause: 'the API server refuses the pod in this namespace', canAccept: true },
  LT042: { severity: INFO, cause: 'the audit reads CloudWatch Logs and OpenSearch', canAccept: true },
  LT043: {
    severity: ERROR,
    cause: 'the shipper would not start with a name that its service refuses',
    canAccept: true,
  },
  LT044: {
    severity: ERROR,
    cause: 'a cluster without image volumes mounts an empty directory, so no program would be tapped',
    canAccept: true,
  },
} as const satisfies Record<string, Rule>;

/** A code of a finding. */
export type Code = keyof typeof RULES;
/** Takes a finding about the workload that is checked. */
export type Report = (code: Code, message: string, remedy: string) => void;

/** Codes that `accept` may name. */
export const ACCEPTABLE_CODES: readonly string[] = Object.entries<Rule>(RULES)
  .filter(([, { canAccept }]) => canAccept)
  .map(([code]) => code);

/** A finding about a workload. `message` names the value and the rule; `remedy` begins with a verb. */
export function finding(code: Code, workload: string, message: string, remedy: string): Finding {
  const { severity, cause } = RULES[code];
  return { code, severity, workload, message, cause, remedy, docs: `docs/reference/findings.md#${code.toLowerCase()}` };
}

/** A finding in one line. */
export function formatFinding({ code, workload, message, remedy, docs }: Finding): string {
  return `${code} ${workload}: ${message}: ${remedy} (${docs})`;
}

/** Findings that prevent the injection. */
export function errorsOf(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ severity }) => severity === ERROR);
}

/** Findings to print at synthesis. */
export function warningsOf(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ severity }) => severity === WARNING);
}
