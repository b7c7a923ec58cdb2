/** The process: environment in, signals, exit code. Everything else is in shipper.ts. */
import { type ColorChoice, coloursFor, isColorChoice, wantsColour } from '../colours.js';
import { CHECK_FORMATS, type CheckFormat, checkSinks } from './check.js';
import { replay } from './dead-letters/replay.js';
import { ConfigError, messageOf } from './errors.js';
import { createLog } from './log.js';
import { openSinks } from './open-deliveries.js';
import { openLogOutput } from './process/log-output.js';
import { Secrets } from './secrets.js';
import { parseSettings } from './settings.js';
import { type Shipper, startShipper } from './shipper.js';

/** Of sysexits.h, where it has one. */
const EXIT = { DRAINED: 0, INTERNAL: 1, USAGE: 64, UNDELIVERED: 74, CONFIGURATION: 78 } as const;

const secrets = Secrets.of(process.env);
const output = openLogOutput();
const log = createLog({ write: (line) => output.write(line), now: Date.now, secrets });

/** Ends the process, once the last lines of its log are written. */
function leave(code: number): never {
  output.flush();
  process.exit(code);
}

function exit(shipper: Shipper): never {
  shipper.countUnread();
  const totals = shipper.totals();
  const { held, heldInMemory = 0, unread = 0, unreadRings = 0 } = totals;
  const isUnread = unread + unreadRings > 0;
  const undelivered = held > 0 || isUnread;
  const refused = heldInMemory > 0 ? `, ${heldInMemory} of which the disk has refused` : '';
  const unreadLines = isUnread ? `, ${unread}${unreadRings > 0 ? ' or more' : ''} lines are unread` : '';
  // Not through the log, which redacts: a sum of places may look like the number of a card.
  for (const line of shipper.endAudit()) output.write(`{"audit":${line}}\n`);
  const said = undelivered
    ? `stopped: ${held} records remain undelivered${refused}${unreadLines}`
    : 'stopped: nothing remains to be delivered';
  const losses = shipper.losses();
  if (!totals.balanced) log.problem('error', 'end', `${said}, and the counts do not balance`, { ...totals });
  else if (losses.length === 0) log.info(said, { ...totals });
  else log.problem('error', 'end', `${said}, but lines are lost: ${losses.join('; ')}`, { ...totals });
  shipper.reported();
  // For `logtap run`, which cannot tell from the rings alone: buffered records are in them, too.
  if (process.connected) process.send?.({ isUnread, account: shipper.account() });
  leave(undelivered || !totals.balanced ? EXIT.UNDELIVERED : EXIT.DRAINED);
}

/** Calls back on the first signal to end; the second ends at once. */
function onSignal(stop: () => void, end: () => void, names: readonly NodeJS.Signals[] = []): void {
  let isStopping = false;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT', ...names] as const) {
    process.on(signal, () => {
      if (isStopping) end();
      isStopping = true;
      stop();
    });
  }
}

/** Whether there is a flight recorder to send. */
let onRecall = () => false;

/** `logtap run` asks for the counts, and tells that no process is left that could write. */
function answer(shipper: Shipper): void {
  if (!process.connected) return;
  shipper.awaitWriters();
  process.on('disconnect', () => shipper.forgetWriters());
  process.on('message', (message) => {
    if (message === 'account') process.send?.({ account: shipper.account() });
    if (message === 'no writers') shipper.noWriters();
  });
}

async function ship(): Promise<never> {
  // Before a process can connect: a program may end, and with it the need for a shipper, as soon as the socket is there.
  let shipper: Shipper | undefined;
  let isStopping = false;
  let isTerminating = false;
  const stop = () => {
    isStopping = true;
    shipper?.stop();
  };
  onSignal(stop, () => shipper && exit(shipper));
  process.on('SIGUSR2', () => {
    isTerminating = true;
    shipper?.terminating();
  });
  onRecall = () => shipper?.recall() ?? false;
  process.on('SIGHUP', () => {
    log.info('SIGHUP: files are opened again');
    shipper?.reopen();
  });
  shipper = await startShipper(
    parseSettings(process.env, (message) => log.info(message)),
    log,
    secrets,
  );
  answer(shipper);
  if (isTerminating) shipper.terminating();
  if (isStopping) shipper.stop();
  await shipper.ended;
  exit(shipper);
}

/** The results on stdout, and a code that a pipeline understands. */
async function check(format: CheckFormat, color: ColorChoice): Promise<never> {
  const settings = parseSettings(process.env, (message) => log.info(message));
  const results = await checkSinks(await openSinks({ settings, log, secrets }));
  const colours = coloursFor(wantsColour(color, process.env, process.stdout.isTTY === true));
  process.stdout.write(secrets.redact(CHECK_FORMATS[format](results, colours)));
  leave(results.every(({ isRight }) => isRight) ? EXIT.DRAINED : EXIT.CONFIGURATION);
}

async function sendAgain(file: string): Promise<never> {
  const stop = new AbortController();
  onSignal(
    () => stop.abort(),
    () => leave(EXIT.UNDELIVERED),
    ['SIGHUP'],
  );
  const { totals, unreadable, hasChanged } = await replay(file, process.env, log, secrets, stop.signal);
  const all = Object.values(totals);
  const left = all.some(({ read, delivered }) => read !== Object.values(delivered)[0]) || unreadable > 0 || hasChanged;
  const counts = { sinks: totals, unreadable };
  if (left) log.problem('error', 'end', 'replayed: not every letter was delivered', counts);
  else log.info('replayed: every letter is delivered', counts);
  leave(left || stop.signal.aborted ? EXIT.UNDELIVERED : EXIT.DRAINED);
}

async function main([command, file, ...rest]: readonly string[]): Promise<never> {
  // Node would open a port for a debugger.
  process.on('SIGUSR1', () => {
    if (!onRecall()) log.problem('warn', 'SIGUSR1', 'SIGUSR1 does nothing without LOGTAP_RECORDER_MINUTES');
  });
  // The AWS client prints a warning on Node 20 that no operator can do anything about.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  if (command === undefined) return ship();
  const [color = 'auto'] = rest;
  const isCheck = command === '--check' && rest.length < 2;
  if (isCheck && Object.hasOwn(CHECK_FORMATS, file ?? 'text') && isColorChoice(color))
    return check((file ?? 'text') as CheckFormat, color);
  if (command === 'replay' && file !== undefined && rest.length === 0) return sendAgain(file);
  const given = [command, file, ...rest].filter((each) => each !== undefined).join(' ');
  output.write(
    `Usage: main.js [--check | replay FILE]: without arguments the shipper, set by environment variables; but got '${given}'.\n`,
  );
  leave(EXIT.USAGE);
}

main(process.argv.slice(2)).catch((error) => {
  if (error instanceof ConfigError) {
    for (const problem of error.problems) log.problem('error', problem, problem);
    leave(EXIT.CONFIGURATION);
  }
  log.problem('error', 'internal', `internal error: ${messageOf(error)}`, { stack: (error as Error)?.stack });
  leave(EXIT.INTERNAL);
});
