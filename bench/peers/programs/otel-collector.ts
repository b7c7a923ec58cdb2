/**
 * The OpenTelemetry Collector, which reads files. The one that is built here sends OTLP, since the module proxy does not have
 * its exporters of OpenSearch and CloudWatch Logs: what it costs is the least that a collector costs. `--peer
 * otel-collector=BINARY` takes a distribution with these exporters, such as otelcol-contrib.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ensureGoProgram } from '../../../scripts/go-program.js';
import { AWS, type Command, LOG_GROUP, LOG_STREAM, type Peer, type Task } from '../peer.js';
import type { Row } from '../rows.js';
import { foundBy, versionOf } from './found.js';

const receiver = ({ row, input }: Task) => ({
  include: [input],
  start_at: 'beginning',
  poll_interval: '200ms',
  max_concurrent_files: 2048,
  ...(row.hasStages
    ? {
        multiline: { line_start_pattern: '^[^\\s]' },
        operators: [{ type: 'json_parser', if: 'body startsWith "{"', on_error: 'send_quiet' }],
      }
    : {}),
});

const QUEUE = { enabled: true, num_consumers: 4, queue_size: 1000 };

function exporter({ row, url }: Task, isContrib: boolean): readonly [name: string, config: object] {
  const compression = row.isGzip ? 'gzip' : 'none';
  if (!isContrib) return ['otlphttp', { endpoint: url, compression, sending_queue: QUEUE }];
  if (row.service === 'opensearch')
    return ['opensearch', { http: { endpoint: url, compression }, logs_index: 'bench', sending_queue: QUEUE }];
  return [
    'awscloudwatchlogs',
    {
      ...{ log_group_name: LOG_GROUP, log_stream_name: LOG_STREAM, region: AWS.AWS_REGION, endpoint: url },
      ...{ raw_log: true, sending_queue: { enabled: true, num_consumers: 1, queue_size: 1000 } },
    },
  ];
}

function configOf(task: Task, isContrib: boolean): object {
  const [name, config] = exporter(task, isContrib);
  const hides = task.row.hasStages === true;
  const statements = ['replace_pattern(log.body, "(?:\\\\d{4}[ -]?){3}\\\\d{4}", "[card]") where IsString(log.body)'];
  const processors = {
    batch: { send_batch_size: 8192, timeout: '1s' },
    ...(hides ? { transform: { error_mode: 'ignore', log_statements: [{ context: 'log', statements }] } } : {}),
  };
  const used = [...(hides ? ['transform'] : []), 'batch'];
  return {
    receivers: { filelog: receiver(task) },
    processors,
    exporters: { [name]: config },
    service: {
      telemetry: { metrics: { level: 'none' }, logs: { level: 'warn' } },
      pipelines: { logs: { receivers: ['filelog'], processors: used, exporters: [name] } },
    },
  };
}

function command(task: Task, program: string, isContrib: boolean): Command {
  const file = join(task.directory, 'collector.yaml');
  writeFileSync(file, stringify(configOf(task, isContrib)));
  return {
    command: program,
    args: ['--config', `file:${file}`],
    env: { ...AWS, ...(task.caFile === undefined ? {} : { SSL_CERT_FILE: task.caFile }) },
  };
}

/** Built from its modules. */
export const otelCollector: Peer = {
  name: 'otel-collector-otlp',
  input: 'files',
  find: () =>
    foundBy('Go 1.26 builds it from its modules', () => {
      const program = ensureGoProgram('otel-collector');
      return { program, version: versionOf(program, ['--version']) };
    }),
  lacks({ service, hasStages }: Row) {
    if (service === 'cloudwatch')
      return 'its exporter is not in the module proxy: give a distribution by --peer otel-collector=BINARY';
    return hasStages
      ? 'its processor that replaces text is not built in: give a distribution by --peer otel-collector=BINARY'
      : undefined;
  },
  command: (task, program) => command(task, program, false),
};

/** A distribution with the exporters of both services. */
export const otelCollectorGiven = (program: string): Peer => ({
  name: 'otel-collector',
  input: 'files',
  find: () => ({ program, version: versionOf(program, ['--version']) }),
  command: (task) => command(task, program, true),
});
