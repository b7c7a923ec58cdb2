/** Programs in Go that tests call by their names. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ensureGoProgram } from '../../scripts/go-program.js';
import { temporaryDirectory } from './run.js';

/** A directory for PATH, with the programs of that name. */
export function directoryOfGoPrograms(...names: string[]): string {
  const directory = join(temporaryDirectory(), 'go');
  mkdirSync(directory);
  for (const name of names) symlinkSync(ensureGoProgram(name), join(directory, name));
  return directory;
}
