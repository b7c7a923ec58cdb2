/** `npm run bench`: ratios measured side by side in one run. Absolute times say something about the machine only. */
import { hookCost } from './hook-cost.js';
import { shipperThroughput } from './shipper-throughput.js';

async function main(): Promise<void> {
  await hookCost();
  await shipperThroughput();
}

main().catch((error) => {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
