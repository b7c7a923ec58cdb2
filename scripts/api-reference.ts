/** docs/reference/api.md: the exports of src/constructs/index.ts, with their comments. */
import { join } from 'node:path';
import ts from 'typescript';

const INDEX = join('src', 'constructs', 'index.ts');

/** The program of src/constructs/index.ts and everything that it imports, and that file. */
export function constructsProgram(root: string): { program: ts.Program; index: string } {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.build.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const index = join(root, INDEX);
  return { program: ts.createProgram([index], options), index };
}

/** The exports of a file, in alphabetical order. */
export function exportedSymbols(program: ts.Program, index: string): ts.Symbol[] {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(index);
  const module = file && checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`${index} exports nothing`);
  return checker
    .getExportsOfModule(module)
    .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The part of the page on one exported name. */
type Section = { readonly name: string; readonly lines: string[] };

/**
 * The page.
 *
 * @throws if a public name has no comment, if an optional property does not say its default, or if something is exported
 * that other languages cannot use
 */
export function apiReference(program: ts.Program, index: string): string {
  const symbols = exportedSymbols(program, index);
  const writer = new Writer(program.getTypeChecker(), new Set(symbols.map(({ name }) => name)));
  const groups: Record<string, Section[]> = { Classes: [], Properties: [], Enumerations: [] };
  for (const symbol of symbols) {
    const [declaration] = symbol.declarations ?? [];
    if (declaration && ts.isClassDeclaration(declaration))
      groups.Classes!.push(writer.classSection(symbol, declaration));
    else if (declaration && ts.isInterfaceDeclaration(declaration)) {
      groups.Properties!.push(writer.interfaceSection(symbol, declaration));
    } else if (declaration && ts.isEnumDeclaration(declaration)) {
      groups.Enumerations!.push(writer.enumSection(symbol, declaration));
    } else throw new Error(`'${symbol.name}' must be a class, an interface or an enum: other languages know no others`);
  }
  if (writer.problems.length > 0) throw new Error(writer.problems.join('\n'));
  const sections = Object.entries(groups).filter(([, list]) => list.length > 0);
  return [
    '<!-- GENERATED from src/constructs by `npm run generate`. Do not edit. -->',
    '# API reference',
    '',
    ...sections.map(([group, list]) => `* ${group}: ${list.map(({ name }) => link(name)).join(', ')}`),
    '',
    ...sections.flatMap(([group, list]) => [`## ${group}`, '', ...list.flatMap(({ lines }) => lines)]),
  ].join('\n');
}

const link = (name: string) => `[${name}](#${name.toLowerCase()})`;
/** Text for a cell of a table. */
const cell = (text: string) => text.replaceAll(/\s*\n\s*/g, ' ').replaceAll('|', '\\|');

class Writer {
  public readonly problems: string[] = [];

  public constructor(
    private readonly checker: ts.TypeChecker,
    private readonly names: ReadonlySet<string>,
  ) {}

  public classSection(symbol: ts.Symbol, declaration: ts.ClassDeclaration): Section {
    const members = declaration.members.filter((member) => this.isPublic(member));
    const methods = members.filter(ts.isMethodDeclaration);
    const properties = members.filter(ts.isPropertyDeclaration);
    const isStatic = (member: ts.ClassElement) => hasModifier(member, ts.SyntaxKind.StaticKeyword);
    const constructors = members.filter(ts.isConstructorDeclaration);
    return {
      name: symbol.name,
      lines: [
        `### ${symbol.name}`,
        '',
        ...this.inherited(declaration),
        ...this.description(symbol, symbol.name),
        ...constructors.flatMap((member) => this.constructorLines(symbol.name, member)),
        ...[...methods.filter(isStatic), ...methods.filter((method) => !isStatic(method))].flatMap((method) =>
          this.methodLines(symbol.name, method, isStatic(method)),
        ),
        ...this.table(symbol.name, properties),
      ],
    };
  }

  public interfaceSection(symbol: ts.Symbol, declaration: ts.InterfaceDeclaration): Section {
    return {
      name: symbol.name,
      lines: [
        `### ${symbol.name}`,
        '',
        ...this.inherited(declaration),
        ...this.description(symbol, symbol.name),
        ...this.table(symbol.name, declaration.members.filter(ts.isPropertySignature)),
        ...declaration.members
          .filter(ts.isMethodSignature)
          .flatMap((method) => this.methodLines(symbol.name, method, false)),
      ],
    };
  }

  public enumSection(symbol: ts.Symbol, declaration: ts.EnumDeclaration): Section {
    const rows = declaration.members.map((member) => {
      const name = member.name.getText();
      const [text = ''] = this.description(this.symbolOf(member), `${symbol.name}.${name}`);
      return `| \`${name}\` | ${cell(text)} |`;
    });
    return {
      name: symbol.name,
      lines: [
        `### ${symbol.name}`,
        '',
        ...this.description(symbol, symbol.name),
        '| member | meaning |',
        '|---|---|',
        ...rows,
        '',
      ],
    };
  }

  /** An overridden member is documented where it comes from. */
  private isPublic(member: ts.ClassElement): boolean {
    const hidden = [ts.SyntaxKind.PrivateKeyword, ts.SyntaxKind.ProtectedKeyword, ts.SyntaxKind.OverrideKeyword];
    if (hidden.some((kind) => hasModifier(member, kind))) return false;
    return !ts.getJSDocTags(member).some(({ tagName }) => tagName.text === 'internal');
  }

  private inherited(declaration: ts.ClassDeclaration | ts.InterfaceDeclaration): string[] {
    const clauses = declaration.heritageClauses ?? [];
    const types = (token: ts.SyntaxKind) =>
      clauses
        .filter((clause) => clause.token === token)
        .flatMap((clause) => clause.types.map((type) => this.type(type)));
    const [parents, interfaces] = [types(ts.SyntaxKind.ExtendsKeyword), types(ts.SyntaxKind.ImplementsKeyword)];
    const parts = [
      ...(parents.length > 0 ? [`Extends ${parents.join(', ')}.`] : []),
      ...(interfaces.length > 0 ? [`Implements ${interfaces.join(', ')}.`] : []),
    ];
    return parts.length > 0 ? [parts.join(' '), ''] : [];
  }

  private constructorLines(owner: string, declaration: ts.ConstructorDeclaration): string[] {
    const [signature] =
      this.checker.getTypeAtLocation(declaration.parent).symbol.members?.get('__constructor' as ts.__String)
        ?.declarations ?? [];
    const symbol = signature && (signature as ts.ConstructorDeclaration & { symbol: ts.Symbol }).symbol;
    const title = `#### new ${owner}(${declaration.parameters.map(({ name }) => name.getText()).join(', ')})`;
    return [title, '', ...this.parameters(symbol, declaration), ...this.tags(symbol)];
  }

  private methodLines(owner: string, method: ts.MethodDeclaration | ts.MethodSignature, isStatic: boolean): string[] {
    const name = method.name.getText();
    const symbol = this.symbolOf(method);
    const given = method.parameters.map((parameter) => parameter.name.getText()).join(', ');
    return [
      `#### ${isStatic ? `${owner}.` : ''}${name}(${given})`,
      '',
      ...this.description(symbol, `${owner}.${name}`),
      ...this.parameters(symbol, method),
      ...(method.type && method.type.kind !== ts.SyntaxKind.VoidKeyword
        ? [`Returns ${this.type(method.type)}.`, '']
        : []),
      ...this.tags(symbol),
    ];
  }

  /** Types of the parameters, and their descriptions in the comment. */
  private parameters(symbol: ts.Symbol | undefined, declaration: ts.SignatureDeclaration): string[] {
    const comments = new Map(
      (symbol?.getJsDocTags(this.checker) ?? [])
        .filter((tag) => tag.name === 'param')
        .map(({ text = [] }) => [
          text.find(({ kind }) => kind === 'parameterName')?.text ?? '',
          text
            .filter(({ kind }) => kind === 'text')
            .map((part) => part.text)
            .join(''),
        ]),
    );
    const lines = declaration.parameters.map((parameter) => {
      const name = parameter.name.getText();
      const comment = comments.get(name);
      const optional = parameter.questionToken || parameter.initializer ? ', optional' : '';
      return `* \`${name}\`: ${this.type(parameter.type)}${optional}${comment ? `: ${comment}` : ''}`;
    });
    return lines.length > 0 ? [...lines, ''] : [];
  }

  private table(owner: string, properties: readonly (ts.PropertySignature | ts.PropertyDeclaration)[]): string[] {
    if (properties.length === 0) return [];
    const rows = properties.map((property) => {
      const name = property.name.getText();
      const symbol = this.symbolOf(property);
      const tags = symbol?.getJsDocTags(this.checker) ?? [];
      const tag = (wanted: string) =>
        tags.filter((candidate) => candidate.name === wanted).map(({ text }) => ts.displayPartsToString(text));
      const [absent] = tag('default');
      if (property.questionToken && absent === undefined) {
        this.problems.push(`'${owner}.${name}' must say its default: add @default to its comment`);
      }
      const [text = ''] = this.description(symbol, `${owner}.${name}`);
      const more = [
        ...tag('see').map((url) => `See <${url}>.`),
        ...tag('deprecated').map((reason) => `Deprecated: ${reason}`),
      ];
      // `- text` says it in words.
      const shown = absent === undefined ? 'required' : /^- /.test(absent) ? absent.slice(2) : `\`${absent}\``;
      return `| \`${name}\` | ${cell(this.type(property.type))} | ${cell(shown)} | ${cell([text, ...more].join(' '))} |`;
    });
    const isData = properties.every(ts.isPropertySignature);
    if (isData) return ['| property | type | default | meaning |', '|---|---|---|---|', ...rows, ''];
    const withoutDefault = rows.map((row) => row.replace(' | required | ', ' | '));
    return ['| property | type | meaning |', '|---|---|---|', ...withoutDefault, ''];
  }

  /** The comment as one paragraph or more, each followed by an empty line. */
  private description(symbol: ts.Symbol | undefined, name: string): string[] {
    const text = ts.displayPartsToString(symbol?.getDocumentationComment(this.checker));
    if (text === '') this.problems.push(`'${name}' must have a comment that says what it is for: add one`);
    return [text, ''];
  }

  private tags(symbol: ts.Symbol | undefined): string[] {
    const tags = symbol?.getJsDocTags(this.checker) ?? [];
    return tags
      .filter(({ name }) => name === 'throws')
      .flatMap(({ text }) => [`Throws ${ts.displayPartsToString(text)}.`, '']);
  }

  /** The source text of a type, with links to the types on the page. */
  private type(node: ts.Node | undefined): string {
    if (node === undefined) return '`any`';
    const text = node.getText();
    if (this.names.has(text)) return link(text);
    const list = text.endsWith('[]') ? text.slice(0, -2) : '';
    return this.names.has(list) ? `${link(list)}[]` : `\`${text}\``;
  }

  private symbolOf(declaration: ts.NamedDeclaration): ts.Symbol | undefined {
    return declaration.name && this.checker.getSymbolAtLocation(declaration.name);
  }
}

function hasModifier(node: ts.ClassElement, kind: ts.SyntaxKind): boolean {
  return ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some((modifier) => modifier.kind === kind);
}
