/** The `logtap` command: runs the subcommand, prints its error and sets the exit code. */
import { closest } from '../catalog/closest.js';
import { auditCommand } from './audit/audit.js';
import { upgradeCommand } from './cluster/upgrade.js';
import { doctor } from './doctor.js';
import { explainCommand } from './explain.js';
import { install } from './install.js';
import { checkCommand } from './manifests/check.js';
import { diffCommand } from './manifests/diff.js';
import { injectCommand } from './manifests/inject.js';
import { uninjectCommand } from './manifests/uninject.js';
import { shipperFile } from './package-files.js';
import { proveCommand } from './prove/prove.js';
import { run } from './run/run.js';
import { terminate } from './terminate.js';
import { tryCommand } from './try/try.js';
import { CommandError, EXIT, UsageError } from './usage.js';
import { version } from './version.js';

const USAGE = `Usage: logtap COMMAND

  run [--sink S] [--file PATH]... [--suppress] -- CMD ARGS   run a tapped program with its own shipper
  run --record TAPE [--file PATH]... -- CMD ARGS             run a program and record its writes for try
  try [--config logtap.yaml] FILE|TAPE|-                     show the records that the shipper makes of a log
  ship [--check]                                             run the sidecar, or test its settings; settings come from the environment
  replay FILE                                                resend dead letters; settings as for ship
  audit --opensearch URL|--cloudwatch GROUP --ledger PLACE   prove that the service has every record, or name what is missing
  install DIR                                                install the library for this architecture into DIR
  terminate                                                  notify the shipper of this container that the pod ends (preStop hook)
  inject FILE|DIR|- [options]                                add the tap and the sidecar to manifests
  uninject FILE|DIR|-                                        remove them from manifests
  check FILE|DIR|- [options]                                 report findings about a tap on manifests
  diff FILE|DIR|- [options]                                  show the changes that inject would make
  explain CODE                                               explain a finding such as LT016, with its remedy
  upgrade --image IMAGE [POD]... [options]                   replace the shipper in running pods without restarting the application
  prove --opensearch URL|--cloudwatch GROUP [options]        write known lines through faults and certify that none is missing
  doctor PROGRAM | --pid N                                   report whether a program can be tapped, with the remedy

  --version, --help
`;

type Command = (args: readonly string[]) => number | Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = {
  run,
  install,
  terminate,
  doctor,
  inject: (args) => injectCommand([...args], process),
  uninject: (args) => uninjectCommand(args, process),
  check: (args) => checkCommand(args, process),
  diff: (args) => diffCommand(args, process),
  audit: (args) => auditCommand(args, process),
  explain: (args) => explainCommand(args, process),
  try: (args) => tryCommand(args, process),
  prove: (args) => proveCommand(args, process),
  upgrade: (args) => upgradeCommand(args, process),
  ship: (args) => {
    if (args.length > 0 && args.join(' ') !== '--check') {
      throw new UsageError(
        `ship takes no arguments except --check, but got '${args.join(' ')}'. Its settings are LOGTAP_* variables.`,
      );
    }
    return runShipper(args);
  },
  replay: (args) => {
    if (args.length !== 1) {
      throw new UsageError(`replay takes one file of dead letters, but got '${args.join(' ')}'.`);
    }
    return runShipper(['replay', ...args]);
  },
};

/** Runs the shipper in this process, which the shipper itself ends. */
function runShipper(args: readonly string[]): number {
  process.argv.splice(2, Number.POSITIVE_INFINITY, ...args);
  require(shipperFile);
  return EXIT.OK;
}

function unknownCommand(name: string): string {
  const nearest = closest(name, Object.keys(COMMANDS));
  return `no command named '${name}'${nearest === undefined ? '.' : `. Did you mean '${nearest}'?`}`;
}

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === '--help' || name === 'help') {
    process.stdout.write(USAGE);
    return EXIT.OK;
  }
  if (name === '--version') {
    process.stdout.write(`${version()}\n`);
    return EXIT.OK;
  }
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    throw new UsageError(`${name === undefined ? 'no command given.' : unknownCommand(name)}\n\n${USAGE}`);
  }
  return command(args);
}

function report(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`logtap: ${error.message}\n`);
    return EXIT.USAGE;
  }
  if (error instanceof CommandError) {
    process.stderr.write(`logtap: ${error.message}\n`);
    return error.exitCode;
  }
  process.stderr.write(`logtap: internal error: ${(error as Error).stack ?? error}\n`);
  return EXIT.INTERNAL;
}

main(process.argv.slice(2))
  .catch(report)
  .then((code) => {
    process.exitCode = code;
  });
