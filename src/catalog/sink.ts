/** What the catalogue has of one sink. */
import type { Rule } from './rule.js';
import type { Setting } from './setting.js';

export interface SinkEntry {
  /** Heading of its settings in the documentation. */
  readonly title: string;
  /** Its own settings, by their keys in `Settings`. */
  readonly settings: Readonly<Record<string, Setting<unknown>>>;
  /** Settings that it cannot do without, each with an example of its value. */
  readonly needed: readonly (readonly [setting: Setting<unknown>, example: string])[];
  readonly rules: readonly Rule[];
}
