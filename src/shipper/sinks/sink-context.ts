/** What every sink is given besides its own settings. */
import type { Secrets } from '../secrets.js';
import type { Settings } from '../settings.js';

export interface SinkContext {
  readonly settings: Settings;
  /** Told of what a sink reads from files and must never be printed. */
  readonly secrets: Secrets;
  /** Told of every request that ended: HTTP status or error code, and how long it took. */
  readonly onRequest: (code: string, seconds: number) => void;
  /** Told of what an operator should know though nothing fails: a feature that the service lacks. */
  readonly onNotice: (message: string) => void;
}
