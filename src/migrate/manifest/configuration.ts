/** The configuration of a tool in Kubernetes objects: in a ConfigMap, with the files that it includes, or in the environment of containers. */
import { stringify } from 'yaml';
import type { Kind } from '../../cli/migrate/migrate-module.js';
import type { Input } from '../fluent-bit/read.js';
import { MigrateError } from '../input.js';
import { wholeKindOf } from '../kinds.js';
import { environments, type KeyFile, keyFiles, type Mounted, mountedFiles, pathOf } from './config-maps.js';
import { HeldFiles } from './held-files.js';
import { type KubernetesObject, objectsOf } from './objects.js';
import { openedPaths } from './opened-paths.js';

export interface Configuration extends Input {
  readonly kind: Kind;
  /** A path of a log file, as the applications of the pod open it. */
  opened(path: string): string[];
  /** Files beside it that nothing has included. To be asked after it was read. */
  unread(): string[];
}

interface Candidate {
  readonly kind: Kind;
  readonly path: string;
  readonly text: string;
  /** Absent for an environment. */
  readonly file?: KeyFile;
}

/**
 * @param read a reader of the tool, to find out which files are included by others
 * @throws MigrateError if there is no configuration, or if there are several
 */
export function configurationIn(
  input: Input,
  wanted: Kind | undefined,
  read: (kind: Kind, input: Input) => void,
): Configuration {
  const objects = objectsOf(input.file, input.text);
  const files = keyFiles(objects);
  const mounted = mountedFiles(objects, files);
  const candidates = [...files.flatMap(ofFile), ...environments(objects).map(ofEnvironment)].filter(
    ({ kind }) => wanted === undefined || kind === wanted,
  );
  const included = new Set(candidates.flatMap((each) => includedBy(each, files, mounted, input, read)));
  const whole = joined(usual(candidates.filter(({ path }) => !included.has(path))), files);
  // Files that include each other are an error of the reader.
  const [chosen, ...others] = whole.length > 0 ? whole : candidates.slice(0, 1);
  if (chosen === undefined) throw none(input.file, objects, wanted);
  if (others.length > 0) throw several(input.file, [chosen, ...others]);
  const held = new HeldFiles(chosen.file, files, mounted);
  return {
    kind: chosen.kind,
    file: chosen.path,
    text: chosen.text,
    files: held,
    variables: new Map([...variablesFor(chosen, mounted), ...input.variables]),
    opened: (path) => {
      const sidecar = mounted.find(
        ({ files: mine }) => chosen.file !== undefined && [...mine.values()].includes(chosen.file),
      );
      return sidecar === undefined ? [path] : openedPaths(path, sidecar.mounts, sidecar.others);
    },
    unread: () =>
      files
        .filter(({ holder }) => holder === chosen.file?.holder)
        .map(pathOf)
        .filter((path) => path !== chosen.path && !held.opened.has(path)),
  };
}

/** Names of configurations in the images of the tools: in a ConfigMap, such a file is started with, and the others are not. */
const USUAL = /^(fluent-bit\.(conf|ya?ml)|(fluentd?|td-agent)\.conf|cwagent(config)?(\.json)?)$/;

function usual(candidates: readonly Candidate[]): Candidate[] {
  const named = candidates.filter(({ file }) => file !== undefined && USUAL.test(file.key));
  return candidates.filter(
    (each) =>
      named.includes(each) || !named.some(({ file }) => each.file !== undefined && file?.holder === each.file.holder),
  );
}

/**
 * The image of Fluentd for Elasticsearch reads every file of a directory: the ConfigMap has sources in one key and outputs in another,
 * without a key that includes them.
 */
function joined(candidates: readonly Candidate[], files: readonly KeyFile[]): readonly Candidate[] {
  const [first, ...others] = candidates;
  const holder = first?.file?.holder;
  const isOne =
    others.length > 0 && candidates.every(({ kind, file }) => kind === 'fluentd' && file?.holder === holder);
  const isComplete = ({ text }: Candidate) => /^\s*<source>/m.test(text) && /^\s*<match\b/m.test(text);
  if (!isOne || candidates.every(isComplete)) return candidates;
  const keys = files.filter((file) => file.holder === holder && /\.conf$/.test(file.key)).map(({ key }) => key);
  const text = keys
    .sort()
    .map((key) => `@include ${key}\n`)
    .join('');
  return [{ ...first!, path: `${holder}/*.conf`, text }];
}

function ofFile(file: KeyFile): Candidate[] {
  const kind = wholeKindOf(file.text);
  return kind === undefined ? [] : [{ kind, path: pathOf(file), text: file.text, file }];
}

const ofEnvironment = ({ path, env }: { path: string; env: readonly unknown[] }): Candidate => ({
  kind: 'liblogtap',
  path,
  text: stringify({ env }),
});

/** Paths of the files that a configuration includes. */
function includedBy(
  { kind, path, text, file }: Candidate,
  files: readonly KeyFile[],
  mounted: readonly Mounted[],
  { variables }: Input,
  read: (kind: Kind, input: Input) => void,
): string[] {
  const held = new HeldFiles(file, files, mounted, '');
  try {
    read(kind, { file: path, text, files: held, variables });
  } catch {
    // It is thrown again if this configuration is chosen.
  }
  return [...held.opened].filter((each) => each !== path);
}

/** Variables of the containers that mount the configuration. Those that may be secrets stay names. */
function variablesFor({ file }: Candidate, mounted: readonly Mounted[]): [string, string][] {
  if (file === undefined) return [];
  const of = mounted.filter(({ files }) => [...files.values()].includes(file));
  return of.flatMap(({ variables }) =>
    [...variables].filter(([name]) => !/pass|secret|token|key|cred|auth/i.test(name)),
  );
}

const REMEDY =
  'Give the ConfigMap that has fluent-bit.conf, fluent-bit.yaml, fluent.conf or the JSON of the CloudWatch agent';

function none(file: string, objects: readonly KubernetesObject[], wanted: Kind | undefined): MigrateError {
  const names = objects.map(({ kind, metadata }) => [kind, metadata.name].filter(Boolean).join('/'));
  const shown = [...names.slice(0, 4), ...(names.length > 4 ? [`${names.length - 4} more`] : [])].join(', ');
  const what = wanted === undefined ? 'configuration that logtap migrate knows' : `configuration of ${wanted}`;
  const remedy = objects.some(({ kind }) => kind === 'Kustomization')
    ? 'Render it and give the result: kubectl kustomize DIRECTORY | logtap migrate -'
    : REMEDY;
  return new MigrateError({ file, line: 1 }, shown, `has no ${what} in a ConfigMap`, remedy);
}

function several(file: string, candidates: readonly Candidate[]): MigrateError {
  const kinds = new Set(candidates.map(({ kind }) => kind));
  const holders = new Set(candidates.map(({ path, file }) => file?.holder ?? path));
  const remedy =
    kinds.size === candidates.length
      ? `Give --from ${[...kinds].join(' or ')}`
      : holders.size === candidates.length
        ? 'Give one of these objects, such as kubectl get configmap NAME -o yaml'
        : 'Write one of them into a file, and give that file';
  return new MigrateError(
    { file, line: 1 },
    `${candidates.length} configurations`,
    `are in the objects: ${candidates.map(({ path }) => path).join(', ')}`,
    remedy,
  );
}
