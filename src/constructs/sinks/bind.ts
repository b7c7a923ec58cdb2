/** The properties of a sink as settings of the shipper: the catalogue names the variables, judges the values and has the rules. */
import { withoutCredentials } from '../../catalog/read-settings.js';
import type { Given } from '../../catalog/rule.js';
import type { Setting } from '../../catalog/setting.js';
import { RULES } from '../../catalog/settings.js';
import { type KnownSink, SINKS } from '../../catalog/sinks.js';
import type { SecretFile, SecretKey, SinkConfig } from '../sink-config.js';
import { hasToken } from '../token.js';

type Value = string | number | boolean;

/** A property and the setting that it stands for. */
export interface Binding {
  readonly property: string;
  readonly setting: Setting<unknown>;
  readonly value?: Value | undefined;
  /** In the place of a value: the shipper is given the path of a file. */
  readonly secret?: SecretKey | undefined;
}

/**
 * The part of a sink's configuration that is settings.
 *
 * @throws with the property, the rule and the remedy if the shipper would refuse the settings when it starts
 */
export function bind(
  sink: KnownSink,
  bindings: readonly Binding[],
): Pick<SinkConfig, 'name' | 'settings' | 'secretFiles'> {
  const settings: Record<string, string> = {};
  const secretFiles: SecretFile[] = [];
  const values = new Map<Setting<unknown>, unknown>();
  const given = new Set<Setting<unknown>>();
  for (const { property, setting, value, secret } of bindings) {
    if (secret !== undefined) {
      given.add(setting);
      secretFiles.push({ setting: setting.name, secretName: secret.name, key: secret.key });
      continue;
    }
    const text = value === undefined ? setting.default : String(value);
    if (value !== undefined) {
      given.add(setting);
      settings[setting.name] = String(value);
    }
    // A token is judged when it is filled in.
    if (text !== undefined && !hasToken(text)) values.set(setting, judged(property, setting, value ?? text));
  }
  const bindingOf = (setting: Setting<unknown>) => bindings.find((binding) => binding.setting === setting);
  const nameOf = (setting: Setting<unknown>) => {
    const { property, value } = bindingOf(setting)!;
    return said(property, value);
  };
  for (const [setting, example] of SINKS[sink].needed) {
    if (!given.has(setting)) throw new Error(`${nameOf(setting)} must be given: for example ${example}`);
  }
  const known: Given = {
    isGiven: (setting) => given.has(setting),
    read: <T>(setting: Setting<T>) => values.get(setting) as T | undefined,
  };
  const broken = RULES.filter((rule) => rule.settings.every(bindingOf)).find((rule) => rule.isBroken(known));
  if (broken !== undefined) throw new Error(broken.says(nameOf));
  return { name: sink, settings, secretFiles };
}

function judged(property: string, setting: Setting<unknown>, value: Value): unknown {
  try {
    return setting.parse(String(value));
  } catch (error) {
    throw new Error(`${said(property, value)} ${(error as Error).message}`);
  }
}

/** A property and its value as messages name them. */
function said(property: string, value: Value | undefined): string {
  if (value === undefined) return `'${property}'`;
  return `'${property}' (${JSON.stringify(typeof value === 'string' ? withoutCredentials(value) : value)})`;
}
