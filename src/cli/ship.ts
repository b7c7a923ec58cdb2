/** `logtap ship` and `logtap replay`: run the shipper in this process. */
import { parseCommand } from './command-line/parse-command.js';
import { REPLAY, SHIP } from './commands/sidecar.js';
import { shipperFile } from './package-files.js';
import { EXIT } from './usage.js';

/** The shipper itself ends the process. */
function runShipper(args: readonly string[]): number {
  process.argv.splice(2, Number.POSITIVE_INFINITY, ...args);
  require(shipperFile);
  return EXIT.OK;
}

export function ship(args: readonly string[]): number {
  const { check, output, color } = parseCommand(SHIP, args).values;
  return runShipper(check ? ['--check', output, color] : []);
}

export function replay(args: readonly string[]): number {
  return runShipper(['replay', ...parseCommand(REPLAY, args).args]);
}
