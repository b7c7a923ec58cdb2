/** What injection renders for pods that differ, as one value with an expression in each place where the pod decides. */
import { isDeepStrictEqual } from 'node:util';
import { choice, Expression, literal } from './cel.js';

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Expression);

/** The common value of two renderings. `differing` gives what is in a place where they differ. */
function common(one: unknown, other: unknown, differing: (one: unknown, other: unknown) => Expression): unknown {
  if (isDeepStrictEqual(one, other)) return one;
  if (Array.isArray(one) && Array.isArray(other) && one.length === other.length) {
    return one.map((each, index) => common(each, other[index], differing));
  }
  if (isMap(one) && isMap(other) && isDeepStrictEqual(Object.keys(one), Object.keys(other))) {
    return Object.fromEntries(Object.entries(one).map(([key, each]) => [key, common(each, other[key], differing)]));
  }
  return differing(one, other);
}

/** The rendering of pods that meet the condition, and that of the others. */
export const either = (condition: string, yes: unknown, no: unknown): unknown =>
  common(yes, no, (one, other) => new Expression(choice(condition, literal(one), literal(other))));

/** A text that the pod decides: the texts of two pods, and the expression of it. */
interface Varying {
  readonly texts: readonly [string, string];
  readonly expression: string;
}

/**
 * The rendering of any pod, by those of two pods.
 *
 * @throws if they differ by another text
 */
export const general = (one: unknown, other: unknown, { texts, expression }: Varying): unknown =>
  common(one, other, (...found) => {
    if (isDeepStrictEqual(found, texts)) return new Expression(expression);
    throw new Error(`a policy cannot express that ${JSON.stringify(found)} depends on the pod`);
  });
