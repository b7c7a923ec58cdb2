/** The bundle behind `logtap migrate`: a configuration of another tool as the properties of a tap. */
import { stringify } from 'yaml';
import type { Kind, Migrated, MigrateModule, MigrateRequest } from '../cli/migrate/migrate-module.js';
import { readCloudWatchAgent } from './cloudwatch-agent.js';
import type { Description } from './description.js';
import { readEnvironment } from './environment.js';
import { readFireLens } from './firelens.js';
import { type Input, readFluentBit } from './fluent-bit/read.js';
import { readFluentd } from './fluentd/read.js';
import { kindOf } from './kinds.js';
import { type Configuration, configurationIn } from './manifest/configuration.js';
import { isManifest } from './manifest/objects.js';
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
  const { output, image } = request;
  const { kind, ...input } = inputOf(request);
  const verdicts = new Verdicts();
  const description = READERS[kind](input, verdicts);
  if (input.opened) openPaths(description, input.opened);
  const unread = input.unread?.() ?? [];
  for (const path of unread) description.unread.push(path);
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

/** The application may open a file by another path than its sidecar. */
function openPaths(description: Description, opened: (path: string) => string[]): void {
  for (const [index, source] of description.sources.entries()) {
    for (const path of source.paths) {
      const as = opened(path);
      if (as.length !== 1 || as[0] !== path) description.paths.push(`${path} is ${as.join(', ')}`);
    }
    const all = (paths: readonly string[]) => [...new Set(paths.flatMap(opened))];
    description.sources[index] = { ...source, paths: all(source.paths), excluded: all(source.excluded) };
  }
}

/** A configuration, or that in the objects of Kubernetes which hold one. */
function inputOf({
  kind,
  file,
  text,
  files,
  variables,
}: MigrateRequest): { kind: Kind } & Input & Partial<Configuration> {
  const input: Input = { file, text, files, variables };
  if (isManifest(text)) return configurationIn(input, kind, (each, of) => READERS[each](of, new Verdicts()));
  return { kind: kind ?? kindOf(file, text), ...input };
}
