/** The bundle behind `logtap migrate`: a configuration of another tool as the properties of a tap. */
import { stringify } from 'yaml';
import type { Kind, Migrated, MigrateModule, MigrateRequest } from '../cli/migrate/migrate-module.js';
import { readCloudWatchAgent } from './cloudwatch-agent.js';
import type { Description } from './description.js';
import { readEnvironment } from './environment.js';
import { readFireLens } from './firelens.js';
import { type Input, readFluentBit } from './fluent-bit/read.js';
import { readFluentd } from './fluentd/read.js';
import { MigrateError, mustBeText } from './input.js';
import { propertiesOf } from './result/properties.js';
import { head, report } from './result/report.js';
import { typescript } from './result/typescript.js';
import { Verdicts } from './verdicts.js';

const READERS: Readonly<Record<Kind, (input: Input, verdicts: Verdicts) => Description>> = {
  'fluent-bit': readFluentBit,
  fluentd: readFluentd,
  'cloudwatch-agent': readCloudWatchAgent,
  firelens: readFireLens,
  liblogtap: readEnvironment,
};

/** @throws MigrateError for input that cannot be read */
export const migrate: MigrateModule['migrate'] = (request: MigrateRequest): Migrated => {
  const { file, text, files, variables, output, image } = request;
  const kind = request.kind ?? kindOf(file, text);
  const verdicts = new Verdicts();
  const description = READERS[kind]({ file, text, files, variables }, verdicts);
  if (image !== undefined) description.properties.set('shipper.image', image);
  const data = propertiesOf(description, verdicts);
  const judged = verdicts.all();
  const comments = head(judged, description);
  return {
    kind,
    data,
    judged,
    secrets: description.secrets.map(({ name, key }) => ({ name, key })),
    gaps: description.gaps,
    text:
      output === 'typescript'
        ? typescript(data, description, comments)
        : `${comments.map((line) => `# ${line}\n`).join('')}${stringify(data, { lineWidth: 0 })}`,
    report: report(judged, description),
  };
};

/** Signs of each kind that no other has. */
const SIGNS: readonly (readonly [Kind, RegExp])[] = [
  ['firelens', /"(containerDefinitions|logDriver)"\s*:/],
  ['cloudwatch-agent', /"(logs|agent|metrics)"\s*:/],
  ['fluentd', /^\s*<(source|match|filter|label|system)\b/m],
  ['fluent-bit', /^\s*\[(INPUT|FILTER|OUTPUT|SERVICE|PARSER|MULTILINE_PARSER)\]|^\s*(pipeline|service):/im],
  ['liblogtap', /\b(LLT_|SINK_STDOUT|SINK_FLUENT|SINK_SOCKET_PATH)/],
];

function kindOf(file: string, text: string): Kind {
  mustBeText(file, text);
  const found = SIGNS.find(([, sign]) => sign.test(text));
  if (found !== undefined) return found[0];
  throw new MigrateError(
    { file, line: 1 },
    text.trim().split('\n')[0]?.slice(0, 60) ?? '',
    'begins no configuration that logtap migrate knows',
    `Give --from ${Object.keys(READERS).join(', ')}`,
  );
}
