/** What the numbers mean for an operator: is it working, where is it stuck, and what is there to do. */
import type { SinkState, State } from '../shipper/console/wire.js';
import { age, lines, percent, sum } from './format.js';

export type Weight = 'lost' | 'stuck' | 'notice' | 'quiet' | 'good';

/** Where it is on the way of a line. */
export type Place = 'written' | 'held' | 'delivered' | 'lost';

export interface Finding {
  readonly weight: Weight;
  /** Changes only with the kind of finding, not with its numbers: screen readers announce it. */
  readonly title: string;
  readonly text: string;
  readonly remedy?: string;
  readonly place?: Place;
}

/** A record that waits longer is late: batches linger for half a second. */
const LATE_SECONDS = 10;
const NEARLY_FULL = 0.9;

/** The most severe one first; always one at least. */
export function findingsOf(state: State): readonly [Finding, ...Finding[]] {
  const found = [
    ...state.losses.map(lossFinding),
    ...(state.balanced ? [] : [UNBALANCED]),
    ...state.sinks.filter(({ failures }) => failures > 0).map((sink) => failureFinding(sink, state)),
    ...otherProblems(state),
    ...ringFinding(state),
    ...state.sinks.filter((sink) => sum(sink.deadLettered) > 0).map((sink) => letterFinding(sink, state)),
  ];
  const [first, ...others] = found;
  return first === undefined ? [calmFinding(state)] : [first, ...others];
}

const UNBALANCED: Finding = {
  weight: 'lost',
  title: 'The counts do not balance',
  text: 'Lines read are neither delivered, nor counted with a reason, nor held.',
  remedy: 'Keep the log of this shipper and the answer of /ledger: this is a fault of the shipper.',
  place: 'lost',
};

/** `opensearch: 3 dropped (too_old): the sink permanently refuses them; set ...`. */
function lossFinding(loss: string): Finding {
  const [, what = loss, remedy] = /^(.*?\)): (.*)$/s.exec(loss) ?? [];
  return {
    weight: 'lost',
    title: 'Lines are lost',
    text: what,
    place: 'lost',
    ...(remedy && { remedy: capital(remedy) }),
  };
}

function failureFinding({ name, failures, held, oldestHeldSeconds, lastError }: SinkState, state: State): Finding {
  const { cause, remedy } = causeAndRemedy(lastError?.detail ?? 'no answer');
  const times = `${failures} failure${failures === 1 ? '' : 's'} in a row`;
  const waits = `${lines(held.records)} wait${held.records === 1 ? 's' : ''}, the oldest for ${age(oldestHeldSeconds)}`;
  const room = `The buffer is ${percent(state.bufferFullRatio)} full; ${FULL[state.settings.onFull] ?? ''}`;
  return {
    weight: 'stuck',
    // The service was not asked.
    title: lastError?.code === 'missing_secret' ? `${name} waits for a Secret` : `${name} does not take lines`,
    text: `${capital(cause)}. ${times}; ${waits}. ${room}`,
    ...(remedy !== undefined && { remedy: capital(remedy) }),
    place: 'delivered',
  };
}

/** `POST /_bulk: connect ECONNREFUSED (is the service up?)`: the parentheses at the end have the hint. */
export function causeAndRemedy(detail: string): { readonly cause: string; readonly remedy?: string } {
  const [, cause, remedy] = /^(.*\S)\s*\(([^()]+)\)\.?$/s.exec(detail) ?? [];
  return cause === undefined || remedy === undefined ? { cause: detail.replace(/\.$/, '') } : { cause, remedy };
}

const FULL: Readonly<Record<string, string>> = {
  block: 'nothing is lost: when it is full, reading waits, and lines stay in the rings.',
  'drop-oldest': 'when it is full, the oldest lines are dropped (LOGTAP_ON_FULL).',
  'drop-newest': 'when it is full, new lines are dropped (LOGTAP_ON_FULL).',
};

/** Those of `/readyz` that are not the failures of a sink. */
function otherProblems({ problems, sinks }: State): Finding[] {
  const ofSinks = sinks.map(({ name }) => `${name}: `);
  return problems
    .filter((problem) => !(problem.includes('failures in a row') && ofSinks.some((name) => problem.startsWith(name))))
    .map((problem) => ({ weight: 'stuck', title: 'The shipper is not ready', text: capital(problem), place: 'held' }));
}

function ringFinding({ rings }: State): Finding[] {
  const full = rings.filter((fill) => fill >= NEARLY_FULL).length;
  if (full === 0) return [];
  return [
    {
      weight: 'stuck',
      title: 'A ring is full',
      text: `${full} of ${rings.length} rings ${full === 1 ? 'is' : 'are'} over 90 % full: the process waits, or counts lines as lost.`,
      remedy: 'If no sink fails, give the shipper more CPU, or larger rings with LOGTAP_RING_BYTES.',
      place: 'written',
    },
  ];
}

function letterFinding({ name, deadLettered }: SinkState, { settings }: State): Finding {
  const reasons = Object.entries(deadLettered).map(([reason, records]) => `${reason} (${records})`);
  return {
    weight: 'notice',
    title: `${name} refused lines`,
    text: `${lines(sum(deadLettered))} permanently refused: ${reasons.join(', ')}. They are kept in ${settings.deadLetterFile ?? 'the file of dead letters'}.`,
    remedy: 'Read the reasons in the file, fix the cause, then resend it with logtap replay.',
    place: 'lost',
  };
}

function calmFinding({ processesSeen, read, held, oldestHeldSeconds, sinks }: State): Finding {
  if (processesSeen === 0) {
    return {
      weight: 'quiet',
      title: 'No process has written yet',
      text: 'The shipper listens, and no tapped program has written a line since it started.',
      remedy: 'Expected lines? Run logtap doctor --pid N: a static or setuid program cannot be tapped.',
      place: 'written',
    };
  }
  const counted = `${lines(read.records)} read, ${lines(held)} on the way.`;
  if (held > 0 && oldestHeldSeconds > LATE_SECONDS) {
    const slow = sinks.reduce((one, other) => (other.oldestHeldSeconds > one.oldestHeldSeconds ? other : one));
    return {
      weight: 'notice',
      title: `${slow.name} is slow`,
      text: `${lines(slow.held.records)} on the way, the oldest for ${age(oldestHeldSeconds)}. No request has failed.`,
      remedy: 'The service answers, but late: look at its load and at the requests in /metrics.',
      place: 'held',
    };
  }
  return { weight: 'good', title: 'Working', text: `Every line is delivered, or a moment away from it. ${counted}` };
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
