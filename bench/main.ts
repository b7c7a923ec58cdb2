/**
 * `npm run bench [-- PART...]`: ratios measured side by side in one run. Absolute times say something about the machine
 * only.
 */
import { audit } from './audit.js';
import { hookCost } from './hook-cost.js';
import { lowRates } from './low-rates.js';
import { manyRings } from './many-rings.js';
import { requestLatency } from './request-latency.js';
import { shipperThroughput } from './shipper-throughput.js';
import { sinks } from './sinks.js';
import { stages } from './stages.js';
import { synth } from './synth.js';

const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  hook: hookCost,
  shipper: shipperThroughput,
  rings: manyRings,
  low: lowRates,
  stages,
  sinks,
  synth,
  latency: requestLatency,
  audit,
};

async function main(names: readonly string[]): Promise<void> {
  for (const name of names) {
    const part = PARTS[name];
    if (part === undefined) throw new Error(`there is no part '${name}': use some of ${Object.keys(PARTS).join(', ')}`);
    await part();
  }
}

const given = process.argv.slice(2);
main(given.length > 0 ? given : Object.keys(PARTS)).catch((error) => {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
