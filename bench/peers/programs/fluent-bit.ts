/** Fluent Bit, by `--peer fluent-bit=BINARY`. It reads files, has ids for documents as the product has, and holds at most 64 MB. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AWS, type Command, LOG_GROUP, LOG_STREAM, type Peer, type Task } from '../peer.js';
import { versionOf } from './found.js';

const PARSERS = `[PARSER]
    Name json
    Format json
`;

const HIDE = `function hide(tag, timestamp, record)
  record["log"] = string.gsub(record["log"], "%d%d%d%d[ -]?%d%d%d%d[ -]?%d%d%d%d[ -]?%d%d%d%d", "[card]")
  return 2, timestamp, record
end
`;

const STAGES = `[FILTER]
    Name lua
    Match *
    Script hide.lua
    Call hide
[FILTER]
    Name parser
    Match *
    Key_Name log
    Parser json
    Reserve_Data On
    Preserve_Key On
`;

function outputOf({ row, url, caFile }: Task): string {
  const { hostname, port } = new URL(url);
  const compress = row.isGzip ? '    Compress gzip\n' : '';
  if (row.service === 'opensearch')
    return `    Name opensearch
    Match *
    Host ${hostname}
    Port ${port}
    Index bench
    Suppress_Type_Name On
    Generate_ID On
    Buffer_Size False
    Retry_Limit False
${compress}`;
  return `    Name cloudwatch_logs
    Match *
    Region ${AWS.AWS_REGION}
    Endpoint ${hostname}
    Port ${port}
    Log_Group_Name ${LOG_GROUP}
    Log_Stream_Name ${LOG_STREAM}
    Log_Key log
    Retry_Limit False
    tls On
    tls.ca_file ${caFile}
`;
}

function command(task: Task, program: string): Command {
  const { hasStages = false } = task.row;
  const at = (name: string) => join(task.directory, name);
  writeFileSync(at('parsers.conf'), PARSERS);
  writeFileSync(at('hide.lua'), HIDE);
  writeFileSync(
    at('fluent-bit.conf'),
    `[SERVICE]
    Flush 1
    Grace 5
    Log_Level warn
    Parsers_File ${at('parsers.conf')}
[INPUT]
    Name tail
    Path ${task.input}
    Read_from_Head On
    Refresh_Interval 1
    Mem_Buf_Limit 64MB
    Buffer_Max_Size 256k
${hasStages ? '    multiline.parser java\n' : ''}${hasStages ? STAGES : ''}[OUTPUT]
${outputOf(task)}`,
  );
  return { command: program, args: ['-c', at('fluent-bit.conf')], env: AWS };
}

export const fluentBit = (program: string): Peer => ({
  name: 'fluent-bit',
  input: 'files',
  find: () => ({ program, version: versionOf(program, ['--version']) }),
  lacks: ({ service, isGzip }) =>
    service === 'cloudwatch' && isGzip ? 'its output to CloudWatch Logs does not compress' : undefined,
  command,
});
