/** The bundle behind `logtap try` and `logtap run --record`: the shipper's own code, fed from a file instead of a pod. */
import type { TryModule } from '../cli/try/try-module.js';
import { parseSettings } from '../shipper/settings.js';
import { Outcomes } from './outcome.js';
import { recordTape } from './record.js';
import { batchesOf } from './replay.js';
import { report } from './report.js';
import { readTape, tapeOf } from './tape.js';

const explain: TryModule['explain'] = async ({ settings, input, stream, container, format }) => {
  const parsed = parseSettings(settings, () => {});
  const outcomes = new Outcomes([]);
  for (const batch of batchesOf(readTape(input) ?? tapeOf(input, { stream, container }), parsed)) {
    await outcomes.add(batch);
  }
  return report(outcomes.all, format);
};

export { explain, recordTape };
