/** Rejects unknown properties and values of the wrong type at any depth, so that no mistake in JavaScript or in a file is silent. */
import { remedyFor } from '../../catalog/closest.js';
import { must as mustShowing } from './must.js';
import { type PropertyType, propertiesOf, type Struct } from './property-type.js';
import { hasToken } from './token.js';

const BE_AN_OBJECT = 'be an object: give properties by their names';
const PRIMITIVES = {
  string: 'be text: put it in quotes',
  number: 'be a number: write it without quotes',
  boolean: 'be true or false, without quotes',
} as const;

/** The message does not repeat a value that may be secret. */
function must(holds: boolean, name: string, value: unknown, rule: string): asserts holds {
  mustShowing(holds, name, /password|secret|token|credential/i.test(name) ? '***' : value, rule);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Throws unless a value is a sink. `name` is its place, for the message. */
export type SinkCheck = (value: unknown, name: string) => void;

/** Does not test the class, because a package may be installed twice. */
const mustBeSink: SinkCheck = (value, name) => {
  must(isObject(value), name, value, BE_AN_OBJECT);
  const rule = 'be a Sink: write Sink.cloudWatch({ ... }), or another of its factories';
  must(typeof value.bind === 'function', name, value, rule);
};

/**
 * Throws unless `given` has only properties of the struct, each of the right type. `undefined` counts as absent.
 *
 * @param name place of the struct in the message; empty for the outermost
 * @param sinkCheck judges sinks; in a file, a sink is data
 */
export function mustHaveProperties(struct: Struct, given: unknown, name = '', sinkCheck = mustBeSink): void {
  must(isObject(given), name === '' ? 'properties' : name, given, BE_AN_OBJECT);
  const properties = propertiesOf(struct);
  for (const [key, value] of entriesOf(given)) {
    const property = properties.get(key);
    const place = inside(name, key);
    if (property === undefined) {
      throw new Error(`'${place}' is not a property: ${remedyFor(key, properties.keys())}`);
    }
    mustBe(property.type, value, place, sinkCheck);
  }
  for (const [key, { isRequired }] of properties) {
    if (isRequired && given[key] === undefined) throw new Error(`'${inside(name, key)}' must be given`);
  }
}

/** Throws unless the value has the type. */
export function mustBe(type: PropertyType, value: unknown, name: string, sinkCheck = mustBeSink): void {
  switch (type.kind) {
    case 'nothing':
      must(value === null || isObject(value), name, value, BE_AN_OBJECT);
      must(entriesOf(value ?? {}).length === 0, name, Object.keys(value ?? {}), 'have no properties: leave them out');
      return;
    case 'choice': {
      const isKnown = typeof value === 'string' && (type.values.includes(value) || hasToken(value));
      const rule = `be one of ${type.values.join(', ')}: ${remedyFor(String(value), type.values, 'correct it')}`;
      must(isKnown, name, value, rule);
      return;
    }
    case 'list':
      must(Array.isArray(value), name, value, 'be a list: write [a, b]');
      for (const [index, item] of value.entries()) mustBe(type.of, item, inside(name, String(index)), sinkCheck);
      return;
    case 'map':
      must(isObject(value), name, value, BE_AN_OBJECT);
      for (const [key, item] of entriesOf(value)) mustBe(type.of, item, inside(name, key), sinkCheck);
      return;
    case 'struct':
      if (type.struct === 'Sink') sinkCheck(value, name);
      else mustHaveProperties(type.struct, value, name, sinkCheck);
      return;
    default:
      must(typeof value === type.kind, name, value, PRIMITIVES[type.kind]);
  }
}

const inside = (name: string, key: string) => (name === '' ? key : `${name}.${key}`);
const entriesOf = (value: object) => Object.entries(value).filter(([, item]) => item !== undefined);
