/** Rejects unknown properties and values of the wrong type, so that a mistake in JavaScript is not silent. */
import { closest } from '../../catalog/closest.js';
import { must } from './must.js';
import { PROPERTIES } from './property-table.js';

type Kind = 'string' | 'number' | 'boolean' | 'array' | 'object';

const RULES: Readonly<Record<Kind, string>> = {
  string: 'be text: put it in quotes',
  number: 'be a number: write it without quotes',
  boolean: 'be true or false: write it without quotes',
  array: 'be a list: write [a, b]',
  object: 'be an object: give properties by their names',
};

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value);

/**
 * Throws unless `given` has only properties of the struct, each of the right type. `undefined` counts as absent.
 *
 * @param name name of the struct in the message; empty for the outermost
 */
export function mustHaveProperties(struct: keyof typeof PROPERTIES, given: unknown, name = ''): void {
  must(kindOf(given) === 'object', name === '' ? 'properties' : name, given, RULES.object);
  const kinds: Readonly<Record<string, string>> = PROPERTIES[struct];
  const inside = (key: string) => (name === '' ? key : `${name}.${key}`);
  const values = Object.entries(given as object).filter(([, value]) => value !== undefined);
  for (const [key, value] of values) {
    if (!Object.hasOwn(kinds, key)) {
      const nearest = closest(key, Object.keys(kinds));
      const remedy =
        nearest === undefined ? `use one of ${Object.keys(kinds).join(', ')}` : `did you mean '${nearest}'?`;
      throw new Error(`'${inside(key)}' is not a property: ${remedy}`);
    }
    const kind = kinds[key]!.replace('!', '') as Kind;
    must(kindOf(value) === kind, inside(key), value, RULES[kind]);
  }
  for (const [key, kind] of Object.entries(kinds)) {
    const isGiven = values.some(([other]) => other === key);
    if (kind.endsWith('!') && !isGiven) throw new Error(`'${inside(key)}' must be given`);
  }
}
