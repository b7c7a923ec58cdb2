/**
 * A known writer: writes numbered lines to stdout until its standard input ends, and then their number to descriptor 3. It
 * runs under the tap; what comes out of its stdout was not handed over.
 */
import { writeSync } from 'node:fs';
import { lineOf } from './lines.js';

const [, , proof = '', writer = '', batch = '5', pauseMs = '10'] = process.argv;

let written = 0;
let isEnding = false;

function write(): void {
  for (let i = 0; i < Number(batch); i++) {
    written += 1;
    writeLine(lineOf(proof, Number(writer), written));
  }
  if (isEnding) tellCount();
  else setTimeout(write, Number(pauseMs));
}

/** The pipe of a suppressed stdout gets only what was not handed over, and may be full. */
function writeLine(line: string): void {
  for (;;) {
    try {
      writeSync(1, line);
      return;
    } catch (error) {
      if (isWithoutReader(error)) process.exit();
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

/** The command was killed. */
const isWithoutReader = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EPIPE';

function tellCount(): void {
  try {
    writeSync(3, `${written}\n`);
  } catch (error) {
    if (!isWithoutReader(error)) throw error;
  }
}

process.stdin.on('end', () => {
  isEnding = true;
});
process.stdin.resume();
write();
