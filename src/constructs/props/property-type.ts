/** The types of properties, as the generated table writes them. */
import { PROPERTIES } from './property-table.js';

/** A set of properties, by its name. */
export type Struct = keyof typeof PROPERTIES;

export type PropertyType =
  | { readonly kind: 'string' | 'number' | 'boolean' | 'nothing' }
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  | { readonly kind: 'list' | 'map'; readonly of: PropertyType }
  | { readonly kind: 'struct'; readonly struct: Struct };

export interface Property {
  readonly type: PropertyType;
  readonly isRequired: boolean;
}

function typeOf(text: string): PropertyType {
  if (text === 'string' || text === 'number' || text === 'boolean' || text === 'nothing') return { kind: text };
  if (text.endsWith('[]')) return { kind: 'list', of: typeOf(text.slice(0, -2)) };
  if (text.startsWith('{')) return { kind: 'map', of: typeOf(text.slice(1, -1)) };
  if (text.startsWith('one of ')) return { kind: 'choice', values: text.split(' ').slice(2) };
  return { kind: 'struct', struct: text as Struct };
}

const STRUCTS = new Map(
  Object.entries<Readonly<Record<string, string>>>(PROPERTIES).map(([struct, properties]) => [
    struct,
    new Map(
      Object.entries(properties).map(([name, text]): [string, Property] => [
        name,
        { type: typeOf(text.replace('!', '')), isRequired: text.endsWith('!') },
      ]),
    ),
  ]),
);

/** The properties of a struct, by name. */
export const propertiesOf = (struct: Struct): ReadonlyMap<string, Property> => STRUCTS.get(struct)!;
