/**
 * src/constructs/props/property-table.ts: the names and kinds of the properties that constructs take, for those who write JavaScript,
 * whom no compiler warns. It follows from the schema of logtap.yaml, which follows from the types.
 */

interface Struct {
  readonly properties?: Readonly<Record<string, { readonly type?: string; readonly enum?: readonly unknown[] }>>;
  readonly required?: readonly string[];
}

/** @param schema text of the schema */
export function propertyTable(schema: string): string {
  const { $defs, ...root } = JSON.parse(schema) as Struct & { readonly $defs: Readonly<Record<string, Struct>> };
  const structs = Object.entries({ LogTapProps: root, ...$defs }).filter(([name]) => name !== 'Sink');
  return [
    '// GENERATED from the types of src/constructs by `npm run generate`. Do not edit.',
    '/** Names and kinds of the properties that constructs take; a `!` follows the kind of those that must be given. */',
    'export const PROPERTIES = {',
    ...structs.flatMap(([name, { properties = {}, required = [] }]) => [
      `  ${name}: {`,
      ...Object.entries(properties).map(([key, { type, enum: values }]) => {
        const kind = type ?? (values === undefined ? 'object' : 'string');
        return `    ${key}: '${kind}${required.includes(key) ? '!' : ''}',`;
      }),
      '  },',
    ]),
    '} as const;',
    '',
  ].join('\n');
}
