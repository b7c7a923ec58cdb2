/**
 * The file that keeps how far an audit has come: one JSON object, replaced as a whole. It has the ledgers as they were read, so that
 * the part that follows compares with the same claims.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { claimOf, lineOf } from '../shipper/audit/claim.js';
import { ConfigError, messageOf } from '../shipper/errors.js';
import type { Claim } from '../shipper/parts.js';
import type { Finding } from './findings.js';
import type { Window } from './stored.js';

export interface Progress {
  /** The service that is read. */
  readonly service: string;
  readonly window: Window;
  /** Before the service was read, and after its view was taken. */
  readonly ledgers: readonly [before: readonly string[], after: readonly string[]];
  /** OpenSearch: all documents before this minute are compared. */
  readonly minute?: number;
  /** CloudWatch: streams that are read, and the present one with its next page. */
  readonly streams?: readonly string[];
  readonly stream?: string;
  readonly token?: string;
  readonly others: number;
  /** Duplicates so far. */
  readonly unexplained: readonly Finding[];
  readonly found: readonly (Claim | undefined)[];
}

/** `undefined` where there is no such file. */
export function readProgress(path: string, service: string): Progress | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ConfigError([
      `--resume ${path} cannot be read: ${messageOf(error)}. Name a file that this user can write.`,
    ]);
  }
  try {
    const progress = JSON.parse(text);
    if (progress.service !== service) throw new Error(`it belongs to an audit of ${progress.service}`);
    return { ...progress, found: progress.found.map((line: unknown) => claimOf(line)) };
  } catch (error) {
    throw new ConfigError([
      `--resume ${path} is not the progress of this audit: ${messageOf(error)}. Name another file.`,
    ]);
  }
}

export function writeProgress(path: string, { found, ...progress }: Progress): void {
  const lines = found.map((claim) => claim && lineOf(claim));
  try {
    writeFileSync(`${path}.new`, JSON.stringify({ ...progress, found: lines }), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw new ConfigError([
      `--resume ${path} cannot be written: ${messageOf(error)}. Name a file that this user can write.`,
    ]);
  }
}

export const removeProgress = (path: string): void => rmSync(path, { force: true });
