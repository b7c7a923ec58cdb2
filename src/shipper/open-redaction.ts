/** Settings to the stage that redacts, with the files that they name. */
import { readFileSync } from 'node:fs';
import { REDACTION_KINDS } from '../catalog/records/redaction.js';
import { ConfigError, messageOf } from './errors.js';
import type { Settings } from './settings.js';
import { patternsOf } from './stages/redaction/patterns.js';
import { Redaction } from './stages/redaction/redaction.js';
import { type Replace, withHash, withMark } from './stages/redaction/replacement.js';

/** A shorter key can be found by trying. */
const KEY_MIN_BYTES = 16;

/** `undefined` without settings for it. Throws a ConfigError when a file cannot work. */
export function openRedaction({
  redact: kinds = [],
  redactPatternsFile,
  redactWith,
  redactKeyFile,
  containerSettings,
}: Settings): Redaction | undefined {
  const byContainer = containerSettings?.redact;
  const isAdded = [...(byContainer?.values() ?? [])].some((added) => added.length > 0);
  if (kinds.length === 0 && !isAdded && redactPatternsFile === undefined) return undefined;
  const patterns =
    redactPatternsFile === undefined
      ? []
      : patternsOf(
          redactPatternsFile,
          read('LOGTAP_REDACT_PATTERNS_FILE', redactPatternsFile).toString(),
          REDACTION_KINDS,
        );
  const replace: Replace =
    redactWith === 'hash' && redactKeyFile !== undefined ? withHash(keyOf(redactKeyFile)) : withMark;
  return new Redaction({ kinds, byContainer: isAdded ? byContainer : undefined, patterns, replace });
}

function keyOf(path: string): Buffer {
  const key = read('LOGTAP_REDACT_KEY_FILE', path);
  if (key.length >= KEY_MIN_BYTES) return key;
  throw new ConfigError([
    `LOGTAP_REDACT_KEY_FILE='${path}': has ${key.length} bytes, but a key needs at least ${KEY_MIN_BYTES}. Write a longer one, for example with: head -c 32 /dev/urandom`,
  ]);
}

function read(setting: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ConfigError(
      [
        `${setting}='${path}': cannot be read: ${messageOf(error)}. Mount the file, or let user ${process.getuid?.()} read it.`,
      ],
      { cause: error },
    );
  }
}
