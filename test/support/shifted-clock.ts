/** A wall clock of one program of Node that steps when a test says so. Durations are not touched. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Loaded before the program: its wall clock is off by the number of milliseconds in the file. */
const SHIFT = `
import { readFileSync } from 'node:fs';
const now = Date.now;
const off = () => { try { return Number(readFileSync(process.env.STEP_FILE, 'utf8')); } catch { return 0; } };
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...args) { super(...(args.length === 0 ? [now() + off()] : args)); }
  static now() { return now() + off(); }
};
`;

/** Environment of the program, with its files in the directory. */
export function shiftedClock(directory: string): Record<string, string> {
  const preload = join(directory, 'shift.mjs');
  writeFileSync(preload, SHIFT);
  stepClock(directory, 0);
  return { NODE_OPTIONS: `--import ${preload}`, STEP_FILE: fileOf(directory) };
}

/** From now on it is off by so many milliseconds. */
export function stepClock(directory: string, ms: number): void {
  writeFileSync(fileOf(directory), String(ms));
}

const fileOf = (directory: string) => join(directory, 'step');
