// Turns the ES modules into which esbuild splits a program into CommonJS modules. What a chunk takes from another one it takes once, as a
// constant: V8 calls and inlines a constant as if both were one module, but calls a getter for each use of a live binding. A name that a
// function assigns after its module has run stays a live binding.
const ts = require('typescript');

/** @typedef {{ readonly path: string, readonly text: string }} Chunk */

/** Names that some function of the module assigns, in whatever scope. @param {import('typescript').SourceFile} module */
function assignedInFunctions(module) {
  /** @type {Set<string>} */
  const names = new Set();
  /** @param {import('typescript').Node} target */
  const add = (target) => {
    if (ts.isIdentifier(target)) names.add(target.text);
    else ts.forEachChild(target, add);
  };
  /** @param {import('typescript').Node} node @param {boolean} isInFunction */
  const look = (node, isInFunction) => {
    if (isInFunction) {
      if (ts.isBinaryExpression(node) && isAssignment(node.operatorToken.kind)) add(node.left);
      else if (ts.isPostfixUnaryExpression(node)) add(node.operand);
      else if (ts.isPrefixUnaryExpression(node) && UPDATES.has(node.operator)) add(node.operand);
      else if (ts.isForInStatement(node) || ts.isForOfStatement(node)) add(node.initializer);
    }
    const isInside = isInFunction || ts.isFunctionLike(node);
    ts.forEachChild(node, (child) => look(child, isInside));
  };
  look(module, false);
  return names;
}

/** @param {import('typescript').SyntaxKind} kind */
const isAssignment = (kind) => kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;

/** @type {ReadonlySet<import('typescript').SyntaxKind>} */
const UPDATES = new Set([ts.SyntaxKind.PlusPlusToken, ts.SyntaxKind.MinusMinusToken]);

/** @param {Chunk} chunk */
function read({ path, text }) {
  const module = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, false, ts.ScriptKind.JS);
  /** @type {Map<string, string>} Names of the exports, and those that they have in the module. */
  const exported = new Map();
  /** @type {{ from: string, names: [string, string][], start: number, end: number }[]} */
  const imports = [];
  for (const statement of module.statements) {
    if (ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)) {
      for (const { name, propertyName } of statement.exportClause.elements)
        exported.set(name.text, (propertyName ?? name).text);
    }
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const from = statement.moduleSpecifier.text;
    const bindings = statement.importClause?.namedBindings;
    if (!from.startsWith('./') || (bindings !== undefined && !ts.isNamedImports(bindings))) continue;
    const names = (bindings?.elements ?? []).map(
      ({ name, propertyName }) => /** @type {[string, string]} */ ([(propertyName ?? name).text, name.text]),
    );
    imports.push({ from, names, start: statement.getStart(module), end: statement.end });
  }
  const assigned = exported.size === 0 ? new Set() : assignedInFunctions(module);
  const live = new Set([...exported].filter(([, local]) => assigned.has(local)).map(([name]) => name));
  return { path, text, imports, live };
}

/** Throws where chunks import each other: a constant of one would be read before it has a value. @param {Map<string, ReturnType<typeof read>>} chunks */
function refuseCycles(chunks) {
  /** @type {Set<string>} */
  const done = new Set();
  /** @param {string} name @param {readonly string[]} way */
  const visit = (name, way) => {
    if (way.includes(name)) throw new Error(`chunks import each other: ${[...way, name].join(' -> ')}`);
    if (done.has(name)) return;
    for (const { from } of chunks.get(name)?.imports ?? []) visit(from, [...way, name]);
    done.add(name);
  };
  for (const name of chunks.keys()) visit(name, []);
}

/** @param {string} keyword @param {string} separator @param {readonly [string, string][]} names */
const listOf = (keyword, separator, names) =>
  `${keyword}{${names.map(([name, local]) => `${name}${separator}${local}`).join()}}`;

/**
 * The chunks, all in one directory, with constants in place of imports; `import` is left of live bindings, and for the order in which modules
 * run.
 * @param {readonly Chunk[]} outputs
 * @returns {readonly Chunk[]}
 */
function withConstants(outputs) {
  const chunks = new Map(outputs.map((each) => [`./${each.path.split('/').at(-1)}`, read(each)]));
  refuseCycles(chunks);
  return [...chunks.values()].map(({ path, text, imports }) => {
    let [rest, result] = [0, ''];
    for (const { from, names, start, end } of imports) {
      const isLive = (/** @type {readonly [string, string]} */ [name]) => chunks.get(from)?.live.has(name) !== false;
      const live = names.filter(isLive);
      const constant = names.filter((each) => !isLive(each));
      const place = JSON.stringify(from);
      result += text.slice(rest, start);
      result += live.length === 0 ? `import${place};` : `${listOf('import', ' as ', live)}from${place};`;
      if (constant.length > 0) result += `${listOf('const', ':', constant)}=require(${place});`;
      rest = end;
    }
    // Those of a chunk alone: a module of the user may be an ES module.
    const code = (result + text.slice(rest)).replaceAll(
      /import\(("\.\/[^"]+")\)/g,
      'Promise.resolve().then(()=>require($1))',
    );
    return { path, text: code };
  });
}

module.exports = { withConstants };
