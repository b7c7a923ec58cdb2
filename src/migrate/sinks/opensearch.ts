/** OpenSearch and Elasticsearch outputs of Fluent Bit and Fluentd. */
import type { Data, Description } from '../description.js';
import type { Entry } from '../input.js';
import { isOn, type Plugin } from '../plugin.js';
import { WHY } from '../reasons.js';
import { put } from './cloudwatch.js';

const NAME = 'sink.openSearch';

export interface OpenSearchKeys {
  readonly user: string;
  readonly password: string;
  readonly index: string;
  readonly prefix: string;
  readonly dateFormat: string;
  readonly separator: string;
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  readonly verify: string;
}

/** @param url of the cluster, from the keys of the tool */
export function openSearchSink(plugin: Plugin, to: Description, url: string | undefined, keys: OpenSearchKeys): Data {
  const sink: Data = { url: to.required(`${NAME}.url`, url, 'https://opensearch.example:9200') };
  put(sink, 'index', index(plugin, keys));
  put(sink, 'username', plugin.text(keys.user, `${NAME}.username`));
  const secret = (key: string, property: string, item: string) => {
    const from = plugin.entry(key);
    if (from === undefined) return;
    put(sink, property, to.secret('logtap-opensearch', item, from));
    plugin.verdicts.carried(from, `${NAME}.${property}: create the Secret 'logtap-opensearch' with the key '${item}'`);
  };
  secret(keys.password, 'passwordSecret', 'password');
  // A password alone would be rejected, and so would a name alone.
  if (sink.username !== undefined && sink.passwordSecret === undefined) {
    plugin.verdicts.left(
      plugin.entry(keys.user)!,
      'a user name needs a password, and the input has none: set username and passwordSecret',
    );
    sink.username = undefined;
  } else if (sink.passwordSecret !== undefined)
    sink.username = to.required(`${NAME}.username`, sink.username as string, 'CHANGE-ME');
  if (String(sink.url).startsWith('https:')) secret(keys.ca, 'caSecret', 'ca.crt');
  else plugin.left(keys.ca, 'the URL is http, which has no certificates');
  if (plugin.entry(keys.certificate) && plugin.entry(keys.key)) {
    secret(keys.certificate, 'clientCertificateSecret', 'tls.crt');
    secret(keys.key, 'clientKeySecret', 'tls.key');
  } else plugin.left(`${keys.certificate} ${keys.key}`, 'a client certificate needs a certificate and its key');
  verification(plugin, keys.verify);
  return Object.fromEntries(Object.entries(sink).filter(([, value]) => value !== undefined));
}

/** The shipper always verifies certificates. */
export function verification(plugin: Plugin, key: string): void {
  const entry = plugin.entry(key);
  if (entry === undefined) return;
  if (isOn(entry.value)) plugin.verdicts.needless(entry, 'certificates are always verified');
  else plugin.verdicts.left(entry, 'certificates are always verified: give the authority of the service by caSecret');
}

function index(plugin: Plugin, keys: OpenSearchKeys): string | undefined {
  const isDated = plugin.flag('logstash_format', `${NAME}.index`) ?? false;
  if (!isDated) {
    plugin.needless(`${keys.prefix} ${keys.dateFormat} ${keys.separator}`, 'logstash_format is off');
    const entry = plugin.entry(keys.index);
    const name = plugin.text(keys.index, `${NAME}.index`);
    return name === undefined ? undefined : dated(name, plugin, entry!);
  }
  plugin.needless(keys.index, 'logstash_format makes the name of the index');
  const prefix = plugin.text(keys.prefix, `${NAME}.index`) ?? 'logstash';
  const separator = plugin.text(keys.separator, `${NAME}.index`) ?? '-';
  const date = plugin.text(keys.dateFormat, `${NAME}.index`) ?? '%Y.%m.%d';
  const entry = plugin.entry(keys.dateFormat) ?? plugin.entry(keys.prefix) ?? plugin.entry('logstash_format')!;
  return dated(`${prefix}${separator}${date}`, plugin, entry);
}

/** strftime(3) in the name of an index, as a date pattern in braces. */
function dated(name: string, plugin: Plugin, entry: Entry): string | undefined {
  const pattern = name.replace(/%Y/g, '{yyyy}').replace(/%m/g, '{MM}').replace(/%d/g, '{dd}').replace(/%H/g, '{HH}');
  // A run of date parts is one pattern: {yyyy}.{MM}.{dd} is {yyyy.MM.dd}.
  const joined = pattern.replace(/\}([._-]?)\{/g, '$1');
  const small = joined.replace(/\{[^}]*\}|[^{}]+/g, (part) => (part.startsWith('{') ? part : part.toLowerCase()));
  if (!/[%$*?"<>|,#:\s\\/]/.test(small) && !/^[-_+]/.test(small)) return small;
  plugin.verdicts.left(
    entry,
    'a template of the tool or a name that OpenSearch rejects: write sink.openSearch.index with {yyyy.MM.dd}, {label:NAME} or {field:NAME}',
  );
  return undefined;
}

/** Keys that mean the same in both tools. */
export function otherOpenSearchKeys(plugin: Plugin): void {
  plugin.needless('suppress_type_name suppress_doc_wrap type type_name', 'OpenSearch has no document types');
  plugin.needless('generate_id', WHY.ids);
  plugin.left('id_key', WHY.ids);
  plugin.needless(
    'buffer_size bulk_message_request_threshold reload_connections reconnect_on_error reload_on_failure request_timeout http_backend http_backend_excon_nonblock resurrect_after sniffer_class_name',
    WHY.network,
  );
  plugin.needless('trace_output trace_error log_es_400_reason log_os_400_reason with_transporter_log', WHY.ownLog);
  plugin.needless(
    'time_key time_key_format time_key_nanos current_time_index logstash_prefix_key time_precision utc_index',
    'a document has the time of the write, in nanoseconds, at the place of its schema',
  );
  plugin.left('include_tag_key tag_key', 'a record has no tag; it has its container, stream and file');
  plugin.left('replace_dots', 'fields of a record do not come from keys with dots');
  plugin.left(
    'pipeline routing_key parent_key target_index_key',
    'the shipper names no ingest pipeline and no routing: set the default pipeline of the index',
  );
  plugin.left(
    'template_name template_file template_overwrite customize_template',
    'the shipper creates its own template with `setup`',
  );
  plugin.needless(
    'verify_os_version_at_startup verify_es_version_at_startup default_opensearch_version default_elasticsearch_version suppress_version max_retry_get_es_version max_retry_get_os_version max_retry_putting_template fail_on_putting_template_retry_exceed fail_on_detecting_os_version_retry_exceed',
    'the shipper needs no version of the service',
  );
  plugin.needless('write_operation', 'the shipper creates documents by id, and a second creation is no error');
}
