/** The bundle behind `logtap try` and `logtap run --record`: the shipper's own code, fed from a file instead of a pod. */
import { join } from 'node:path';
import { readingOf } from '../catalog/records/container-settings.js';
import { ruleTexts } from '../catalog/values/record-rules.js';
import type { TryModule } from '../cli/try/try-module.js';
import { createLog } from '../shipper/log.js';
import { openStages } from '../shipper/open-stages.js';
import type { Origin } from '../shipper/parts.js';
import { defaultMemoryMaxBytes } from '../shipper/process/memory-limit.js';
import { Secrets } from '../shipper/secrets.js';
import { parseSettings, type Settings } from '../shipper/settings.js';
import { Outcomes } from './outcome.js';
import { recordTape } from './record.js';
import { batchesOf } from './replay.js';
import { report } from './report.js';
import { readTape, tapeOf } from './tape.js';

const explain: TryModule['explain'] = async ({ settings: environment, input, stream, container, format }) => {
  const settings = parseSettings(environment, () => {});
  const tape = readTape(input) ?? tapeOf(input, { stream, container });
  const { stages } = await openStages(settings, {
    log: createLog({ write: (line) => process.stderr.write(line), now: Date.now, secrets: Secrets.of(environment) }),
    now: () => performance.now(),
    memoryMaxBytes: settings.memoryMaxBytes ?? defaultMemoryMaxBytes(undefined, 0),
    threadFile: join(__dirname, '..', 'shipper', 'stage.js'),
  });
  const outcomes = new Outcomes(stages);
  for (const batch of batchesOf(tape, settings)) await outcomes.add(batch);
  await outcomes.end();
  return report(outcomes.all, {
    format,
    rules: ruleTexts(environment.LOGTAP_RULES ?? ''),
    hasFields: fieldsOfContainers(settings),
  });
};

/** Whether sinks read fields from the messages of an origin. */
function fieldsOfContainers(settings: Settings): (origin: Origin) => boolean {
  const { containerSettings, fields } = settings;
  if (containerSettings === undefined) return () => fields === 'auto';
  return ({ container, process }) => readingOf(settings, containerSettings, container, process).fields === 'auto';
}

export { explain, recordTape };
