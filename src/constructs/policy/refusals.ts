/** What prevents an injection, as expressions: the findings of `check` that depend on the pod and are errors. */
import { LIBRARY_MOUNT_PATH, MOUNT_PATH } from '../../contract.js';
import type { Code } from '../findings/finding.js';
import {
  CONFIG_HASH_ANNOTATION,
  CONTAINERS,
  DOMAIN,
  EXCLUDE_CONTAINERS,
  INJECT,
  OPTIONS,
} from '../injection/annotations.js';
import { LIBRARY_NAMES } from '../injection/env.js';
import { INSTALLER, OWN_VOLUMES, SHIPPER } from '../injection/shipper.js';
import type { ResolvedProps } from '../props/resolve.js';
import { ExistingPreload } from '../props/tap-options.js';
import { joined, literal, type Variable } from './cel.js';
import { isSet, preloadsOf, STREAMS, tapFile, tapInto } from './environment.js';

/** The text of a finding. `message` is an expression. */
const said = (code: Code, message: string, remedy: string) =>
  `${literal(`${code} `)} + ${message} + ${literal(`: ${remedy} (docs/reference/findings.md#${code.toLowerCase()})`)}`;

/** A refusal for each item of a list, which the expressions call `it`. */
const each = (list: string, code: Code, message: string, remedy: string) =>
  `${list}.map(it, ${said(code, message, remedy)})`;

/** A refusal if the condition holds. */
const when = (condition: string, code: Code, message: string, remedy: string) =>
  `(${condition} ? [${said(code, message, remedy)}] : [])`;

const RESERVED = ' + " is reserved for the log shipper"';
const POD_ANNOTATIONS = [INJECT, CONTAINERS, EXCLUDE_CONTAINERS, ...OPTIONS.map((name) => `${DOMAIN}/${name}`)];
const OF_CONTAINER = `^.+\\.${DOMAIN.replace('.', '\\.')}/(${OPTIONS.join('|')})$`;
/** Without what the path means anyway. */
const RESERVED_PATH = `^/+(\\./+)*(${[MOUNT_PATH, LIBRARY_MOUNT_PATH].map((path) => path.slice(1).replace('.', '\\.')).join('|')})(/|$)`;

const option = (name: string) => `^(.+\\.)?${DOMAIN.replace('.', '\\.')}/${name}$`;
const named = (pattern: string) => `variables.annotations.map(k, k).filter(k, k.matches(${literal(pattern)}))`;
const value = 'variables.annotations[it]';
const annotation = `"the annotation '" + it + "' (" + ${value} + ") must `;

const annotations = (): string[] => [
  when(
    `${literal(INJECT)} in object.metadata.?labels.orValue({})`,
    'LT024',
    `"'${INJECT}' must be an annotation, not a label"`,
    'move it to the annotations',
  ),
  each(
    `${named(option('.*'))}.filter(k, !(k in ${literal([...POD_ANNOTATIONS, CONFIG_HASH_ANNOTATION])}) && !k.matches(${literal(OF_CONTAINER)}))`,
    'LT024',
    `"the annotation '" + it + "' is none that a policy applies"`,
    'correct its name, leave it out, or tap the workload itself with `logtap inject`',
  ),
  each(
    `${named(`^${INJECT.replace('.', '\\.')}$`)}.filter(k, variables.annotations[k] != "enabled")`,
    'LT024',
    `${annotation}be enabled or disabled"`,
    'correct it, or leave it out',
  ),
  each(
    `${named(option('(exclude-)?containers'))}.filter(k, variables.annotations[k].split(",").exists(name, name.trim() == ""))`,
    'LT024',
    `${annotation}be names of containers, separated by commas"`,
    'correct it, or leave it out',
  ),
  each(
    `${named(option('streams'))}.filter(k, !(variables.annotations[k].split(",").map(s, s.trim()).join(",") in ${literal(STREAMS)}))`,
    'LT024',
    `${annotation}be stdout, stderr, both or none"`,
    'use one of them',
  ),
  each(
    `${named(option('file'))}.filter(k, variables.annotations[k].matches("[\\\\n\\\\r]") || !variables.annotations[k].split(":").all(p, p.startsWith("/") && !p.endsWith("/")))`,
    'LT024',
    `${annotation}be absolute paths and patterns of files, separated by ':'"`,
    "start each with '/'",
  ),
];

const selection = ({ containers }: ResolvedProps): string[] => {
  const unknown = `.filter(name, name != "" && !(name in variables.names))`;
  const message = (where: string) => `"${where} ('" + it + "') must name containers of the pod"`;
  const known = 'use the names of its containers';
  const list = containers === undefined ? `the annotation '${CONTAINERS}'` : "'containers'";
  return [
    each(`(variables.isListed ? variables.listed : [])${unknown}`, 'LT002', message(list), known),
    each(
      `(${literal(EXCLUDE_CONTAINERS)} in variables.annotations ? variables.excluded : [])${unknown}`,
      'LT002',
      message(`the annotation '${EXCLUDE_CONTAINERS}'`),
      known,
    ),
    each(
      `${named(OF_CONTAINER)}.filter(k, !variables.taps.exists(c, k.startsWith(c.name + ".${DOMAIN}/")))`,
      'LT002',
      `"the annotation '" + it + "' must name a container that is tapped"`,
      'correct its name, or leave it out',
    ),
    when(
      'variables.taps.size() == 0 && (!variables.isListed || variables.listed.all(name, name in variables.names))',
      'LT007',
      '"no container is left to tap"',
      `annotate the pod with ${INJECT}: disabled, or correct the annotations`,
    ),
  ];
};

/** A refusal for each tapped container that meets the conditions; none if the properties exclude one of them. */
const ofTaps = (conditions: readonly string[], code: Code, message: string, remedy: string) =>
  conditions.includes('false')
    ? '[]'
    : each(
        `variables.taps.filter(c, ${conditions.join(' && ')})`,
        code,
        `${message} of container '" + it.name + "'"`,
        remedy,
      );

const options = (props: ResolvedProps): string[] => {
  const noStream = `${tapInto(props, 'c.name')} == "0"`;
  const noFile = `${tapFile(props, 'c.name')} == ""`;
  const suppresses = (of: 'suppressStreams' | 'suppressFile') => isSet(props, 'c.name', (given) => given[of]);
  const chosen = isSet(props, 'c.name', ({ existingPreload }) => existingPreload === ExistingPreload.ERROR);
  return [
    ofTaps([noStream, noFile], 'LT007', `"nothing is left to tap`, "name a 'file', or tap stdout, stderr or both"),
    ofTaps(
      [suppresses('suppressStreams'), noStream],
      'LT007',
      `"'suppressStreams' must come with a tapped stream`,
      "leave it out, or set 'streams'",
    ),
    ofTaps(
      [suppresses('suppressFile'), noFile],
      'LT007',
      `"'suppressFile' must come with a tapped file`,
      "leave it out, or set 'file'",
    ),
    ofTaps(
      [chosen, `[c.?env.orValue([])].exists(env, ${preloadsOf('env')}.size() > 0)`],
      'LT003',
      `"there is an LD_PRELOAD`,
      "remove it, or set 'existingPreload' to chain or replace",
    ),
  ];
};

const reserved = (props: ResolvedProps): string[] => {
  const port = props.shipper.statusPort;
  const needed = (props.sink.volumeMounts ?? []).map(({ volume }) => volume);
  const inContainers = (list: string) => `variables.all.map(c, c.?${list}.orValue([])).flatten()`;
  return [
    each(
      `variables.names.filter(name, name in ${literal([SHIPPER, INSTALLER])})`,
      'LT010',
      `"the container name '" + it + "'"${RESERVED}`,
      'rename the container',
    ),
    each(
      `${inContainers('ports')}.filter(p, p.?name.orValue("") == ${literal(SHIPPER)})`,
      'LT010',
      `"the port name '" + it.name + "'"${RESERVED}`,
      'rename the port',
    ),
    each(
      `${inContainers('ports')}.filter(p, p.containerPort == ${port} && p.?protocol.orValue("TCP") == "TCP")`,
      'LT010',
      `"port " + string(it.containerPort)${RESERVED}`,
      "set 'shipper.statusPort' to another port",
    ),
    each(
      `object.spec.?volumes.orValue([]).filter(v, v.name in ${literal(OWN_VOLUMES)})`,
      'LT010',
      `"the volume name '" + it.name + "'"${RESERVED}`,
      'rename the volume',
    ),
    each(
      `variables.taps.map(c, c.?env.orValue([])).flatten().filter(e, e.name in ${literal([...LIBRARY_NAMES])})`,
      'LT013',
      `"the variable " + it.name${RESERVED}`,
      'remove it, and set the corresponding property',
    ),
    each(
      `variables.taps.map(c, c.?volumeMounts.orValue([])).flatten().filter(m, m.mountPath.matches(${literal(RESERVED_PATH)}))`,
      'LT005',
      `"the mounted path " + it.mountPath${RESERVED}`,
      'mount the volume elsewhere',
    ),
    ...(needed.length === 0
      ? []
      : [
          each(
            `${literal(needed)}.filter(name, !object.spec.?volumes.orValue([]).exists(v, v.name == name))`,
            'LT027',
            `"the sink's volume '" + it + "' must be one of the pod's"`,
            'add the volume',
          ),
        ]),
  ];
};

/** The texts of all refusals. */
export const refusalsVariable = (props: ResolvedProps): Variable => ({
  name: 'refusals',
  expression: joined(
    [...annotations(), ...selection(props), ...options(props), ...reserved(props)].filter((list) => list !== '[]'),
  ),
});
