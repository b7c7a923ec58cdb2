/** Parses an environment into settings, or reports every problem in it. */
import { closest } from './closest.js';
import { NETWORK_SETTINGS } from './network.js';
import { CONTAINER_SETTINGS } from './records/container-settings.js';
import { type ContainerSinks, idleSettings } from './records/container-sinks.js';
import { type Given, givenOf } from './rule.js';
import type { Setting } from './setting.js';
import { ROWS, RULES, type Settings } from './settings.js';
import { SINK_CHOICE, SINKS } from './sinks/index.js';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Problem {
  /** Variables that the problem concerns. */
  readonly names: readonly string[];
  /** The value, the rule and the remedy. */
  readonly text: string;
}

export interface ReadSettings {
  /** Complete only where there are no problems. */
  readonly settings: Settings;
  readonly problems: readonly Problem[];
  /** Notices about old names that are still read. */
  readonly notices: readonly string[];
}

/**
 * Reads an environment. An empty variable counts as absent.
 *
 * @param isUnknown whether a value, such as a token, is not known yet: it counts as given and is validated later
 */
export function readSettings(
  environment: Environment,
  isUnknown: (text: string) => boolean = () => false,
): ReadSettings {
  const notices: string[] = [];
  const problems = unknownNames(environment);
  const env = withoutEndpoints(withPredecessor(environment, notices), notices);
  const values = new Map<Setting<unknown>, unknown>();
  const given = new Set<Setting<unknown>>();
  const invalid = new Set<Setting<unknown>>();
  for (const [, row] of ROWS) {
    const name = [row.name, ...(row.aliases ?? [])].find((candidate) => (env[candidate] ?? '') !== '');
    if (name !== undefined) given.add(row);
    const text = name === undefined ? row.default : env[name]!;
    if (name !== undefined && name !== row.name && row.name.startsWith('LOGTAP_')) {
      notices.push(`${name} is read as ${row.name}, its new name`);
    }
    if (text === undefined || isUnknown(text)) continue;
    try {
      values.set(row, row.parse(text));
    } catch (error) {
      const said = `${name ?? row.name}='${withoutCredentials(text)}': ${(error as Error).message}`;
      // An endpoint may be one of several services.
      if (!problems.some((problem) => problem.text === said)) {
        problems.push({ names: [name ?? row.name], text: said });
      }
      invalid.add(row);
    }
  }
  const known = givenOf(given, values);
  // An invalid setting is not reported as missing, too.
  const all = [...missing(known), ...broken(known)];
  all.push(...ofContainers(known, all));
  problems.push(...all.filter(({ rows }) => !rows.some((row) => invalid.has(row))));
  const settings = Object.fromEntries(ROWS.map(([key, row]) => [key, values.get(row)])) as unknown as Settings;
  return { settings, problems, notices };
}

interface ProblemOfRows extends Problem {
  readonly rows: readonly Setting<unknown>[];
}

const problemOf = (rows: readonly Setting<unknown>[], text: string): ProblemOfRows => ({
  rows,
  names: rows.map(({ name }) => name),
  text,
});

/** Missing settings that the chosen sinks require. */
function missing({ isGiven, read }: Given): ProblemOfRows[] {
  const sinks = read(SINK_CHOICE.sinks) ?? [];
  const needed = Object.entries(SINKS).filter(([sink]) => sinks.some((name) => name === sink));
  return needed.flatMap(([sink, { needed: rows }]) =>
    rows
      .filter(([row]) => !isGiven(row))
      .map(([row, example]) =>
        problemOf([row], `${row.name} is not set, and the sink '${sink}' needs it. Set it, for example to ${example}.`),
      ),
  );
}

const broken = (known: Given): ProblemOfRows[] =>
  RULES.filter((rule) => rule.isBroken(known)).map((rule) =>
    problemOf(
      rule.settings,
      rule.says(({ name }) => name, known),
    ),
  );

/** Problems of sinks that single containers have, other than those of the pod. */
function ofContainers(known: Given, ofPod: readonly ProblemOfRows[]): ProblemOfRows[] {
  const row = CONTAINER_SETTINGS.containerSettings;
  return [...(known.read(row)?.sinks ?? [])].flatMap(([container, entry]) => {
    const sinks = entry.sinks ?? known.read(SINK_CHOICE.sinks) ?? [];
    const own = withEntry(known, entry);
    const idle = idleSettings(entry, sinks).map(({ name }) => {
      const remedy = `Add its sink to ${SINK_CHOICE.sinks.name} of the entry, or remove it.`;
      return `${name} has no effect, as the records of the container go to ${sinks.join(' and ')}. ${remedy}`;
    });
    const wrong = [...missing(own), ...broken(own)].map(({ text }) => text);
    return [...idle, ...wrong.filter((text) => !ofPod.some((other) => other.text === text))].map((text) =>
      problemOf([row], `${row.name}, entry '${container}': ${text}`),
    );
  });
}

/** The settings of the sinks of a container. */
const withEntry = (known: Given, { sinks, values, removed }: ContainerSinks): Given => ({
  isGiven: (setting) => (values.has(setting) ? !removed.has(setting) : known.isGiven(setting)),
  read: (setting) => {
    if ((setting as Setting<unknown>) === SINK_CHOICE.sinks && sinks !== undefined) return sinks as never;
    return values.has(setting) ? (values.get(setting) as never) : known.read(setting);
  },
});

/** A password in a URL is a mistake, and a message must not print it. It may have a slash, and the URL may have no scheme. */
export function withoutCredentials(text: string): string {
  return text.replace(/:\/\/\S*@/g, '://***@').replace(/^[^/@:\s]*:(?!\/\/)[^\s@]*@/, '***@');
}

/** SINK_STDOUT and SINK_FLUENT of the predecessor's sidecar choose sinks, unless LOGTAP_SINK does. */
function withPredecessor(env: Environment, notices: string[]): Environment {
  if (env.LOGTAP_SINK) return { ...env, SINK_FLUENT: undefined };
  const sinks = [...(env.SINK_FLUENT ? ['tcp'] : []), ...(env.SINK_STDOUT === 'true' ? ['stdout'] : [])];
  if (sinks.length === 0) return env;
  if (env.SINK_STDOUT === 'true') notices.push('SINK_STDOUT=true is read as LOGTAP_SINK=stdout, its new name');
  return { ...env, LOGTAP_SINK: sinks.join(',') };
}

/**
 * What AWS's SDKs do with endpoints of the environment.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
function withoutEndpoints(env: Environment, notices: string[]): Environment {
  const { name: ignore } = NETWORK_SETTINGS.awsIgnoreEndpoints;
  if (env[ignore]?.toLowerCase() !== 'true') return env;
  const ignored = Object.keys(env).filter((name) => env[name] && /^AWS_ENDPOINT_URL(_|$)/.test(name));
  notices.push(...ignored.map((name) => `${name} is ignored, as ${ignore} is true: remove one of them`));
  return { ...env, ...Object.fromEntries(ignored.map((name) => [name, undefined])) };
}

/** Kubernetes adds such variables for every Service, and a Service may be named logtap. */
const SERVICE_LINK = /_SERVICE_HOST$|_SERVICE_PORT(_|$)|_PORT$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/;

/** Every setting name and alias. */
export const NAMES: ReadonlySet<string> = new Set(ROWS.flatMap(([, { name, aliases = [] }]) => [name, ...aliases]));

function unknownNames(env: Environment): Problem[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('LOGTAP_') && !NAMES.has(name) && !SERVICE_LINK.test(name))
    .map((name) => ({ names: [name], text: unknownName(name) }));
}

/** The message for an unknown name, with the closest known name. */
export function unknownName(name: string): string {
  const nearest = closest(name, NAMES);
  return `${name} is not a setting of the shipper. ${nearest === undefined ? 'Remove it.' : `Did you mean ${nearest}?`}`;
}
