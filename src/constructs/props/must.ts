/** Rejects invalid input with one error that names the value, the rule and the remedy. */
import type { NameRule } from '../../catalog/values/service-names.js';
import { hasToken } from './token.js';

/** Throws unless `holds`. `rule` reads after "must" and ends with the remedy. */
export function must(holds: boolean, name: string, value: unknown, rule: string): asserts holds {
  if (holds) return;
  // JSON has no word for NaN and Infinity.
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  throw new Error(`'${name}' (${text}) must ${rule}`);
}

/** Throws unless `value` follows a service's rule for names. A token passes, because its value is not known yet. */
export function mustBeNamed(name: string, value: string, { holds, rule, remedy }: NameRule): void {
  must(hasToken(value) || holds(value), name, value, `${rule}: ${remedy}`);
}
