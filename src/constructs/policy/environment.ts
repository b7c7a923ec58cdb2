/** The environment and the mounts of a tapped container. */
import { LIBRARY_ENV } from '../../contract.js';
import { DOMAIN } from '../injection/annotations.js';
import { LIBRARY, libraryEnv, ORIGINAL_PRELOAD, PRELOAD, TAP_INTO } from '../injection/env.js';
import { tapMounts } from '../injection/shipper.js';
import type { EnvVar } from '../injection/workload.js';
import type { ResolvedProps } from '../props/resolve.js';
import { ExistingPreload, type TapOptions, TapStreams } from '../props/tap-options.js';
import { choice, Expression, joined, literal, type Variable } from './cel.js';

/** What the annotation `streams` may have, without spaces. */
export const STREAMS: Readonly<Record<string, string>> = {
  ...TAP_INTO,
  'stdout,stderr': TAP_INTO[TapStreams.BOTH],
  'stderr,stdout': TAP_INTO[TapStreams.BOTH],
};

/** The options of the properties by the name of a container. */
const optionsOf = ({ options, perContainer }: ResolvedProps) =>
  new Map(Object.entries(perContainer).map(([name, own]) => [name, { ...options, ...own }]));

/** An expression that depends on the name of a container, such as `c.name`. */
function byName(props: ResolvedProps, name: string, of: (options: TapOptions) => string): string {
  const usual = of(props.options);
  return [...optionsOf(props)]
    .map(([each, options]) => [each, of(options)] as const)
    .filter(([, expression]) => expression !== usual)
    .reduceRight((rest, [each, expression]) => choice(`${name} == ${literal(each)}`, expression, rest), usual);
}

type Option = 'streams' | 'file';

/** The option of a container, the nearest first: its annotation, its property, the annotation of the pod, the property. */
function option(props: ResolvedProps, name: string, of: Option, read: (text: string) => string, absent: string) {
  const text = (value: string) => (of === 'streams' ? (TAP_INTO[value as TapStreams] ?? '') : value);
  const own = Object.entries(props.perContainer).filter(([, options]) => options[of] !== undefined);
  const ownTexts = Object.fromEntries(own.map(([each, options]) => [each, text(options[of]!)]));
  const usual = props.options[of];
  const annotation = (key: string) => `variables.annotations[?${key}].optMap(text, ${read('text')})`;
  return [
    annotation(`${name} + ${literal(`.${DOMAIN}/${of}`)}`),
    ...(own.length === 0 ? [] : [`${literal(ownTexts)}[?${name}]`]),
    annotation(literal(`${DOMAIN}/${of}`)),
  ]
    .reduce((before, each) => `${before}.or(${each})`)
    .concat(`.orValue(${usual === undefined ? absent : literal(text(usual))})`);
}

/** The value of LLT_TAP_INTO. A text that names no streams is refused before. */
export const tapInto = (props: ResolvedProps, name: string) =>
  option(
    props,
    name,
    'streams',
    (text) => `${literal(STREAMS)}[?${text}.split(",").map(s, s.trim()).join(",")].orValue("")`,
    literal(TAP_INTO[TapStreams.BOTH]),
  );

/** The log files, or an empty text. */
export const tapFile = (props: ResolvedProps, name: string) => option(props, name, 'file', (text) => text, '""');

/** Whether an option of a container has this value in the properties. */
export const isSet = (props: ResolvedProps, name: string, of: (options: TapOptions) => boolean | undefined) =>
  byName(props, name, (options) => String(of(options) === true));

/** The library's variables of the container `c`. */
function libraryVariables(props: ResolvedProps): string {
  return byName(props, 'c.name', (options) => {
    // Each variable that depends on the pod is there once, in its place.
    const all = libraryEnv('', { ...options, file: '' }).map(({ name, value }) => {
      if (name === LIBRARY_ENV.CONTAINER.name) return one(name, 'c.name');
      if (name === LIBRARY_ENV.TAP_INTO.name) return one(name, tapInto(props, 'c.name'));
      if (name !== LIBRARY_ENV.TAP_FILE.name) return literal([{ name, value }]);
      const file = tapFile(props, 'c.name');
      return `(${file} == "" ? [] : ${one(name, file)})`;
    });
    return joined(all);
  });
}

const one = (name: string, value: string) => literal([{ name, value: new Expression(value) }]);

/** The variable LD_PRELOAD with the library in front of the present one, `e`. */
const preload = `(e.?valueFrom.hasValue()
  ? [
      dyn({"name": dyn(${literal(ORIGINAL_PRELOAD)}), "valueFrom": e.valueFrom}),
      dyn({"name": ${literal(PRELOAD)}, "value": ${literal(`${LIBRARY}:$(${ORIGINAL_PRELOAD})`)}})
    ]
  : [dyn({
      "name": ${literal(PRELOAD)},
      "value": e.?value.orValue("") == "" ? ${literal(LIBRARY)} : ${literal(`${LIBRARY}:`)} + e.value
    })])`;

const alone: EnvVar = { name: PRELOAD, value: LIBRARY };

/** The indexes of the variables LD_PRELOAD in a list; the last one counts. */
export const preloadsOf = (env: string) =>
  `lists.range(${env}.size()).filter(i, ${env}[i].name == ${literal(PRELOAD)})`;

/** The environment and the mounts of each tapped container, by its name. */
export function environmentVariables(props: ResolvedProps): Variable[] {
  const ours = byName(props, 'c.name', ({ existingPreload }) =>
    existingPreload === ExistingPreload.REPLACE ? literal([alone]) : `[env[at]].map(e, ${preload})[0]`,
  );
  const env = `[c.?env.orValue([])].map(env,
  [${preloadsOf('env')}].map(present,
    present.size() == 0
      ? env + ${literal([alone])}
      : [present[present.size() - 1]].map(at, env.slice(0, at) + ${ours} + env.slice(at + 1, env.size()))[0]
  )[0]
)[0]`;
  return [
    { name: 'environment', expression: `variables.taps.map(c, ${env}\n+ ${libraryVariables(props)})` },
    { name: 'mounts', expression: `variables.taps.map(c, c.?volumeMounts.orValue([]) + ${literal(tapMounts(props))})` },
  ];
}
