/**
 * src/constructs/props/property-table.ts: the properties that constructs take, and their types. TypeScript's compiler reads the
 * types themselves; this table serves plain JavaScript, logtap.yaml and the flags of the command line. It follows from the
 * schema of logtap.yaml, which follows from the types.
 */

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly maxProperties?: number;
}

/** @param schema text of the schema */
export function propertyTable(schema: string): string {
  const { $defs, ...root } = JSON.parse(schema) as Schema & { readonly $defs: Readonly<Record<string, Schema>> };
  return [
    '// GENERATED from the types of src/constructs by `npm run generate`. Do not edit.',
    '/** Properties of each struct, with their types as property-type.ts reads them. A required one ends with `!`. */',
    'export const PROPERTIES = {',
    ...Object.entries({ LogTapProps: root, ...$defs }).flatMap(([name, { properties = {}, required = [] }]) => [
      `  ${name}: {`,
      ...Object.entries(properties).map(
        ([key, property]) => `    ${key}: '${typeOf(property)}${required.includes(key) ? '!' : ''}',`,
      ),
      '  },',
    ]),
    '} as const;',
    '',
  ].join('\n');
}

function typeOf({ $ref, type, enum: values, items, additionalProperties, maxProperties }: Schema): string {
  if ($ref !== undefined) return $ref.split('/').at(-1)!;
  if (values !== undefined) return `one of ${values.join(' ')}`;
  if (items !== undefined) return `${typeOf(items)}[]`;
  if (typeof additionalProperties === 'object') return `{${typeOf(additionalProperties)}}`;
  if (maxProperties === 0) return 'nothing';
  return String(type);
}
