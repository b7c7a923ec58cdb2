/** Converts the properties of a sink into settings of the shipper. The catalogue has the variables' names, their parsers and the rules. */
import { withoutCredentials } from '../../catalog/read-settings.js';
import { givenOf } from '../../catalog/rule.js';
import type { Setting } from '../../catalog/setting.js';
import { RULES } from '../../catalog/settings.js';
import { type KnownSink, SINKS } from '../../catalog/sinks/index.js';
import { hasToken } from '../props/token.js';
import type { SecretFile, SecretKey, SinkConfig } from './sink-config.js';

type Value = string | number | boolean;

/** A property and its setting. */
export interface Binding {
  readonly property: string;
  readonly setting: Setting<unknown>;
  readonly value?: Value | undefined;
  /** Used instead of a value: the shipper receives the path of a file. */
  readonly secret?: SecretKey | undefined;
}

/**
 * The settings part of a sink's configuration.
 *
 * @throws with the property, the rule and the remedy if the shipper would reject the settings at start
 */
export function bind(
  sink: KnownSink,
  bindings: readonly Binding[],
): Pick<SinkConfig, 'name' | 'settings' | 'secretFiles'> {
  for (const [setting, example] of SINKS[sink].needed) {
    const binding = bindings.find((each) => each.setting === setting)!;
    const isGiven = binding.value !== undefined || binding.secret !== undefined;
    if (!isGiven) throw new Error(`'${binding.property}' must be given: for example ${example}`);
  }
  return { name: sink, ...bindSettings(bindings) };
}

/**
 * The settings of properties.
 *
 * @throws with the property, the rule and the remedy if the shipper would reject the settings at start
 */
export function bindSettings(bindings: readonly Binding[]): Pick<SinkConfig, 'settings' | 'secretFiles'> {
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
    // A token is checked after it is resolved.
    if (text !== undefined && !hasToken(text)) values.set(setting, judged(property, setting, value ?? text));
  }
  const bindingOf = (setting: Setting<unknown>) => bindings.find((binding) => binding.setting === setting);
  const nameOf = (setting: Setting<unknown>) => {
    const { property, value } = bindingOf(setting)!;
    return said(property, value);
  };
  const known = givenOf(given, values);
  const broken = RULES.filter((rule) => rule.settings.every(bindingOf)).find((rule) => rule.isBroken(known));
  if (broken !== undefined) throw new Error(broken.says(nameOf, known));
  return { settings, secretFiles };
}

function judged(property: string, setting: Setting<unknown>, value: Value): unknown {
  try {
    return setting.parse(String(value));
  } catch (error) {
    throw new Error(`${said(property, value)} ${(error as Error).message}`);
  }
}

/** A property and its value, formatted for messages. */
function said(property: string, value: Value | undefined): string {
  if (value === undefined) return `'${property}'`;
  return `'${property}' (${JSON.stringify(typeof value === 'string' ? withoutCredentials(value) : value)})`;
}
