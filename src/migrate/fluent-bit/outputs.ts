/** Outputs of Fluent Bit. */
import type { Data, Description } from '../description.js';
import { isOn, mebibytes, type Plugin } from '../plugin.js';
import { WHY } from '../reasons.js';
import { assumedRole } from '../sinks/assumed-role.js';
import { cloudWatchSink, otherCloudWatchKeys, put } from '../sinks/cloudwatch.js';
import { openSearchSink, otherOpenSearchKeys, verification } from '../sinks/opensearch.js';
import { peer, secured } from '../sinks/peers.js';
import { ofKeys } from '../tags/match.js';

type Reader = (plugin: Plugin, to: Description) => Data | undefined;

export function readOutput(plugin: Plugin, to: Description): void {
  const name = plugin.entry('name');
  const kind = name?.value.toLowerCase() ?? '';
  const read = Object.hasOwn(OUTPUTS, kind) ? OUTPUTS[kind] : undefined;
  if (name === undefined || read === undefined) {
    plugin.verdicts.leaveRest(
      plugin.section,
      `there is no sink for '${name?.value ?? ''}': use a module of your own (docs/guides/module-sink.md), or send to a collector by sink.forward`,
    );
    to.outputs.push({ selection: ofKeys(plugin), name: kind, section: plugin.section });
    return;
  }
  const sink = read(plugin, to);
  if (sink === undefined) {
    to.outputs.push({ selection: ofKeys(plugin), discards: true, section: plugin.section });
    return;
  }
  const selection = ofKeys(plugin);
  plugin.verdicts.carried(name, `sink.${Object.keys(sink)[0]}`);
  if (selection.entry) plugin.verdicts.carried(selection.entry, 'every record goes to the sink');
  common(plugin, to);
  to.outputs.push({ selection, sink, section: plugin.section });
}

const OUTPUTS: Readonly<Record<string, Reader>> = {
  cloudwatch_logs: readCloudWatch,
  cloudwatch: readCloudWatch,
  opensearch: readOpenSearch,
  es: readOpenSearch,
  forward: readForward,
  stdout: readStdout,
  tcp: readTcp,
  null: (plugin) => {
    for (const entry of plugin.section.entries) plugin.verdicts.needless(entry, 'the output discards records');
    return undefined;
  },
};

/** Keys that every output has. */
function common(plugin: Plugin, to: Description): void {
  for (const { key } of plugin.section.entries)
    if (/^processors\./i.test(key))
      plugin.left(key, 'filters apply to the records of all sinks, not to those of one output');
  plugin.needless('retry_limit', WHY.retry);
  const limit = plugin.entry('storage.total_limit_size');
  const size = limit && mebibytes(limit.value);
  if (limit && size !== undefined) {
    to.properties.set('shipper.diskBufferMiB', size);
    plugin.verdicts.carried(limit, 'shipper.diskBufferMiB');
  }
  plugin.needless('workers', WHY.threads);
  plugin.needlessFamily('net.', WHY.network);
  plugin.needless('log_level log_suppress_interval alias', WHY.ownLog);
  plugin.needless(
    'tls.debug tls.vhost tls.ca_path tls.verify_hostname tls.min_version tls.max_version tls.ciphers',
    'Node verifies certificates and names, and chooses the version of TLS',
  );
  plugin.left('tls.key_passwd', 'the key of a client certificate has no password: create the Secret without one');
  plugin.left('proxy', 'set HTTPS_PROXY in shipper.settings');
}

function readCloudWatch(plugin: Plugin, to: Description): Data {
  const sink = cloudWatchSink(plugin, to, {
    group: 'log_group_name',
    stream: 'log_stream_name',
    streamPrefix: 'log_stream_prefix',
    create: 'auto_create_group',
    retention: 'log_retention_days',
    region: 'region',
    endpoint: 'endpoint',
    messageKey: 'log_key',
  });
  plugin.left(
    'log_group_template',
    'a template of keys of a record has no counterpart: write {label:NAME} or the name into sink.cloudWatch.logGroup',
  );
  plugin.left(
    'log_stream_template',
    'a template of keys of a record has no counterpart: use {namespace}, {pod}, {container} in sink.cloudWatch.logStream',
  );
  plugin.needless('default_log_group_name default_log_stream_name', 'names have no templates that may fail');
  plugin.left(
    'log_format metric_namespace metric_dimensions',
    'the shipper sends the message as it is: the application writes embedded metrics by itself',
  );
  plugin.left('add_entity new_log_group_tags', 'set sink.cloudWatch.service, environment or tags');
  plugin.needless(
    'port tls tls.verify tls.ca_file',
    'CloudWatch Logs is reached by https; AWS_CA_BUNDLE in shipper.settings adds an authority',
  );
  assumedRole(plugin, sink, 'sink.cloudWatch', {
    role: 'role_arn',
    externalId: 'external_id',
    stsEndpoint: 'sts_endpoint',
  });
  otherCloudWatchKeys(plugin);
  return { cloudWatch: sink };
}

function readOpenSearch(plugin: Plugin, to: Description): Data {
  const isTls = plugin.flag('tls', 'sink.openSearch.url: https') ?? false;
  const host = plugin.text('host', 'sink.openSearch.url');
  const port = plugin.text('port', 'sink.openSearch.url') ?? '9200';
  const path = plugin.text('path', 'sink.openSearch.url') ?? '';
  const url = host === undefined ? undefined : `${isTls ? 'https' : 'http'}://${host}:${port}${path}`;
  const sink = openSearchSink(plugin, to, url, {
    user: 'http_user',
    password: 'http_passwd',
    index: 'index',
    prefix: 'logstash_prefix',
    separator: 'logstash_prefix_separator',
    dateFormat: 'logstash_dateformat',
    ca: 'tls.ca_file',
    certificate: 'tls.crt_file',
    key: 'tls.key_file',
    verify: 'tls.verify',
  });
  signing(plugin, to, sink);
  plugin.left('cloud_id cloud_auth http_api_key', 'Elastic Cloud is not OpenSearch');
  const compress = plugin.entry('compress');
  if (compress) {
    sink.gzip = compress.value.toLowerCase() === 'gzip';
    plugin.verdicts.carried(compress, 'sink.openSearch.gzip');
  }
  otherOpenSearchKeys(plugin);
  return { openSearch: sink };
}

function signing(plugin: Plugin, to: Description, sink: Data): void {
  const entry = plugin.entry('aws_auth');
  const keys = 'aws_region aws_service_name aws_role_arn aws_external_id aws_sts_endpoint aws_profile';
  if (entry === undefined || !isOn(entry.value)) {
    if (entry) plugin.verdicts.needless(entry, 'requests are not signed by default');
    plugin.needless(keys, 'requests are not signed');
    return;
  }
  plugin.verdicts.carried(entry, 'sink.openSearch.signing');
  const service = plugin.text('aws_service_name', 'sink.openSearch.signing');
  sink.signing = service === 'aoss' ? 'aoss' : 'es';
  sink.region = to.required('sink.openSearch.region', plugin.text('aws_region', 'sink.openSearch.region'), 'us-east-1');
  assumedRole(plugin, sink, 'sink.openSearch', {
    role: 'aws_role_arn',
    externalId: 'aws_external_id',
    stsEndpoint: 'aws_sts_endpoint',
  });
  plugin.left('aws_profile', WHY.identity);
}

function readForward(plugin: Plugin, to: Description): Data {
  const sink = peer(plugin, to, 'forward', '24224');
  put(sink, 'tag', plugin.text('tag', 'sink.forward.tag'));
  // Fluent Bit waits for no acknowledgement unless it is told to; the shipper does unless it is told not to.
  const ack = plugin.flag('require_ack_response', 'sink.forward.ack');
  if (ack !== undefined) sink.ack = ack;
  plugin.needless(
    'send_options time_as_integer retain_metadata_in_forward_mode fluentd_compat',
    'the shipper sends times in nanoseconds, and options that the peer needs',
  );
  plugin.left('compress', 'the shipper sends Forward requests uncompressed');
  plugin.left('upstream unix_path empty_shared_key', 'the shipper has one peer with a host and a port');
  plugin.needless('self_hostname', 'the shipper names its host');
  const tls = plugin.flag('tls', 'sink.forward.tls') ?? false;
  verification(plugin, 'tls.verify');
  plugin.left('tls.crt_file tls.key_file', 'a Forward peer is authenticated by a shared key');
  const keys = {
    tls,
    sharedKey: plugin.entry('shared_key'),
    username: plugin.entry('username'),
    password: plugin.entry('password'),
    ca: plugin.entry('tls.ca_file'),
  };
  return { forward: secured(plugin, to, 'forward', sink, keys) };
}

function readStdout(plugin: Plugin): Data {
  plugin.needless('format', 'the shipper writes one JSON object per line');
  plugin.needless('json_date_key json_date_format', 'a record has its time as `timestamp`');
  return { stdout: {} };
}

function readTcp(plugin: Plugin, to: Description): Data {
  const sink = peer(plugin, to, 'tcp', '5170');
  const format = plugin.entry('format');
  if (format?.value === 'json_lines') plugin.verdicts.carried(format, 'sink.tcp: one JSON object per line');
  else if (format) plugin.verdicts.left(format, 'sink.tcp sends one JSON object per line');
  plugin.needless('json_date_key json_date_format', 'a record has its time as `timestamp`');
  plugin.left('raw_message_key', 'sink.tcp sends one JSON object per line');
  const tls = plugin.flag('tls', 'sink.tcp.tls') ?? false;
  verification(plugin, 'tls.verify');
  plugin.left('tls.crt_file tls.key_file', 'sink.tcp presents no client certificate');
  return {
    tcp: secured(plugin, to, 'tcp', sink, {
      tls,
      sharedKey: undefined,
      username: undefined,
      password: undefined,
      ca: plugin.entry('tls.ca_file'),
    }),
  };
}
