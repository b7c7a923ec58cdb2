/** Asks every service whether it would accept records. `ship --check` prints the answers, and a sidecar logs them at start. */
import { RUNBOOK } from '../catalog/runbook.js';
import { checklistLine } from '../checklist.js';
import type { Colours } from '../colours.js';
import { failureOf, NoAnswerError } from './errors.js';
import type { CheckResult, Sink } from './parts.js';
import { hintText, networkHint } from './sinks/hints.js';

/** A service that does not answer by then is not there. */
const CHECK_MS = 10_000;

const NO_ANSWER = hintText(networkHint('timeout')!);

export interface SinkCheckResult extends CheckResult {
  readonly sink: string;
}

/** One result per sink. Never throws. */
export function checkSinks(sinks: readonly Sink[]): Promise<readonly SinkCheckResult[]> {
  return Promise.all(sinks.map(async (sink) => ({ sink: sink.name, ...(await check(sink)) })));
}

async function check(sink: Sink): Promise<CheckResult> {
  if (sink.check === undefined) return { isRight: true, text: 'there is no service to ask' };
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new NoAnswerError({ code: 'timeout', detail: `no answer within ${CHECK_MS / 1000} s` }));
  }, CHECK_MS);
  try {
    return await sink.check(controller.signal);
  } catch (error) {
    const { code, detail } = failureOf(error);
    const isBare = code === 'timeout' && !detail.endsWith(NO_ANSWER);
    return { isRight: false, text: isBare ? `${detail}${NO_ANSWER}` : detail };
  } finally {
    clearTimeout(timer);
  }
}

/** A module of a user may know no section of the runbook: the page begins with the symptoms. */
const anchored = (text: string) => (text.includes(RUNBOOK) ? text : `${text} (see ${RUNBOOK})`);

type Results = readonly SinkCheckResult[];

/** A scalar in JSON is one in YAML, too. */
const yamlItem = (result: SinkCheckResult) =>
  Object.entries(result)
    .map(([name, value], index) => `${index === 0 ? '- ' : '  '}${name}: ${JSON.stringify(value)}\n`)
    .join('');

/** The results as text for people, one line each, and for programs. */
export const CHECK_FORMATS = {
  text: (results: Results, colours: Colours) =>
    results
      .map(({ sink, isRight, text }) =>
        checklistLine(isRight ? 'pass' : 'failure', `${sink}: ${isRight ? text : anchored(text)}`, colours),
      )
      .join(''),
  json: (results: Results) => `${JSON.stringify(results, undefined, 2)}\n`,
  yaml: (results: Results) => results.map(yamlItem).join(''),
} as const;

export type CheckFormat = keyof typeof CHECK_FORMATS;
