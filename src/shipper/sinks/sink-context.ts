/** What every sink is given besides its own settings. */
import type { Settings } from '../settings.js';

export interface SinkContext {
  readonly settings: Settings;
  /** Told of every request that ended: HTTP status or error code, and how long it took. */
  readonly onRequest: (code: string, seconds: number) => void;
}
