/** Names of log groups, log streams, indices, Firehose streams and entities, from labels, annotations and static fields: filled once, at start. */
import { readFileSync } from 'node:fs';
import { type Placeholder, placeholdersOf, replacePlaceholders } from '../../catalog/values/placeholders.js';
import { ConfigError, messageOf } from '../errors.js';
import type { Settings } from '../settings.js';
import { parseDownwardApi } from './labels.js';

/** A value is part of a name, which has a limit of its own. */
const VALUE_MAX = 128;

/** The characters that a service accepts in a name; any other becomes `-`. */
const RULES = {
  cloudwatchLogGroup: ['LOGTAP_CLOUDWATCH_LOG_GROUP', /[^A-Za-z0-9._/#-]/g],
  cloudwatchLogStream: ['LOGTAP_CLOUDWATCH_LOG_STREAM', /[:*{}\p{Cc}]/gu],
  cloudwatchService: ['LOGTAP_CLOUDWATCH_SERVICE', /[^ -~]/g],
  cloudwatchEnvironment: ['LOGTAP_CLOUDWATCH_ENVIRONMENT', /[^ -~]/g],
  firehoseStream: ['LOGTAP_FIREHOSE_STREAM', /[^\w.-]/g],
  s3Prefix: ['LOGTAP_S3_PREFIX', /[^\w!.*'()/=-]/g],
  opensearchIndex: ['LOGTAP_OPENSEARCH_INDEX', /[A-Z\\/*?"<>|,#:{}\s]/g],
} as const;

/**
 * The settings with their placeholders filled. A shipper has one value for each, independent of its records, so that it makes no more
 * streams and indices than without them. Throws a ConfigError for a label or annotation that the pod does not have.
 */
export function withNames(settings: Settings): Settings {
  const filled: Partial<Record<keyof typeof RULES, string>> = {};
  for (const [key, [setting, refused]] of Object.entries(RULES) as [keyof typeof RULES, readonly [string, RegExp]][]) {
    const text = settings[key];
    if (text === undefined || placeholdersOf(text).length === 0) continue;
    filled[key] = replacePlaceholders(text, (placeholder) => {
      const value = placed(placeholder, settings);
      if (value === undefined || value === '') throw missing(setting, text, placeholder, settings);
      const cased = key === 'opensearchIndex' ? value.toLowerCase() : value;
      return cased.replace(refused, '-').slice(0, VALUE_MAX);
    });
  }
  return { ...settings, ...filled };
}

function placed({ kind, name }: Placeholder, settings: Settings): string | undefined {
  if (kind === 'field') return settings.staticFields?.[name];
  const path = fileOf(kind, settings);
  try {
    return parseDownwardApi(readFileSync(path, 'utf8')).get(name);
  } catch (error) {
    throw new ConfigError(
      [
        `{${kind}:${name}} is read from ${path}, which cannot be read: ${messageOf(error)}. Mount the Downward API there, or set ${fileSettingOf(kind)}.`,
      ],
      { cause: error },
    );
  }
}

const fileOf = (kind: Placeholder['kind'], { podLabelsFile, podAnnotationsFile }: Settings): string =>
  kind === 'label' ? podLabelsFile : podAnnotationsFile;
const fileSettingOf = (kind: Placeholder['kind']): string =>
  kind === 'label' ? 'LOGTAP_POD_LABELS_FILE' : 'LOGTAP_POD_ANNOTATIONS_FILE';

function missing(setting: string, text: string, { kind, name }: Placeholder, settings: Settings): ConfigError {
  const where = kind === 'field' ? 'LOGTAP_STATIC_FIELDS' : fileOf(kind, settings);
  return new ConfigError([
    `${setting}=${text} needs the ${kind} '${name}', which ${where} does not have. Add it, or leave {${kind}:${name}} out.`,
  ]);
}
