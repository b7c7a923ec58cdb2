/** Tells which sinks an audit passes by. */
import { SINK_CHOICE } from '../../catalog/sinks/index.js';
import type { InjectionPlan } from '../injection/plan.js';
import type { Report } from './finding.js';

/** Services that `logtap audit` reads. */
const AUDITED = ['cloudwatch', 'opensearch'];
/** Services that it cannot read. A file, an output and a module are no services. */
const UNAUDITED = ['firehose', 'forward', 'otlp', 's3', 'tcp'];

/** Where all sinks are of one kind, a look at the guide says it; beside one with an audit it is easily overlooked. */
export function checkAudit({ props }: InjectionPlan, report: Report): void {
  const ofContainers = Object.values(props.containerSinks).map((settings) => settings[SINK_CHOICE.sinks.name] ?? '');
  const names = [props.sink.name, ...ofContainers].flatMap((list) => list.split(','));
  const among = (kinds: readonly string[]) => kinds.filter((kind) => names.includes(kind));
  const [audited, unaudited] = [among(AUDITED), among(UNAUDITED)];
  if (audited.length === 0 || unaudited.length === 0) return;
  report(
    'LT042',
    `\`logtap audit\` proves what is in ${audited.join(' and ')}, and cannot read ${unaudited.join(', ')}`,
    'trust the counts of the shipper for the others, compare the ids of lines yourself, or accept LT042',
  );
}
