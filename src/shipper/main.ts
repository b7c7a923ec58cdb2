/** The process: environment in, signals, exit code. Everything else is in shipper.ts. */
import { ConfigError, messageOf } from './errors.js';
import type { Totals } from './ledger.js';
import { createLog } from './log.js';
import { parseSettings } from './settings.js';
import { type Shipper, startShipper } from './shipper.js';

/** Of sysexits.h, where it has one. */
const EXIT = { DRAINED: 0, INTERNAL: 1, USAGE: 64, UNDELIVERED: 74, CONFIGURATION: 78 } as const;

const log = createLog({ write: (line) => process.stderr.write(line), now: Date.now });

function exit(totals: Totals): never {
  const undelivered = totals.held > 0;
  log.info(
    undelivered ? `stopped: ${totals.held} records remain undelivered` : 'stopped: nothing remains to be delivered',
    {
      ...totals,
    },
  );
  process.exit(undelivered ? EXIT.UNDELIVERED : EXIT.DRAINED);
}

async function main(): Promise<void> {
  const [unexpected] = process.argv.slice(2);
  if (unexpected !== undefined) {
    process.stderr.write(
      `The shipper takes no arguments, but got '${unexpected}'. It is set by environment variables.\n`,
    );
    process.exit(EXIT.USAGE);
  }
  // The AWS client prints a warning on Node 20 that no operator can do anything about.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  // Before anybody can connect: a program may end, and with it the need for a shipper, as soon as the socket is there.
  let shipper: Shipper | undefined;
  let isStopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (isStopping && shipper !== undefined) exit(shipper.totals());
      isStopping = true;
      shipper?.stop();
    });
  }
  shipper = await startShipper(
    parseSettings(process.env, (message) => log.info(message)),
    log,
  );
  if (isStopping) shipper.stop();
  exit(await shipper.ended);
}

main().catch((error) => {
  if (error instanceof ConfigError) {
    for (const problem of error.problems) log.problem('error', problem, problem);
    process.exit(EXIT.CONFIGURATION);
  }
  log.problem('error', 'internal', `internal error: ${messageOf(error)}`, { stack: (error as Error)?.stack });
  process.exit(EXIT.INTERNAL);
});
