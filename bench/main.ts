/**
 * `npm run bench [-- PART...]`: ratios measured side by side in one run. Absolute times say something about the machine
 * only. A part takes the options that follow it: `npm run bench -- peers --rounds 3`.
 */
import { audit } from './audit.js';
import { hookCost } from './hook-cost.js';
import { lowRates } from './low-rates.js';
import { manyRings } from './many-rings.js';
import { memory } from './memory.js';
import { peers } from './peers/main.js';
import { podStart } from './pod-start.js';
import { requestLatency } from './request-latency.js';
import { shipperThroughput } from './shipper-throughput.js';
import { sinks } from './sinks.js';
import { stages } from './stages.js';
import { synth } from './synth.js';

const PARTS: Readonly<Record<string, (options: readonly string[]) => Promise<void>>> = {
  hook: hookCost,
  shipper: shipperThroughput,
  rings: manyRings,
  low: lowRates,
  stages,
  sinks,
  synth,
  latency: requestLatency,
  audit,
  memory,
  start: podStart,
  peers,
};

async function main(names: readonly string[], options: readonly string[]): Promise<void> {
  for (const name of names) {
    const part = PARTS[name];
    if (part === undefined) throw new Error(`there is no part '${name}': use some of ${Object.keys(PARTS).join(', ')}`);
    await part(options);
  }
}

const given = process.argv.slice(2);
const optionsAt = given.findIndex((argument) => argument.startsWith('--'));
const names = optionsAt < 0 ? given : given.slice(0, optionsAt);
main(names.length > 0 ? names : Object.keys(PARTS), given.slice(names.length)).catch((error) => {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
