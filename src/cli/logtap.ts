/** The `logtap` command. Pods wait for `logtap ship` to listen, so it loads the shipper, and none of the other commands. */
import { commandsFile, shipperFile } from './package-files.js';

if (process.argv.length === 3 && process.argv[2] === 'ship') {
  process.argv.pop();
  require(shipperFile);
} else {
  require(commandsFile);
}
