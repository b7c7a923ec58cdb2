/** Names of log groups, log streams, indices, Firehose streams and entities, from what is known of the pod: filled once, at start. */
import { readFileSync } from 'node:fs';
import { POD_SETTINGS } from '../../catalog/pod.js';
import { filled, NAMES_WITH_PLACEHOLDERS, type Name } from '../../catalog/records/names.js';
import { inBraces, type Placeholder, placeholdersOf } from '../../catalog/values/placeholders.js';
import { ConfigError, messageOf } from '../errors.js';
import type { Settings } from '../settings.js';
import { parseDownwardApi } from './labels.js';

type Key = keyof typeof NAMES_WITH_PLACEHOLDERS;

/**
 * The settings with their placeholders filled. A shipper has one value for each, independent of its records, so that it makes no more
 * streams and indices than without them. Throws a ConfigError for what the pod does not have, and for a name that the service refuses.
 */
export function withNames(settings: Settings): Settings {
  const names: Partial<Record<Key, string>> = {};
  for (const [key, name] of Object.entries(NAMES_WITH_PLACEHOLDERS) as [Key, Name][]) {
    const text = settings[key];
    if (text === undefined || placeholdersOf(text).length === 0) continue;
    const problem = (what: string) => new ConfigError([`${name.row.name}=${text} ${what}`]);
    const read = (placeholder: Placeholder) => {
      const value = placed(placeholder, settings);
      if (value === undefined || value === '') throw problem(missing(placeholder, settings));
      return value;
    };
    try {
      names[key] = filled(name, text, read);
    } catch (error) {
      throw error instanceof ConfigError ? error : problem((error as Error).message);
    }
  }
  return { ...settings, ...names };
}

function placed(placeholder: Placeholder, settings: Settings): string | undefined {
  const { kind, name } = placeholder;
  if (kind === 'namespace') return settings.podNamespace;
  if (kind === 'field') return settings.staticFields?.[name];
  const path = fileOf(kind, settings);
  try {
    return parseDownwardApi(readFileSync(path, 'utf8')).get(name);
  } catch (error) {
    throw new ConfigError(
      [
        `${inBraces(placeholder)} is read from ${path}, which cannot be read: ${messageOf(error)}. Mount the Downward API there, or set ${fileSettingOf(kind)}.`,
      ],
      { cause: error },
    );
  }
}

const fileOf = (kind: Placeholder['kind'], { podLabelsFile, podAnnotationsFile }: Settings): string =>
  kind === 'label' ? podLabelsFile : podAnnotationsFile;
const fileSettingOf = (kind: Placeholder['kind']): string =>
  kind === 'label' ? 'LOGTAP_POD_LABELS_FILE' : 'LOGTAP_POD_ANNOTATIONS_FILE';

function missing(placeholder: Placeholder, settings: Settings): string {
  const { kind, name } = placeholder;
  const orLeave = `or leave ${inBraces(placeholder)} out.`;
  if (kind === 'namespace') {
    return `needs ${POD_SETTINGS.podNamespace.name}, which is not set. Set it from the pod's fields, ${orLeave}`;
  }
  const where = kind === 'field' ? 'LOGTAP_STATIC_FIELDS' : fileOf(kind, settings);
  return `needs the ${kind} '${name}', which ${where} does not have. Add it, ${orLeave}`;
}
