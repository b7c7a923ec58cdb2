/** Outputs of Fluentd. */
import type { Data, Description, Selection } from '../description.js';
import type { Entry } from '../input.js';
import { isOn, mebibytes, Plugin } from '../plugin.js';
import { WHY } from '../reasons.js';
import { assumedRole, ROLE_WHY } from '../sinks/assumed-role.js';
import { cloudWatchSink, otherCloudWatchKeys, put } from '../sinks/cloudwatch.js';
import { openSearchSink, otherOpenSearchKeys } from '../sinks/opensearch.js';
import { secured } from '../sinks/peers.js';
import { addTags } from '../tags/later-tags.js';

/** Returns whether the records go on to other sections. */
export function readOutput(plugin: Plugin, selection: Selection, to: Description): boolean {
  const { section, verdicts } = plugin;
  const type = plugin.entry('@type') ?? plugin.entry('type');
  const kind = type?.value ?? '';
  const label = plugin.entry('@label');
  if (type && kind === 'copy') {
    verdicts.carried(type, 'sink.all');
    plugin.needless('copy_mode deep_copy @id @log_level', 'each sink gets each record');
    for (const store of section.sections.filter(({ name }) => name === 'store'))
      readOutput(new Plugin(store, verdicts), selection, to);
    return false;
  }
  if (type && (kind === 'relabel' || (label && kind !== 'null'))) return relay(plugin, type, kind, selection, to);
  if (type && /^(detect_exceptions|rewrite_tag_filter|record_reformer|rewrite)$/.test(kind)) {
    addTags(to, selection, newTags(plugin));
    return relay(plugin, type, kind, selection, to);
  }
  if (type && kind === 'null') {
    for (const entry of section.entries) verdicts.needless(entry, 'the output discards records of its tags');
    to.outputs.push({ selection, discards: true, section });
    return false;
  }
  const sink = Object.hasOwn(OUTPUTS, kind) ? OUTPUTS[kind]!(plugin, to) : undefined;
  if (type === undefined || sink === undefined) {
    verdicts.leaveRest(
      section,
      `there is no sink for '${kind}': use a module of your own (docs/guides/module-sink.md), or send to a collector by sink.forward`,
    );
    to.outputs.push({ selection, name: kind, section });
    return false;
  }
  verdicts.carried(type, `sink.${Object.keys(sink)[0]}`);
  plugin.needless('@id @log_level slow_flush_log_threshold', WHY.ownLog);
  const old = [
    'flush_interval',
    'flush_mode',
    'num_threads',
    'buffer_type',
    'buffer_path',
    'buffer_chunk_limit',
    'buffer_queue_limit',
    'flush_at_shutdown',
    'flush_thread_count',
  ];
  plugin.needless(old.join(' '), WHY.batches);
  plugin.needless('retry_limit retry_wait max_retry_wait disable_retry_limit retry_max_interval', WHY.retry);
  for (const inner of section.sections) readInner(new Plugin(inner, verdicts), to);
  to.outputs.push({ selection, sink, section });
  return false;
}

/** Plugins that change tags and pass records on. */
function relay(plugin: Plugin, type: Entry, kind: string, selection: Selection, to: Description): boolean {
  const { section, verdicts } = plugin;
  if (kind === 'relabel')
    for (const entry of section.entries) verdicts.needless(entry, 'filters and outputs of the label are matched here');
  else if (kind === 'detect_exceptions') {
    verdicts.carried(type, 'events.mode=auto, which is the default');
    plugin.needless(
      '@label remove_tag_prefix message languages multiline_flush_interval max_lines max_bytes stream force_line_breaks match_tag @id',
      'stack traces of known runtimes are found by their text',
    );
    to.filters.push({ selection, drops: [], constants: {}, events: { mode: 'auto' }, section });
  } else verdicts.leaveRest(section, `a record has no tag to change: ${WHY.stage}`);
  return true;
}

/** Tags of the rules of rewrite_tag_filter, also in the form of version 1, and of record_reformer. */
function newTags({ section }: Plugin): string[] {
  const rules = section.sections.filter(({ name }) => name === 'rule');
  return [section, ...rules].flatMap(({ entries }) =>
    entries.flatMap(({ key, value }) => {
      if (/^rewriterule\d+$/.test(key)) return /\s(\S+)\s*$/.exec(value)?.[1] ?? [];
      return key === 'tag' ? [value] : [];
    }),
  );
}

const OUTPUTS: Readonly<Record<string, (plugin: Plugin, to: Description) => Data>> = {
  cloudwatch_logs: readCloudWatch,
  opensearch: readOpenSearch,
  elasticsearch: readOpenSearch,
  opensearch_data_stream: readDataStream,
  elasticsearch_data_stream: readDataStream,
  forward: readForward,
  secure_forward: readForward,
  stdout: () => ({ stdout: {} }),
};

/** Sections of an output: its buffer and its format. */
function readInner(plugin: Plugin, to: Description): void {
  const { section, verdicts } = plugin;
  if (section.name === 'buffer') {
    const type = plugin.entry('@type');
    const isFile = /^file/.test(type?.value ?? '');
    const size = mebibytes(plugin.entry('total_limit_size')?.value ?? '');
    if (isFile) {
      to.properties.set('shipper.diskBufferMiB', size ?? 1024);
      verdicts.carried(type!, 'shipper.diskBufferMiB');
      for (const entry of plugin.all('total_limit_size')) if (size) verdicts.carried(entry, 'shipper.diskBufferMiB');
    } else
      plugin.needless(
        '@type total_limit_size',
        'records are buffered in memory by default, limited by the memory of the sidecar',
      );
    plugin.needlessFamily('retry_', WHY.retry);
    plugin.needlessFamily('disable_chunk_backup', WHY.retry);
    plugin.needless('path', 'the shipper places its disk buffer by itself');
    const overflow = plugin.entry('overflow_action');
    if (overflow) overflowAction(overflow, to, plugin);
    for (const entry of section.entries) if (!verdicts.isJudged(entry)) verdicts.needless(entry, WHY.batches);
  } else if (section.name === 'secondary') {
    for (const entry of section.entries) verdicts.needless(entry, WHY.retry);
  } else if (section.name === 'format' || section.name === 'inject')
    verdicts.leaveRest(
      section,
      'the sink decides the shape of a record: schema of OpenSearch, messageFormat of CloudWatch Logs',
    );
}

const POLICY: Readonly<Record<string, string>> = {
  block: 'block',
  drop_oldest_chunk: 'drop-oldest',
  throw_exception: 'block',
};

function overflowAction(entry: Entry, to: Description, { verdicts }: Plugin): void {
  const policy = POLICY[entry.value];
  if (policy === undefined) return;
  verdicts.carried(entry, `LOGTAP_ON_FULL=${policy}`);
  if (policy !== 'block') to.properties.set('shipper.settings', { LOGTAP_ON_FULL: policy });
}

function readCloudWatch(plugin: Plugin, to: Description): Data {
  const sink = cloudWatchSink(plugin, to, {
    group: 'log_group_name',
    stream: 'log_stream_name',
    create: 'auto_create_stream',
    retention: 'retention_in_days',
    region: 'region',
    endpoint: 'endpoint',
    ...(plugin.entry('message_keys') ? { messageKey: 'message_keys' } : {}),
  });
  if (plugin.entry('message_keys') === undefined) sink.messageFormat = 'json';
  plugin.left(
    'use_tag_as_group use_tag_as_stream log_group_name_key log_stream_name_key retention_in_days_key remove_log_group_name_key remove_log_stream_name_key remove_retention_in_days_key',
    'names by tags or keys of a record have no counterpart: use {container} and {stream} in sink.cloudWatch.logStream',
  );
  plugin.left(
    'log_group_aws_tags log_group_aws_tags_key put_log_events_retry_limit json_handler',
    'set sink.cloudWatch.tags',
  );
  plugin.needless('include_time_key localtime time_key', 'an event has the time of the write');
  plugin.needlessFamily('put_log_events', WHY.retry);
  plugin.needless(
    'ssl_verify_peer http_proxy',
    'HTTPS_PROXY and AWS_CA_BUNDLE in shipper.settings set the way to the service',
  );
  roleOfStream(plugin, sink);
  otherCloudWatchKeys(plugin);
  for (const inner of plugin.section.sections.filter(({ name }) => /credentials/.test(name)))
    plugin.verdicts.leaveRest(inner, WHY.identity);
  return { cloudWatch: sink };
}

/** fluent-plugin-cloudwatch-logs assumes a role where `aws_use_sts` is on. */
function roleOfStream(plugin: Plugin, sink: Data): void {
  const isOfSts = plugin.flag('aws_use_sts', 'sink.cloudWatch.roleArn');
  if (isOfSts !== true) {
    const family =
      'aws_sts_role_arn aws_sts_external_id aws_sts_endpoint_url aws_sts_session_name aws_sts_policy aws_sts_duration_seconds';
    if (isOfSts === undefined && plugin.entry('aws_use_sts'))
      plugin.left(family, 'whether aws_use_sts is on is not known');
    else plugin.needless(`aws_use_sts ${family}`, `aws_use_sts is off: ${ROLE_WHY.off}`);
    return;
  }
  assumedRole(plugin, sink, 'sink.cloudWatch', {
    role: 'aws_sts_role_arn',
    externalId: 'aws_sts_external_id',
    stsEndpoint: 'aws_sts_endpoint_url',
  });
  if (sink.roleArn === undefined) plugin.left('aws_use_sts', 'the input has no role that is usable');
  plugin.needless('aws_sts_session_name', ROLE_WHY.session);
  plugin.needless('aws_sts_duration_seconds', ROLE_WHY.duration);
  plugin.left('aws_sts_policy', ROLE_WHY.policy);
}

function readOpenSearch(plugin: Plugin, to: Description): Data {
  const sink = openSearchSink(plugin, to, urlOf(plugin), {
    user: 'user',
    password: 'password',
    index: 'index_name',
    prefix: 'logstash_prefix',
    separator: 'logstash_prefix_separator',
    dateFormat: 'logstash_dateformat',
    ca: 'ca_file',
    certificate: 'client_cert',
    key: 'client_key',
    verify: 'ssl_verify',
  });
  for (const inner of plugin.section.sections.filter(({ name }) => name === 'endpoint'))
    signing(new Plugin(inner, plugin.verdicts), to, sink);
  plugin.needless('ssl_version ssl_min_version ssl_max_version', 'Node chooses the version of TLS');
  plugin.left('client_key_pass', 'the key of a client certificate has no password: create the Secret without one');
  const compression = plugin.entry('compression_level');
  if (compression) {
    sink.gzip = compression.value !== 'no_compression';
    plugin.verdicts.carried(compression, 'sink.openSearch.gzip');
  }
  otherOpenSearchKeys(plugin);
  return { openSearch: sink };
}

/** fluent-plugin-opensearch signs requests with an `<endpoint>`. */
function signing(plugin: Plugin, to: Description, sink: Data): void {
  const url = plugin.text('url', 'sink.openSearch.url');
  if (url !== undefined && /^https?:\/\/[^@\s]+$/.test(url)) sink.url = url.replace(/\/$/, '');
  const service = plugin.text('aws_service_name', 'sink.openSearch.signing');
  sink.signing = service === 'aoss' ? 'aoss' : 'es';
  sink.region = to.required('sink.openSearch.region', plugin.text('region', 'sink.openSearch.region'), 'us-east-1');
  roleOfEndpoint(plugin, sink);
  to.gaps.splice(
    0,
    to.gaps.length,
    ...to.gaps.filter(
      ({ property }) => property !== 'sink.openSearch.url' || sink.url === 'https://opensearch.example:9200',
    ),
  );
  plugin.verdicts.leaveRest(plugin.section, WHY.identity);
}

/** With a token it is the role of the service account, and keys of the input take its place. */
function roleOfEndpoint(plugin: Plugin, sink: Data): void {
  const isOwn = plugin.entry('assume_role_web_identity_token_file') !== undefined;
  const hasKeys = ['access_key_id', 'secret_access_key'].every((key) => plugin.entry(key)?.value);
  if (hasKeys) plugin.needless('assume_role_arn', `access_key_id replaces it: ${ROLE_WHY.off}`);
  else if (!isOwn) assumedRole(plugin, sink, 'sink.openSearch', { role: 'assume_role_arn' });
  if (sink.roleArn === undefined) return;
  plugin.needless('assume_role_session_name', ROLE_WHY.session);
  plugin.needless('refresh_credentials_interval', ROLE_WHY.duration);
  const region = plugin.entry('sts_credentials_region');
  if (region?.value === sink.region) plugin.verdicts.needless(region!, 'a role is assumed in the region of the sink');
  else if (region) plugin.verdicts.left(region, 'a role is assumed in the region of the sink');
}

/** `hosts`, or host, port and scheme. A user in the URL is a credential. */
function urlOf(plugin: Plugin): string | undefined {
  const to = 'sink.openSearch.url';
  const hosts = plugin.entry('hosts');
  const scheme = plugin.text('scheme', to) ?? 'http';
  const port = plugin.text('port', to) ?? '9200';
  if (hosts && !plugin.isEmbedded(hosts)) {
    if (/@/.test(hosts.value)) {
      plugin.verdicts.left(
        hosts,
        'it contains credentials: write the URL without them, and set username and passwordSecret',
      );
      return undefined;
    }
    plugin.verdicts.carried(hosts, to);
    plugin.needless('host', '`hosts` replaces it');
    const all = hosts.value.split(',').map((host) => host.trim());
    return all
      .map((host) => (/^https?:/.test(host) ? host : `${scheme}://${/:\d+$/.test(host) ? host : `${host}:${port}`}`))
      .join(',');
  }
  const host = plugin.text('host', to);
  const path = plugin.text('path', to) ?? '';
  return host === undefined ? undefined : `${scheme}://${host}:${port}${path}`;
}

function readDataStream(plugin: Plugin, to: Description): Data {
  const { openSearch } = readOpenSearch(plugin, to);
  const name = plugin.text('data_stream_name', 'sink.openSearch.dataStream');
  const sink = openSearch as Data;
  if (name !== undefined && /[%$*?"<>|,#:\s]/.test(name))
    plugin.left('data_stream_name', 'a template of the tool: write sink.openSearch.dataStream');
  else put(sink, 'dataStream', name);
  sink.index = undefined;
  plugin.left(
    'data_stream_template_name data_stream_ilm_name data_stream_ism_name data_stream_ilm_policy data_stream_template_use_index_patterns_wildcard',
    'the shipper creates its own template and policy with `setup` and `retentionDays`',
  );
  return { openSearch: Object.fromEntries(Object.entries(sink).filter(([, value]) => value !== undefined)) };
}

/** The first server is the peer. */
function readForward(plugin: Plugin, to: Description): Data {
  const servers = plugin.section.sections
    .filter(({ name }) => name === 'server')
    .map((section) => new Plugin(section, plugin.verdicts));
  const [server, ...others] = servers;
  const host = server?.text('host', 'sink.forward.host') ?? plugin.text('host', 'sink.forward.host');
  const port = server?.number('port', 'sink.forward.port') ?? plugin.number('port', 'sink.forward.port') ?? 24224;
  const sink: Data = { host: to.required('sink.forward.host', host, 'collector.example'), port };
  server?.needless('name weight standby', 'the shipper has one peer');
  for (const other of others)
    plugin.verdicts.leaveAll(other.section, 'the shipper has one peer: put a Service before several');
  const ack = plugin.flag('require_ack_response', 'sink.forward.ack') ?? false;
  sink.ack = ack;
  const isTls = plugin.entry('transport')?.value === 'tls' || plugin.entry('@type')?.value === 'secure_forward';
  for (const entry of plugin.all('transport')) plugin.verdicts.carried(entry, 'sink.forward.tls');
  plugin.needless(
    'ack_response_timeout send_timeout recover_wait hard_timeout heartbeat_type heartbeat_interval phi_failure_detector phi_threshold keepalive keepalive_timeout expire_dns_cache dns_round_robin connect_timeout ignore_network_errors_at_startup verify_connection_at_startup heartbeat_timeout',
    WHY.network,
  );
  plugin.left(
    'compress tls_client_cert_path tls_client_private_key_path tls_client_private_key_passphrase',
    'a Forward peer is authenticated by a shared key, and requests are not compressed',
  );
  for (const entry of plugin.all('tls_insecure_mode')) {
    if (isOn(entry.value))
      plugin.verdicts.left(entry, 'certificates are always verified: give the authority by caSecret');
    else plugin.verdicts.needless(entry, 'certificates are always verified');
  }
  plugin.needless(
    'tls_verify_hostname tls_allow_self_signed_cert tls_version tls_ciphers',
    'Node verifies certificates and names, and chooses the version of TLS',
  );
  const security = plugin.section.sections.find(({ name }) => name === 'security');
  const keys = security && new Plugin(security, plugin.verdicts);
  keys?.needless('self_hostname', 'the shipper names its host');
  const of = (key: string) => server?.entry(key);
  const ca = plugin.entry('tls_cert_path') ?? plugin.entry('tls_ca_cert_path');
  const all = {
    tls: isTls,
    sharedKey: keys?.entry('shared_key') ?? of('shared_key'),
    username: of('username'),
    password: of('password'),
    ca,
  };
  return { forward: secured(plugin, to, 'forward', sink, all) };
}
