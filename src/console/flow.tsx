/** The way of a line: written, held, delivered, or lost. The place that a finding names is marked. */
import type { ComponentChildren } from 'preact';
import type { State } from '../shipper/console/wire.js';
import { age, lines, percent, rate, sum, whole } from './format.js';
import type { Speeds } from './history.js';
import type { Finding, Place } from './verdict.js';

interface FlowProps {
  readonly state: State;
  readonly speeds: Speeds;
  readonly findings: readonly Finding[];
}

export function Flow({ state, speeds, findings }: FlowProps) {
  const { read, held, oldestHeldSeconds, bufferFullRatio, sinks, ledger } = state;
  const weightOf = (place: Place) => findings.find((finding) => finding.place === place)?.weight ?? '';
  const letters = sinks.reduce((total, { deadLettered }) => total + sum(deadLettered), 0);
  const withheld = Object.values(ledger.withheld ?? {}).reduce((total, { records }) => total + records, 0);
  const lost = lostLines(state);
  // What every sink has taken.
  const delivered = Math.min(...sinks.map((sink) => sink.delivered.records));
  const out = Math.min(...Object.values(speeds.delivered));
  return (
    <section aria-label="The way of a line">
      <ol class="flow">
        <Step title="Read" weight={weightOf('written')} number={rate(speeds.read)} unit="lines/s" id="read">
          <Spark values={speeds.readHistory} />
          <p>{lines(read.records)} in all</p>
          <p>{state.processesSeen === 1 ? '1 process' : `${whole(state.processesSeen)} processes`} seen</p>
        </Step>
        <Step title="Held" weight={weightOf('held')} number={whole(held)} unit="lines" id="held">
          <Spark values={speeds.heldHistory} />
          <p>oldest {age(oldestHeldSeconds)}</p>
          <p class="bar">
            <span class="track" aria-hidden="true">
              <span style={{ width: `${Math.min(bufferFullRatio, 1) * 100}%` }} />
            </span>
            buffer {percent(bufferFullRatio)}
          </p>
        </Step>
        <Step title="Delivered" weight={weightOf('delivered')} number={rate(out)} unit="lines/s" id="delivered">
          <Spark values={speeds.deliveredHistory} />
          <p>{lines(delivered)} in all</p>
          <p>{sinks.length === 1 ? `to ${sinks[0]!.name}` : `to each of ${sinks.length} sinks`}</p>
        </Step>
        <Step
          title="Lost"
          weight={weightOf('lost')}
          number={whole(lost)}
          unit={lost === 1 ? 'line' : 'lines'}
          id="lost"
        >
          <p>{whole(letters)} dead letters</p>
          <p>{whole(withheld)} withheld on purpose</p>
        </Step>
      </ol>
    </section>
  );
}

/** Of all places, each sink counted by itself: as the losses are. */
const lostLines = ({ losses }: State) =>
  losses.reduce((total, loss) => total + Number(/: (\d+) dropped/.exec(loss)?.[1] ?? 0), 0);

interface StepProps {
  readonly id: string;
  readonly title: string;
  readonly weight: string;
  readonly number: string;
  readonly unit: string;
  readonly children: ComponentChildren;
}

const Step = ({ id, title, weight, number, unit, children }: StepProps) => (
  <li class={`step ${weight}`} data-step={id}>
    <h2>{title}</h2>
    <p class="number">
      {number} <small>{unit}</small>
    </p>
    {children}
  </li>
);

const [WIDTH, HEIGHT] = [120, 28];
/** A few samples do not look like many. */
const LEAST_SAMPLES = 20;

/** The last two minutes. Its last value is in words beside it. */
function Spark({ values }: { readonly values: readonly number[] }) {
  const most = Math.max(1, ...values);
  const step = WIDTH / (Math.max(values.length, LEAST_SAMPLES) - 1);
  const x = (i: number) => Number((WIDTH - (values.length - 1 - i) * step).toFixed(1));
  const points = values.map((value, i) => `${x(i)},${(HEIGHT - 2 - (value / most) * (HEIGHT - 4)).toFixed(1)}`);
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path class="area" d={`M${x(0)},${HEIGHT} L${points.join(' ')} L${WIDTH},${HEIGHT} Z`} />
      <path class="line" d={`M${points.join(' ')}`} />
    </svg>
  );
}
