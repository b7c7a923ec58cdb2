/** A deliberate fault in the source, and the tests that have to find it. */

export interface Mutation {
  /** One line for the table: the fault, as a reviewer would describe it. */
  readonly fault: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly text: string;
  readonly by: string;
  /** Tried in this order until one fails: files of tests, or so many seeds of the simulation. */
  readonly foundBy: readonly (string | { readonly seeds: number })[];
}

const UNIT = 'test/unit/shipper';

/** Files of unit tests, by their names. */
export const unit = (...names: readonly string[]): readonly string[] => names.map((name) => `${UNIT}/${name}.test.ts`);
export const native = (...names: readonly string[]): readonly string[] =>
  names.map((name) => `test/native/${name}.test.ts`);
export const integration = (...names: readonly string[]): readonly string[] =>
  names.map((name) => `test/integration/${name}.test.ts`);
