/** The generator of docs/reference/api.md: what it says of each kind of declaration, and what it refuses. */
import ts from 'typescript';
import { apiReference } from '../../scripts/api-reference.js';

/** The page of a package whose index is this text. Nothing is read from the disk. */
function page(text: string): string {
  const file = ts.createSourceFile('/index.ts', text, ts.ScriptTarget.ES2022, true);
  const host: ts.CompilerHost = {
    fileExists: (name) => name === '/index.ts',
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => '/',
    getDefaultLibFileName: () => '/lib.d.ts',
    getNewLine: () => '\n',
    getSourceFile: (name) => (name === '/index.ts' ? file : undefined),
    readFile: () => undefined,
    useCaseSensitiveFileNames: () => true,
    writeFile: () => undefined,
  };
  return apiReference(ts.createProgram(['/index.ts'], { noLib: true, types: [] }, host), '/index.ts');
}

describe('the page', () => {
  test('has a class: factories first, then methods, without what is private, internal or overridden', () => {
    const text = page(`
      /** What runs. */
      export interface Base {
        /** Runs. */
        run(): void;
      }
      /** Does things. */
      export class Tool implements Base {
        /** Counts. */
        public readonly count: number = 1;
        /** @throws if it cannot */
        public constructor(name: string) {}
        /** Of the name. */
        public get(key: string, other?: Tool[]): Tool { return this; }
        /**
         * Makes one.
         * @param name what it is called
         */
        public static of(name: string): Tool { return new Tool(name); }
        private hidden(): void {}
        /** @internal */
        public _inner(): void {}
        public override run(): void {}
      }`);
    expect(text.slice(text.indexOf('### Tool'), text.indexOf('## Properties')).trim().split('\n')).toEqual([
      '### Tool',
      '',
      'Implements [Base](#base).',
      '',
      'Does things.',
      '',
      '#### new Tool(name)',
      '',
      '* `name`: `string`',
      '',
      'Throws if it cannot.',
      '',
      '#### Tool.of(name)',
      '',
      'Makes one.',
      '',
      '* `name`: `string`: what it is called',
      '',
      'Returns [Tool](#tool).',
      '',
      '#### get(key, other)',
      '',
      'Of the name.',
      '',
      '* `key`: `string`',
      '* `other`: [Tool](#tool)[], optional',
      '',
      'Returns [Tool](#tool).',
      '',
      '| property | type | meaning |',
      '|---|---|---|',
      '| `count` | `number` | Counts. |',
    ]);
  });

  test('has properties with their defaults, in the cells of a table', () => {
    const text = page(`
      /** Given. */
      export interface Props {
        /** The name. */
        readonly name: string;
        /**
         * Of a | b,
         * in two lines.
         *
         * @default 'a'
         * @see https://example/
         */
        readonly kind?: Kind;
        /**
         * Another.
         *
         * @default - nothing
         */
        readonly other?: string;
      }
      /** One of two. */
      export enum Kind {
        /** The first. */
        A = 'a',
        /** The second. */
        B = 'b',
      }`);
    expect(text).toContain(
      [
        '| property | type | default | meaning |',
        '|---|---|---|---|',
        '| `name` | `string` | required | The name. |',
        "| `kind` | [Kind](#kind) | `'a'` | Of a \\| b, in two lines. See <https://example/>. |",
        '| `other` | `string` | nothing | Another. |',
      ].join('\n'),
    );
    expect(text).toContain('| member | meaning |\n|---|---|\n| `A` | The first. |\n| `B` | The second. |\n');
  });

  test.each([
    ['a class without a comment', 'export class A {}', "'A' must have a comment that says what it is for: add one"],
    ['a property without', '/** A. */ export interface A { readonly b: string }', "'A.b' must have a comment"],
    ['a method without', '/** A. */ export class A { public b(): void {} }', "'A.b' must have a comment"],
    ['a member of an enum without', '/** A. */ export enum A { B = 1 }', "'A.B' must have a comment"],
    [
      'an optional property without a default',
      '/** A. */ export interface A { /** B. */ readonly b?: string }',
      "'A.b' must say its default: add @default to its comment",
    ],
    ['a function', '/** A. */ export function a(): void {}', "'a' must be a class, an interface or an enum"],
  ])('is refused with %s', (_what, text, message) => {
    expect(() => page(text)).toThrow(message);
  });
});
