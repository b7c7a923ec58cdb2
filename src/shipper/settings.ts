/** The shipper's settings, from its environment, which is read nowhere else. */
import { type Environment, readSettings } from '../catalog/read-settings.js';
import { namedSinks } from '../catalog/records/container-sinks.js';
import type { Settings } from '../catalog/settings.js';
import { unreadVariables } from '../catalog/unread-variables.js';
import { ConfigError } from './errors.js';

export type { Environment, Settings };

/** Reads the environment. `notice` is told of the predecessor's names. Throws a ConfigError with every problem. */
export function parseSettings(env: Environment, notice: (message: string) => void): Settings {
  const { settings, problems, notices } = readSettings(env);
  for (const message of [...notices, ...unreadVariables(env, { ...settings, sinks: kindsOf(settings) })])
    notice(message);
  if (problems.length > 0) throw new ConfigError(problems.map(({ text }) => text));
  return settings;
}

/** Those of the pod and of single containers. Settings with problems may be incomplete. */
const kindsOf = ({ sinks = [], ...others }: Settings) => [
  ...new Set(namedSinks({ ...others, sinks }).map(({ kind }) => kind)),
];
