/** Runs the program beside a shipper, and says what became of its lines. */
import { join } from 'node:path';
import { RING_DIR } from '../../contract.js';
import { EXIT } from '../usage.js';
import { consoleSettings, consoleUrl } from './console-port.js';
import { type Account, countsText, isLost, shownOf } from './counts.js';
import { LivingWriters } from './living-writers.js';
import type { RunOptions } from './options.js';
import { type Program, startProgram } from './program.js';
import { plainReport } from './report.js';
import { type Drained, RunShipper } from './run-shipper.js';
import type { Screen } from './screen/screen.js';
import { Wait } from './wait.js';

const LOOK_MS = 500;
/** As the shipper counts lines for a pipe whose reader has gone. */
const READER_GONE = 'reader_gone';

export interface RunEnd {
  readonly code: number;
  /** False if unread bytes remain in the directory. */
  readonly isDrained: boolean;
}

/** @throws CommandError if the shipper or the program does not start */
export async function runShipped(options: RunOptions, directory: string, screen: Screen | undefined): Promise<RunEnd> {
  const report = screen ?? plainReport;
  const writers = new LivingWriters(directory);
  const wait = new Wait(writers, report, options.hasStatusLine);
  const settings = options.console ? await consoleSettings(process.env) : {};
  const shipper = new RunShipper({ directory, sink: options.sink, settings, screen }, report, wait);
  await shipper.start();
  if (options.console) report.say(`console at ${consoleUrl(settings)}`);
  let code: number | undefined;
  let drained: Drained | undefined;
  try {
    const program = startProgram(options, `ring:${join(directory, RING_DIR)}`);
    const watch = setInterval(() => void look(program, shipper, options, screen), LOOK_MS);
    try {
      ({ code } = await program.exit);
    } finally {
      clearInterval(watch);
      screen?.status('');
    }
  } finally {
    drained = await shipper.stop();
  }
  const account = shownAccount(drained, screen, options);
  screen?.end();
  if (screen !== undefined) sayCounts(screen, account, drained, options.isStdoutOnly);
  else if (shipper.restarts > 0) {
    report.say(
      `the counts in the last line of the shipper begin at its last start: it was restarted ${shipper.restarts} times`,
    );
  }
  const isStrictlyLost = options.isStrict && (!drained.isDrained || account === undefined || isLost(account));
  return { code: isStrictlyLost && code === 0 ? EXIT.UNDELIVERED : code, isDrained: drained.isDrained };
}

/** Shows the counts, and ends a program whose only reader has gone, as the system would if it wrote to the pipe itself. */
async function look(
  program: Program,
  shipper: RunShipper,
  options: RunOptions,
  screen: Screen | undefined,
): Promise<void> {
  const { hasStatusLine, isStdoutOnly, suppressStreams } = options;
  if (!hasStatusLine && !(isStdoutOnly && suppressStreams)) return;
  const account = await shipper.ask();
  if (account === undefined) return;
  if (isStdoutOnly && suppressStreams && (account.totals.dropped.stdout?.[READER_GONE] ?? 0) > 0)
    program.kill('SIGPIPE');
  screen?.status(`logtap: ${countsText(account)}`);
}

/** The number of shown lines is exact, also where a shipper was killed before it could tell what it had delivered. */
function shownAccount(
  { account, wasKilled }: Drained,
  screen: Screen | undefined,
  options: RunOptions,
): Account | undefined {
  const isExact = screen === undefined || !options.isStdoutOnly || !wasKilled || account === undefined;
  return isExact ? account : shownOf(account, screen.shown);
}

function sayCounts(
  screen: Screen,
  account: Account | undefined,
  { wasKilled, isDrained }: Drained,
  isExact: boolean,
): void {
  if (account === undefined) {
    screen.say('no shipper could tell what became of the lines', 'error');
    return;
  }
  const isLosing = !isDrained || isLost(account);
  screen.say(countsText(account), isLosing ? 'error' : 'note');
  for (const loss of account.losses) screen.say(loss, 'error');
  if (wasKilled && !isExact)
    screen.say('a shipper was killed and restarted: what it had delivered last may be missing in these counts');
}
