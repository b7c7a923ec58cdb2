/**
 * src/cli/config-schema.json: the contents of a logtap.yaml, as a JSON Schema of the properties that constructs take. A class that
 * properties hold is written as its static factory: `sink: { cloudWatch: { logGroup: ... } }`.
 */
import ts from 'typescript';
import { exportedSymbols } from './api-reference.js';

type Schema = Record<string, unknown>;

/** @throws if a property has a type that no data file can say */
export function configSchema(program: ts.Program, index: string): string {
  const symbols = exportedSymbols(program, index);
  const writer = new SchemaWriter(program.getTypeChecker());
  const root = symbols.find(({ name }) => name === 'LogTapProps');
  if (root === undefined) throw new Error('LogTapProps must be exported: a logtap.yaml has its properties');
  const schema = writer.struct(root);
  const whole = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'logtap.yaml',
    $comment: 'GENERATED from src/constructs by `npm run generate`. Do not edit.',
    ...schema,
    $defs: Object.fromEntries([...writer.definitions].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

class SchemaWriter {
  /** By the names of their types. */
  public readonly definitions = new Map<string, Schema>();

  public constructor(private readonly checker: ts.TypeChecker) {}

  /** An interface, with its inherited members. */
  public struct(symbol: ts.Symbol): Schema {
    const properties = this.checker.getDeclaredTypeOfSymbol(symbol).getProperties();
    const declared = properties.map(
      (property) => [property, property.valueDeclaration as ts.PropertySignature] as const,
    );
    const required = declared.filter(([, { questionToken }]) => questionToken === undefined).map(([{ name }]) => name);
    return {
      type: 'object',
      additionalProperties: false,
      properties: Object.fromEntries(
        declared.map(([property, { type }]) => [
          property.name,
          { ...this.value(type!), ...this.description(property) },
        ]),
      ),
      ...(required.length > 0 && { required }),
    };
  }

  private value(node: ts.TypeNode): Schema {
    if (ts.isArrayTypeNode(node)) return { type: 'array', items: this.value(node.elementType) };
    if (ts.isTypeLiteralNode(node)) {
      const [member] = node.members;
      if (member && ts.isIndexSignatureDeclaration(member)) {
        return { type: 'object', additionalProperties: this.value(member.type) };
      }
    }
    const text = node.getText();
    if (text === 'string' || text === 'number' || text === 'boolean') return { type: text };
    const symbol = ts.isTypeReferenceNode(node) ? this.resolved(node.typeName) : undefined;
    const [declaration] = symbol?.declarations ?? [];
    if (symbol === undefined || declaration === undefined)
      throw new Error(`'${text}' cannot be expressed in a data file`);
    if (ts.isEnumDeclaration(declaration)) {
      return { enum: declaration.members.map((member) => this.checker.getConstantValue(member)) };
    }
    return this.reference(symbol, declaration);
  }

  private reference(symbol: ts.Symbol, declaration: ts.Declaration): Schema {
    if (!this.definitions.has(symbol.name)) {
      // Before its properties, which may refer to it.
      this.definitions.set(symbol.name, {});
      const isClass = ts.isClassDeclaration(declaration);
      this.definitions.set(symbol.name, isClass ? this.factories(declaration) : this.struct(symbol));
    }
    return { $ref: `#/$defs/${symbol.name}` };
  }

  /** A class: exactly one of its static factories, with its arguments. */
  private factories(declaration: ts.ClassDeclaration): Schema {
    const methods = declaration.members
      .filter(ts.isMethodDeclaration)
      .filter((method) => ts.getCombinedModifierFlags(method) & ts.ModifierFlags.Static);
    const given = ({ parameters: [parameter] }: ts.MethodDeclaration): Schema =>
      parameter?.type === undefined ? { type: ['object', 'null'], maxProperties: 0 } : this.value(parameter.type);
    return {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      maxProperties: 1,
      properties: Object.fromEntries(
        methods.map((method) => {
          const name = method.name.getText();
          const symbol = this.checker.getSymbolAtLocation(method.name);
          return [name, { ...given(method), ...(symbol && this.description(symbol)) }];
        }),
      ),
    };
  }

  private description(symbol: ts.Symbol): Schema {
    const text = ts.displayPartsToString(symbol.getDocumentationComment(this.checker)).replaceAll(/\s*\n\s*/g, ' ');
    const tag = symbol.getJsDocTags(this.checker).find(({ name }) => name === 'default');
    const absent =
      tag &&
      ts
        .displayPartsToString(tag.text)
        .replace(/^- /, '')
        .replaceAll(/\s*\n\s*/g, ' ');
    return { description: absent === undefined ? text : `${text} Default: ${absent}` };
  }

  private resolved(name: ts.EntityName): ts.Symbol | undefined {
    const symbol = this.checker.getSymbolAtLocation(name);
    return symbol && symbol.flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(symbol) : symbol;
  }
}
