/** The catalogue entry of one sink. */
import type { Rule } from '../rule.js';
import type { Setting } from '../setting.js';

export interface SinkEntry {
  /** Heading of the sink's settings in the documentation. */
  readonly title: string;
  /** The sink's own settings, by key in `Settings`. */
  readonly settings: Readonly<Record<string, Setting<unknown>>>;
  /** Settings that the sink requires, each with an example value. */
  readonly needed: readonly (readonly [setting: Setting<unknown>, example: string])[];
  readonly rules: readonly Rule[];
}
