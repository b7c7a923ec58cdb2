/** CloudWatch Logs outputs of Fluent Bit, Fluentd and ECS. */
import type { Data, Description } from '../description.js';
import { podPlaces } from '../manifest/pod-names.js';
import type { Plugin } from '../plugin.js';
import { WHY } from '../reasons.js';

const NAME = 'sink.cloudWatch';

/** Names of the same settings in each tool. Absent ones do not exist there. */
export interface CloudWatchKeys {
  readonly group: string;
  readonly stream: string;
  readonly streamPrefix?: string;
  readonly create: string;
  readonly retention?: string;
  readonly region: string;
  readonly endpoint: string;
  readonly messageKey?: string;
}

export function cloudWatchSink(plugin: Plugin, to: Description, keys: CloudWatchKeys): Data {
  const sink: Data = {
    logGroup: to.required(`${NAME}.logGroup`, group(plugin, keys.group), 'CHANGE-ME'),
    region: to.required(`${NAME}.region`, plugin.text(keys.region, `${NAME}.region`), 'us-east-1'),
  };
  put(sink, 'logStream', stream(plugin, keys));
  // The tools do not create groups unless they are told to.
  sink.createLogGroup = plugin.flag(keys.create, `${NAME}.createLogGroup`) ?? false;
  if (keys.retention !== undefined) {
    put(sink, 'retentionDays', plugin.number(keys.retention, `${NAME}.retentionDays`));
  }
  put(sink, 'endpoint', endpoint(plugin, keys.endpoint));
  put(sink, 'groupClass', plugin.text('log_group_class', `${NAME}.groupClass`)?.toUpperCase());
  if (keys.messageKey !== undefined && plugin.text(keys.messageKey, `${NAME}.messageFormat: the text`) === undefined) {
    sink.messageFormat = 'json';
  }
  return sink;
}

export function put(data: Data, key: string, value: unknown): void {
  if (value !== undefined && value !== '') data[key] = value;
}

function group(plugin: Plugin, key: string): string | undefined {
  const name = plugin.text(key, `${NAME}.logGroup`);
  if (name === undefined || /^[\w./#-]{1,512}$/.test(name)) return name;
  plugin.verdicts.left(
    plugin.entry(key)!,
    'a log group has the characters A-Z a-z 0-9 . - _ / # and no template of the tool: write the name, or {label:NAME}, into sink.cloudWatch.logGroup',
  );
  return undefined;
}

/** Names of streams that depend on tags get the origin of a record in their place. */
function stream(plugin: Plugin, keys: CloudWatchKeys): string | undefined {
  const name = plugin.text(keys.stream, `${NAME}.logStream`, podPlaces);
  if (name !== undefined && isStream(name)) return name;
  if (name !== undefined) {
    plugin.verdicts.left(
      plugin.entry(keys.stream)!,
      'a template of the tool: use {namespace}, {pod}, {container} and {stream} in sink.cloudWatch.logStream',
    );
    return undefined;
  }
  const prefix =
    keys.streamPrefix &&
    plugin.text(
      keys.streamPrefix,
      `${NAME}.logStream, followed by the pod and the container in place of the tag`,
      podPlaces,
    );
  if (prefix === undefined || !isStream(prefix)) return undefined;
  return prefix.includes('{pod}') ? `${prefix}{container}` : `${prefix}{pod}/{container}`;
}

const isStream = (name: string) => !/[:*$%{}]/.test(name.replace(/\{(pod|namespace|node)\}/g, ''));

function endpoint(plugin: Plugin, key: string): string | undefined {
  const host = plugin.text(key, `${NAME}.endpoint`);
  if (host === undefined || /^https?:\/\//.test(host)) return host;
  return `https://${host}`;
}

/** Keys that mean the same in all tools. */
export function otherCloudWatchKeys(plugin: Plugin): void {
  plugin.left('profile aws_ecs_authentication', WHY.identity);
  plugin.left('aws_key_id aws_sec_key', `credentials are not copied: ${WHY.identity}`);
  plugin.needless('auto_retry_requests', WHY.retry);
  plugin.needless('extra_user_agent', 'the shipper names itself');
  plugin.needless('max_message_length max_events_per_batch concurrency net_http_persistent', WHY.batches);
}
