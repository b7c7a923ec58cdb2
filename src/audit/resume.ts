/**
 * The file that keeps how far an audit has come: one JSON object, replaced as a whole. It has the ledgers as they were read before the
 * service: a later part reads them again, and a claim that has changed since is not judged.
 */
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { ConfigError, messageOf } from '../shipper/errors.js';
import type { ExactState } from './exact.js';
import type { LedgerTexts } from './ledgers.js';
import type { Window } from './service/stored.js';

export interface Progress {
  /** The service that is read, and which part of it. */
  readonly of: string;
  readonly window: Window;
  /** Before the service was read. */
  readonly ledgers: LedgerTexts;
  /** OpenSearch: all documents before this minute are compared. */
  readonly minute?: number;
  readonly exact?: ExactState;
  /** CloudWatch: streams that are read, and the present one with its next page. */
  readonly streams?: readonly string[];
  readonly stream?: string;
  readonly token?: string;
  /** The sums of their events. */
  readonly found?: readonly unknown[];
}

/** `undefined` where there is no such file. */
export function readProgress(path: string, of: string): Progress | undefined {
  let text: string;
  try {
    // It is replaced, and removed at the end: neither may happen to a device.
    if (!statSync(path).isFile()) throw new Error('it is no regular file');
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ConfigError([
      `--resume ${path} cannot be read: ${messageOf(error)}. Name a file that this user can write.`,
    ]);
  }
  try {
    const progress = JSON.parse(text) as Progress | null;
    if (progress?.of !== of) throw new Error('it belongs to one of another service, window or ledger');
    if (progress.window?.from === undefined || progress.ledgers?.texts === undefined)
      throw new Error('a part is missing');
    return progress;
  } catch (error) {
    throw new ConfigError([
      `--resume ${path} is not the progress of this audit: ${messageOf(error)}. Name another file.`,
    ]);
  }
}

export function writeProgress(path: string, progress: Progress): void {
  try {
    writeFileSync(`${path}.new`, JSON.stringify(progress), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw new ConfigError([
      `--resume ${path} cannot be written: ${messageOf(error)}. Name a file that this user can write.`,
    ]);
  }
}

export const removeProgress = (path: string): void => rmSync(path, { force: true });
