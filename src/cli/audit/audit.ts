/** `logtap audit`: compares what OpenSearch or CloudWatch Logs has with the ledgers of shippers. */
import { existsSync } from 'node:fs';
import type { PodSelection } from '../cluster/cluster-module.js';
import { inCluster } from '../cluster/load.js';
import { noTappedPod, selectionOf } from '../cluster/selection.js';
import { parseCommand } from '../command-line/parse-command.js';
import { AUDIT } from '../commands/proofs.js';
import { auditFile } from '../package-files.js';
import { type CommandStreams, write } from '../streams.js';
import { structured } from '../structured.js';
import { CommandError, EXIT, UsageError } from '../usage.js';
import type { AuditModule, AuditRequest, AuditVerdict, LedgersOfPods } from './audit-module.js';
import { isRelative, timeOf } from './window-time.js';

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
  const { values, args: names } = parseCommand(AUDIT, args);
  const { opensearch, cloudwatch, index, sink, ledger = [], output, resume } = values;
  const pods = ledgersOfPods(selectionOf(values, names));
  if (ledger.length === 0 && pods === undefined) {
    throw new UsageError('audit needs ledgers: --ledger, or pods of a cluster: -n, -l, -A or their names');
  }
  if (index !== undefined && opensearch === undefined) throw new UsageError('--index needs --opensearch');
  const kind = opensearch === undefined ? 'cloudwatch' : 'opensearch';
  if (sink !== undefined && sink !== kind && !sink.startsWith(`${kind}@`)) {
    throw new UsageError(`--sink (${sink}) must be ${kind}, or ${kind}@CONTAINER for the sink of a container`);
  }
  if (resume !== undefined && [values.since, values.until].some(isRelative)) {
    throw new UsageError('--resume needs --since and --until as times: a part that goes on later has the same window');
  }
  const nowMs = Date.now();
  const sinceMs = timeOf('--since', values.since, nowMs);
  const untilMs = timeOf('--until', values.until, nowMs);
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs >= untilMs) {
    throw new UsageError(
      `--since (${values.since}) must be before --until (${values.until}): exchange them, or correct one`,
    );
  }
  const answer = await audit({
    service:
      opensearch === undefined
        ? { kind: 'cloudwatch', group: cloudwatch! }
        : { kind: 'opensearch', url: opensearch, index },
    sink,
    ledgers: ledger,
    pods,
    sinceMs,
    untilMs,
    resume,
    format: output === 'text' ? 'text' : 'json',
    env: process.env,
    onProgress: (message) => {
      if (!values.quiet) io.stderr.write(`${message}\n`);
    },
  });
  await write(io.stdout, output === 'yaml' ? structured('yaml', JSON.parse(answer.text)) : answer.text);
  return EXIT_OF[answer.verdict];
}

/** `undefined` where no flag and no name is about pods. */
function ledgersOfPods(pods: PodSelection): LedgersOfPods | undefined {
  const { namespace, allNamespaces, labels, names } = pods;
  if (namespace === undefined && !allNamespaces && labels === undefined && names.length === 0) return undefined;
  return {
    selection: JSON.stringify(pods),
    read: () =>
      inCluster(async (cluster) => {
        const ledgers = await cluster.ledgers({ pods });
        if (ledgers.length === 0) throw noTappedPod();
        return ledgers;
      }),
  };
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
