/** Which tool a text belongs to. */
import type { Kind } from '../cli/migrate/migrate-module.js';
import { MigrateError, mustBeText } from './input.js';

/** Signs of each kind that no other has. */
const SIGNS: readonly (readonly [Kind, RegExp])[] = [
  ['firelens', /"(containerDefinitions|logDriver)"\s*:/],
  ['cloudwatch-agent', /"(logs|agent|metrics)"\s*:/],
  ['fluentd', /^\s*<(source|match|filter|label|system)\b/m],
  ['fluent-bit', /^\s*\[(INPUT|FILTER|OUTPUT|SERVICE|PARSER|MULTILINE_PARSER)\]|^\s*(pipeline|service|includes):/im],
  // Both tools include files: Fluentd with small letters alone, Fluent Bit with capitals in its documentation.
  ['fluent-bit', /^@(INCLUDE|SET)\s/m],
  ['fluentd', /^@include\s/m],
  ['liblogtap', /\b(LLT_|SINK_STDOUT|SINK_FLUENT|SINK_SOCKET_PATH)/],
];

/** @throws MigrateError for a text without the sign of a tool */
export function kindOf(file: string, text: string): Kind {
  mustBeText(file, text);
  mustBeNoValues(file, text);
  const found = SIGNS.find(([, sign]) => sign.test(text));
  if (found !== undefined) return found[0];
  throw new MigrateError(
    { file, line: 1 },
    text.trim().split('\n')[0]?.slice(0, 60) ?? '',
    'begins no configuration that logtap migrate knows',
    'Give --from fluent-bit, fluentd, cloudwatch-agent, firelens, liblogtap',
  );
}

/** Values of a chart have sections of a configuration as texts. */
function mustBeNoValues(file: string, text: string): void {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => !/^\s*(#.*)?$|^---/.test(line));
  const isYaml = /^[A-Za-z][\w.-]*:(\s|$)/.test(lines[first] ?? '');
  if (!isYaml || !/^\s+[\w.-]+:\s*[|>][-+]?\s*\n\s+(#.*\n\s+)*(\[[A-Z]+\]|<(source|match|filter))/m.test(text)) return;
  throw new MigrateError(
    { file, line: first + 1 },
    lines[first]!,
    'begins values of a chart, which hold parts of a configuration',
    'Render the chart and give the result: helm template NAME CHART -f VALUES | logtap migrate -',
  );
}

/** Signs of a whole configuration among the files of an application, whose XML and YAML look alike in parts. */
const WHOLE: readonly (readonly [Kind, RegExp])[] = [
  ['cloudwatch-agent', /^\s*\{[\s\S]*"(logs|metrics|traces)_collected"\s*:/],
  ['fluentd', /^\s*(<source>|<match(\s[^<>]*)?>|<match\s.*\*.*>|@include\s+\S+)\s*(#.*)?$/m],
  ['fluent-bit', /^\s*\[(INPUT|FILTER|OUTPUT|SERVICE)\]\s*$|^pipeline:|^includes:|^@INCLUDE\s/im],
];

/** The tool of a file in a ConfigMap, or `undefined` for other files. */
export function wholeKindOf(text: string): Kind | undefined {
  if (/^\s*<(\?xml|!)/.test(text)) return undefined;
  // Both tools have a command to include files, and only Fluent Bit has sections in brackets.
  const found = WHOLE.filter(([, sign]) => sign.test(text)).map(([kind]) => kind);
  return found.includes('fluent-bit') && /^\s*\[[A-Z]+\]\s*$/m.test(text) ? 'fluent-bit' : found[0];
}
