/** The record of what a policy has replaced in a pod, as `logtap uninject` reads it: JSON, made by an expression. */
import type { ResolvedProps } from '../props/resolve.js';
import { joined, literal, type Variable } from './cel.js';
import { preloadsOf } from './environment.js';

const quoted = (text: string) => `strings.quote(${text})`;
const object = (list: string) => `"{" + ${list}.join(",") + "}"`;
const array = (list: string) => `"[" + ${list}.map(text, ${quoted('text')}).join(",") + "]"`;

/** A map of texts and of booleans. */
const flat = (map: string, key: string) =>
  object(
    `${map}.map(${key}, ${quoted(key)} + ":" + (type(${map}[${key}]) == bool ? string(${map}[${key}]) : ${quoted(`string(${map}[${key}])`)}))`,
  );

/** A map of such maps, such as the source of a variable. */
const nested = (map: string) => object(`${map}.map(k, ${quoted('k')} + ":" + ${flat(`${map}[k]`, 'n')})`);

/** The variable `e` as JSON. */
const variable = object(`([${quoted('"name"')} + ":" + ${quoted('e.name')}]
    + (e.?value.hasValue() ? [${quoted('"value"')} + ":" + ${quoted('e.value')}] : [])
    + (e.?valueFrom.hasValue() ? [${quoted('"valueFrom"')} + ":" + ${nested('e.valueFrom')}] : []))`);

/** A field of the record, if the condition holds. */
const field = (name: string, value: string, condition = 'true') => {
  const text = `[${literal(`${JSON.stringify(name)}:`)} + ${value}]`;
  return condition === 'true' ? text : `(${condition} ? ${text} : [])`;
};

export function recordVariable({ isWithoutAwsCredentials }: ResolvedProps): Variable {
  const preloads = `variables.taps.map(c, [c.?env.orValue([])].map(env, ${preloadsOf('env')}.map(i,
    ${quoted('c.name')} + ":" + [env[i]].map(e, ${variable})[0]).reverse())[0])
  .filter(all, all.size() > 0).map(all, all[0])`;
  const fields = [
    field('annotations', array('variables.addedAnnotations'), 'variables.addedAnnotations.size() > 0'),
    field('imagePullSecrets', array('variables.addedPullSecrets'), 'variables.addedPullSecrets.size() > 0'),
    field('labels', array('variables.addedLabels'), 'variables.addedLabels.size() > 0'),
    `[${preloads}].map(all, all.size() > 0 ? ["\\"preload\\":" + ${object('all')}] : [])[0]`,
    field('resources', nested('variables.resources'), 'variables.resources.size() > 0'),
    ...(isWithoutAwsCredentials
      ? [field('skipContainers', `(variables.skipped.hasValue() ? ${quoted('variables.skipped.value()')} : "null")`)]
      : []),
    field(
      'terminationGracePeriodSeconds',
      'string(object.spec.terminationGracePeriodSeconds)',
      'has(object.spec.terminationGracePeriodSeconds)',
    ),
  ];
  return { name: 'original', expression: object(`(${joined(fields)})`) };
}
