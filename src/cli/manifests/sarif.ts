/**
 * Findings as SARIF 2.1.0, which code hosts show next to the affected lines.
 *
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */

import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Log, ReportingDescriptor, Result } from 'sarif';
import { type Finding, FindingSeverity, formatFinding, RULES } from '../../constructs/findings/finding.js';
import { version } from '../version.js';

/** A finding with the place of its object. */
export interface PlacedFinding extends Finding {
  readonly file: string;
  /** From 1 on. */
  readonly line: number;
}

const LEVELS = {
  [FindingSeverity.ERROR]: 'error',
  [FindingSeverity.WARNING]: 'warning',
  [FindingSeverity.INFO]: 'note',
} as const;

export function sarif(findings: readonly PlacedFinding[]): Log {
  const rules = Object.entries(RULES).map(
    ([id, { severity, cause }]): ReportingDescriptor => ({
      id,
      shortDescription: { text: cause },
      help: { text: `docs/reference/findings.md#${id.toLowerCase()}` },
      defaultConfiguration: { level: LEVELS[severity] },
    }),
  );
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'logtap', version: version(), rules } }, results: findings.map(result) }],
  };
}

function result(finding: PlacedFinding): Result {
  const { code, severity, workload, file, line } = finding;
  return {
    ruleId: code,
    ruleIndex: Object.keys(RULES).indexOf(code),
    level: LEVELS[severity],
    message: { text: formatFinding(finding) },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: uriOf(file) }, region: { startLine: line } },
        logicalLocations: [{ fullyQualifiedName: workload }],
      },
    ],
  };
}

/** Relative paths stay relative to the repository. */
function uriOf(file: string): string {
  return isAbsolute(file) ? pathToFileURL(file).href : encodeURI(file);
}
