/** `logtap tail`: follows the live records of pods. */
import { printable } from '../../printable.js';
import { parseCommand } from '../command-line/parse-command.js';
import { TAIL } from '../commands/cluster.js';
import { type CommandStreams, write } from '../streams.js';
import { structured } from '../structured.js';
import { EXIT, UsageError } from '../usage.js';
import type { PodName, TailRecord } from './cluster-module.js';
import { untilInterrupted } from './ended.js';
import { inCluster } from './load.js';
import { noTappedPod, selectionOf } from './selection.js';

const MATCH_MAX = 200;

/**
 * Runs the command until it is interrupted, and resolves to its exit code.
 *
 * @throws UsageError, or CommandError when the cluster does not answer or no pod is tapped
 */
export async function tailCommand(args: readonly string[], io: CommandStreams): Promise<number> {
  const { values, args: names } = parseCommand(TAIL, args);
  const pods = selectionOf(values, names);
  const { level, match } = values;
  if (match !== undefined && (match === '' || match.length > MATCH_MAX)) {
    throw new UsageError(`--match (${match}) must have 1 to ${MATCH_MAX} characters`);
  }
  const pattern = patternOf(values.grep);
  const format = FORMATS[values.output];
  const notice = (text: string) => io.stderr.write(`logtap: ${printable(text)}\n`);
  const { pods: followed } = await untilInterrupted((signal) =>
    inCluster((cluster) =>
      cluster.tail({
        ...{ pods, level, match, signal, max: maximum(values.max) },
        async onRecord(pod, record) {
          if (pattern === undefined || pattern.test(String(record.message ?? '')))
            await write(io.stdout, format(pod, record));
        },
        onNotShown: ({ namespace, pod }, records) =>
          notice(`${namespace}/${pod}: ${records} records are not shown. Raise --max, or narrow --level and --match`),
        onNotice: notice,
      }),
    ),
  );
  if (followed === 0) throw noTappedPod();
  return EXIT.OK;
}

function patternOf(text: string | undefined): RegExp | undefined {
  try {
    return text === undefined ? undefined : new RegExp(text, 'u');
  } catch (error) {
    throw new UsageError(`--grep (${text}) must be a regular expression of JavaScript: ${(error as Error).message}`);
  }
}

function maximum(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text) && Number(text) <= 1000) return Number(text);
  throw new UsageError(`--max (${text}) must be a whole number from 1 to 1000`);
}

const dataOf = ({ namespace, pod }: PodName, record: TailRecord) => ({ ...record, namespace, pod_name: pod });

const FORMATS: Readonly<Record<'text' | 'json' | 'yaml', (pod: PodName, record: TailRecord) => string>> = {
  text: textOf,
  json: (pod, record) => `${JSON.stringify(dataOf(pod, record))}\n`,
  yaml: (pod, record) => `---\n${structured('yaml', dataOf(pod, record))}`,
};

/** One line per line of the message, so that the text of an application cannot pass for another pod's. */
function textOf({ pod }: PodName, { timestamp, container_name, level, message, cutBytes }: TailRecord): string {
  const time = String(timestamp ?? '').slice(11, 23);
  const head = [time, pod, container_name, level].filter((part) => typeof part === 'string' && part !== '').join(' ');
  const cut = typeof cutBytes === 'number' ? ` ... ${cutBytes} more bytes` : '';
  return `${String(message ?? '')}${cut}`
    .split('\n')
    .map((line) => `${printable(head)} | ${printable(line)}\n`)
    .join('');
}
