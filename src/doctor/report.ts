/** A diagnosis as text for people, and as JSON. The verdict is the last line of the text. */
import { printable } from '../printable.js';
import { type Diagnosis, type Diagnostic, verdictOf, type Weight } from './verdict.js';

const TITLES: Readonly<Record<Weight, string>> = { blocks: 'blocks the tap', limits: 'limits the tap', note: 'note' };
const ORDER: readonly Weight[] = ['blocks', 'limits', 'note'];

function findingLines({ weight, seen, why, remedy }: Diagnostic): string[] {
  return ['', `${TITLES[weight]}: ${seen}`, `  why:    ${why}`, `  remedy: ${remedy}`];
}

export function formatText({ subject, facts, findings, state }: Diagnosis): string {
  const width = Math.max(0, ...Object.keys(facts).map((name) => name.length));
  const lines = [
    subject,
    ...Object.entries(facts).map(([name, value]) => `  ${`${name}:`.padEnd(width + 1)} ${value}`),
    ...ORDER.flatMap((weight) => findings.filter((finding) => finding.weight === weight)).flatMap(findingLines),
    '',
    ...(state === undefined ? [] : [`state: ${state}`]),
    `verdict: ${verdictOf(findings)}`,
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

export function formatJson({ subject, facts, findings, state }: Diagnosis): string {
  return `${JSON.stringify({ subject, facts, findings, state, verdict: verdictOf(findings) }, null, 2)}\n`;
}
