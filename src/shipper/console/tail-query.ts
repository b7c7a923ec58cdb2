/** The query of `/tail`. */
import { remedyFor } from '../../catalog/closest.js';
import { LEVELS, type Level, severitiesOf } from '../../catalog/values/record-rules.js';

export interface TailQuery {
  /** OpenTelemetry severity number; 0 also takes records without a level. */
  readonly leastSeverity: number;
  /** In lower case. Empty: every record. */
  readonly match: string;
  readonly linesPerSecond: number;
}

const MATCH_MAX = 200;
const LINES_MAX = 1000;
const LINES_DEFAULT = 500;
const NAMES = ['level', 'match', 'max'] as const;

/** @throws Error that names the parameter, the rule and the remedy */
export function tailQuery(search: string): TailQuery {
  const given = new URLSearchParams(search);
  for (const name of given.keys()) {
    if (!NAMES.includes(name as (typeof NAMES)[number]))
      throw new Error(`there is no parameter '${shortened(name)}': ${remedyFor(shortened(name), NAMES)}`);
  }
  return {
    leastSeverity: leastSeverityOf(given.get('level') ?? ''),
    match: matchOf(given.get('match') ?? ''),
    linesPerSecond: linesOf(given.get('max') ?? String(LINES_DEFAULT)),
  };
}

function leastSeverityOf(level: string): number {
  if (level === '') return 0;
  if (LEVELS.includes(level as Level)) return severitiesOf(level as Level)[0];
  throw new Error(`level='${shortened(level)}' is no level: ${remedyFor(shortened(level), LEVELS)}`);
}

/** A text and not an expression: no query may keep the shipper from delivering. */
function matchOf(match: string): string {
  if (match.length <= MATCH_MAX) return match.toLowerCase();
  throw new Error(`match has ${match.length} characters: give at most ${MATCH_MAX}`);
}

function linesOf(text: string): number {
  const lines = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (lines >= 1 && lines <= LINES_MAX) return lines;
  throw new Error(`max='${shortened(text)}' is no number of lines per second: give 1 to ${LINES_MAX}`);
}

const shortened = (text: string) => (text.length > 40 ? `${text.slice(0, 40)}...` : text);
