/** What the package exports, by the TypeScript compiler: so that no test repeats the list of src/constructs/index.ts. */
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './run.js';

/** The program of src/constructs/index.ts and everything that it imports. */
export function constructsProgram(): ts.Program {
  const path = join(root, 'tsconfig.build.json');
  const { config } = ts.readConfigFile(path, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  return ts.createProgram([join(root, 'src', 'constructs', 'index.ts')], options);
}

/** The names that src/constructs/index.ts exports, in alphabetical order. */
export function publicNames(program: ts.Program): string[] {
  const checker = program.getTypeChecker();
  const index = program.getSourceFile(join(root, 'src', 'constructs', 'index.ts'));
  const symbol = index && checker.getSymbolAtLocation(index);
  if (symbol === undefined) throw new Error('src/constructs/index.ts exports nothing');
  return checker
    .getExportsOfModule(symbol)
    .map(({ name }) => name)
    .sort();
}

/** The files of this repository in a program, in the order of their names. */
export function ownFiles(program: ts.Program): string[] {
  return program
    .getSourceFiles()
    .map(({ fileName }) => fileName)
    .filter((file) => file.startsWith(join(root, 'src/')))
    .sort();
}
