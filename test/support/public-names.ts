/** What the package exports, by the TypeScript compiler: so that no test repeats the list of src/constructs/index.ts. */
import { join } from 'node:path';
import { constructsProgram, exportedSymbols } from '../../scripts/api-reference.js';
import { root } from './run.js';

/** The names that src/constructs/index.ts exports, in alphabetical order. */
export function publicNames(): string[] {
  const { program, index } = constructsProgram(root);
  return exportedSymbols(program, index).map(({ name }) => name);
}

/** The files of this repository that the constructs are made of, in the order of their names. */
export function constructsFiles(): string[] {
  return constructsProgram(root)
    .program.getSourceFiles()
    .map(({ fileName }) => fileName)
    .filter((file) => ['src/', 'imports/'].some((directory) => file.startsWith(join(root, directory))))
    .sort();
}
