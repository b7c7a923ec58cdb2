/** `logtap audit`: compares what OpenSearch or CloudWatch Logs has with the ledgers of shippers. */
import { existsSync } from 'node:fs';
import { type CommandStreams, write } from '../manifests/rewrite-manifests.js';
import { auditFile } from '../package-files.js';
import { parseFlags } from '../parse-flags.js';
import { CommandError, EXIT, UsageError } from '../usage.js';
import type { AuditModule, AuditRequest, AuditVerdict } from './audit-module.js';

const USAGE = `Usage: logtap audit --opensearch URL | --cloudwatch GROUP  --ledger FILE|URL|- [options]

Proves that the service has every record that shippers claim to have stored, once and with the same bytes, and prints each gap with
its counted reason. Credentials and TLS come from the environment, as for the shipper: LOGTAP_OPENSEARCH_*, AWS_*.

  --opensearch URL       a node of OpenSearch
  --index PATTERN        its indices, or a data stream   (default: of LOGTAP_OPENSEARCH_DATA_STREAM or LOGTAP_OPENSEARCH_INDEX)
  --cloudwatch GROUP     a log group of CloudWatch Logs
  --ledger PLACE         audit.ndjson of a shipper, the URL of its /audit, or its log on standard input (-); repeatable
  --since, --until TIME  only these minutes, in ISO 8601   (default: all that the ledgers have)
  --resume FILE          keep the progress in FILE, and continue from there
  --quiet                print no progress
  -o, --output FORMAT    text or json   (default: text)
  -h, --help

Exit codes: 0 proven, 1 something is unexplained, 2 the ledgers do not suffice for a proof, 64 wrong use,
74 the service or a ledger cannot be read, 78 wrong settings.
`;

const OPTIONS = {
  opensearch: { type: 'string' },
  index: { type: 'string' },
  cloudwatch: { type: 'string' },
  ledger: { type: 'string', multiple: true },
  since: { type: 'string' },
  until: { type: 'string' },
  resume: { type: 'string' },
  quiet: { type: 'boolean' },
  output: { type: 'string', short: 'o', default: 'text' },
  help: { type: 'boolean', short: 'h' },
} as const;

const EXIT_OF: Readonly<Record<AuditVerdict, number>> = {
  proven: EXIT.OK,
  unexplained: EXIT.FOUND,
  unproven: EXIT.IN_PART,
};
const EX_IOERR = 74;

/**
 * Runs the command and resolves to its exit code.
 *
 * @throws UsageError, or CommandError where the service or a ledger cannot be read
 */
export async function auditCommand(
  args: readonly string[],
  io: CommandStreams & { readonly stderr: NodeJS.WritableStream },
): Promise<number> {
  const { values, positionals } = parseFlags(args, OPTIONS, USAGE);
  if (values.help) {
    await write(io.stdout, USAGE);
    return EXIT.OK;
  }
  if (positionals.length > 0)
    throw new UsageError(`audit takes no arguments without a flag, but got '${positionals[0]}'.\n\n${USAGE}`);
  const { opensearch, cloudwatch, index, ledger = [], output, resume } = values;
  if ((opensearch === undefined) === (cloudwatch === undefined))
    throw new UsageError('audit needs one of --opensearch URL and --cloudwatch GROUP');
  if (index !== undefined && opensearch === undefined) throw new UsageError('--index needs --opensearch');
  if (ledger.length === 0)
    throw new UsageError('audit needs --ledger: a file, the URL of /audit, or - for the log of a shipper');
  if (output !== 'text' && output !== 'json') throw new UsageError(`--output (${output}) must be text or json`);
  const answer = await audit({
    service:
      opensearch === undefined
        ? { kind: 'cloudwatch', group: cloudwatch! }
        : { kind: 'opensearch', url: opensearch, index },
    ledgers: ledger,
    sinceMs: timeOf('--since', values.since),
    untilMs: timeOf('--until', values.until),
    resume,
    format: output,
    env: process.env,
    onProgress: (message) => {
      if (values.quiet !== true) io.stderr.write(`${message}\n`);
    },
  });
  await write(io.stdout, answer.text);
  return EXIT_OF[answer.verdict];
}

function timeOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new UsageError(`${flag} (${text}) must be a time such as 2026-11-28T14:00:00Z`);
  return ms;
}

const audit = async (request: AuditRequest) => {
  try {
    return await loadAudit().audit(request);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const { name, message } = error as Error;
    throw new CommandError(message, name === 'ConfigError' ? EXIT.CONFIGURATION : EX_IOERR);
  }
};

function loadAudit(): AuditModule {
  if (existsSync(auditFile)) return require(auditFile);
  throw new CommandError(
    `${auditFile} does not exist. Install the npm package cdk8s-logtap, or run \`npm run build\``,
    EXIT.INTERNAL,
  );
}
