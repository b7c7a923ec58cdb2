/** What the package exports, by the TypeScript compiler: so that no test repeats the list of src/constructs/index.ts. */
import { constructsProgram, exportedSymbols } from '../../scripts/api-reference.js';
import { root } from './run.js';

/** The names that src/constructs/index.ts exports, in alphabetical order. */
export function publicNames(): string[] {
  const { program, index } = constructsProgram(root);
  return exportedSymbols(program, index).map(({ name }) => name);
}
