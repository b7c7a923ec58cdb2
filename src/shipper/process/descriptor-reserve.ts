/**
 * Descriptors that are kept back for files: when connections have taken all others (EMFILE, ENFILE), buffered records must
 * still be read and written. One is given up for the time of one call, which runs to its end before a process can connect.
 */
import { closeSync, openSync } from 'node:fs';
import { codeOf } from '../errors.js';

/** One is lent at a time; the others make up for those that calls keep open. */
const RESERVED = 4;
const EXHAUSTED: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE']);

const reserved: number[] = [];

/** Runs a call that opens files. */
export function withDescriptor<T>(call: () => T): T {
  fill();
  try {
    return call();
  } catch (error) {
    const spare = EXHAUSTED.has(codeOf(error)) ? reserved.pop() : undefined;
    if (spare === undefined) throw error;
    closeSync(spare);
  }
  try {
    return call();
  } finally {
    fill();
  }
}

function fill(): void {
  try {
    while (reserved.length < RESERVED) reserved.push(openSync('/dev/null', 'r'));
  } catch {
    // Fewer, until some are free again.
  }
}
