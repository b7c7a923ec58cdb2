/** Vector, by `--peer vector=BINARY`. It reads files and waits for the answer of the service before it moves on in them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { AWS, type Command, LOG_GROUP, LOG_STREAM, type Peer, type Task } from '../peer.js';
import { versionOf } from './found.js';

const REMAP = `.message = replace(string!(.message), r'(?:\\d{4}[ -]?){3}\\d{4}', "[card]")
if starts_with(.message, "{") { .fields = parse_json(.message) ?? null }
`;

const JOINED = { start_pattern: '^\\S', mode: 'halt_before', condition_pattern: '^\\S', timeout_ms: 1000 };

function sinkOf({ row, url, caFile }: Task): object {
  const compression = row.isGzip ? 'gzip' : 'none';
  const common = { compression, acknowledgements: { enabled: true }, healthcheck: { enabled: false } };
  if (row.service === 'opensearch')
    return {
      ...{ ...common, type: 'elasticsearch', endpoints: [url], api_version: 'v8', mode: 'bulk' },
      ...{ bulk: { index: 'bench', action: 'index' }, batch: { timeout_secs: 1 } },
      query: { filter_path: 'errors,items.*.status' },
    };
  return {
    ...{ ...common, type: 'aws_cloudwatch_logs', endpoint: url, region: AWS.AWS_REGION },
    ...{ group_name: LOG_GROUP, stream_name: LOG_STREAM, encoding: { codec: 'text' } },
    ...(caFile === undefined ? {} : { tls: { ca_file: caFile } }),
  };
}

function command(task: Task, program: string): Command {
  const { hasStages = false } = task.row;
  const file = join(task.directory, 'vector.yaml');
  const lines = {
    ...{ type: 'file', include: [task.input], read_from: 'beginning', glob_minimum_cooldown_ms: 200 },
    ...(hasStages ? { multiline: JOINED } : {}),
  };
  const config = {
    data_dir: task.directory,
    sources: { lines },
    ...(hasStages ? { transforms: { stages: { type: 'remap', inputs: ['lines'], source: REMAP } } } : {}),
    sinks: { service: { inputs: [hasStages ? 'stages' : 'lines'], ...sinkOf(task) } },
  };
  writeFileSync(file, stringify(config));
  return { command: program, args: ['--quiet', '--config', file], env: AWS };
}

export const vector = (program: string): Peer => ({
  name: 'vector',
  input: 'files',
  find: () => ({ program, version: versionOf(program, ['--version']) }),
  command,
});
