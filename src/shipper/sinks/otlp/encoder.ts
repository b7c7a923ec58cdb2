/**
 * Records as an ExportLogsServiceRequest of OpenTelemetry. Field numbers in brackets:
 *
 *     request        resource_logs [1]: one per container
 *     resource_logs  resource [1] { attributes [1] }, scope_logs [2] { scope [1] { name [1] }, log_records [2] }
 *     log_record     time_unix_nano [1], observed_time_unix_nano [11]: fixed64
 *                    severity_number [2], severity_text [3], trace_id [9], span_id [10]: where the text has them
 *                    body [5] { string_value [1] }
 *                    attributes [6] { key [1], value [2] { string_value [1] or int_value [3] } }
 *
 * `log.record.uid` names a record: two with the same one are one.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/v1.10.0/opentelemetry/proto/logs/v1/logs.proto
 */

import { FieldReader, type FieldSettings } from '../../fields/reader.js';
import { type LabelSettings, Labels } from '../../labels/labels.js';
import type { Origin, RecordBatch } from '../../parts.js';
import { slice } from '../../records/record-batch.js';
import type { Settings } from '../../settings.js';
import type { Metadata } from '../record-fields.js';
import { isAllUtf8, LogRecords, type Shared } from './log-records.js';
import { bytesField, keyValue, varintBytes, writeVarint } from './wire.js';

export type OtlpFormSettings = Metadata & LabelSettings & FieldSettings & Pick<Settings, 'podUid'>;

const SCOPE = bytesField(1, bytesField(1, 'logtap'));
/** Keys of fields, each in one byte. */
const RESOURCE_LOGS = 0x0a;
const SCOPE_LOGS = 0x12;

export class OtlpEncoder {
  readonly #settings: OtlpFormSettings;
  readonly #fields: FieldReader;
  readonly #labels: Labels;

  /** Throws a ConfigError where a file of labels cannot be read. */
  constructor(settings: OtlpFormSettings) {
    this.#settings = settings;
    this.#fields = new FieldReader(settings);
    this.#labels = new Labels(settings);
  }

  /** Records `from` up to, not including, `to`: in their order, those of each container together. */
  encode(batch: RecordBatch, from: number, to: number): Buffer {
    const byContainer = new Map<string, number[]>();
    for (let i = from; i < to; i++) {
      const name = this.#containerOf(batch.origins[batch.origin[i]!]!);
      const known = byContainer.get(name);
      if (known === undefined) byContainer.set(name, [i]);
      else known.push(i);
    }
    const shared = new Array<Shared | undefined>(batch.origins.length);
    const isUtf8 = isAllUtf8(slice(batch, from, to));
    const parts = [...byContainer].map(([name, indexes]) =>
      this.#resourceLogs(name, new LogRecords(batch, indexes, this.#fields, shared, isUtf8)),
    );
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  /** One buffer, in which nothing is copied twice. */
  #resourceLogs(container: string, records: LogRecords): Buffer {
    const resource = this.#resourceOf(container);
    const scopeBytes = SCOPE.length + records.bytes;
    const size = resource.length + 1 + varintBytes(scopeBytes) + scopeBytes;
    const body = Buffer.allocUnsafeSlow(1 + varintBytes(size) + size);
    let at = writeVarint(body, body.writeUInt8(RESOURCE_LOGS, 0), size);
    body.set(resource, at);
    at = writeVarint(body, body.writeUInt8(SCOPE_LOGS, at + resource.length), scopeBytes);
    body.set(SCOPE, at);
    records.write(body, at + SCOPE.length);
    return body;
  }

  #containerOf({ container }: Origin): string {
    return container || (this.#settings.containerName ?? '');
  }

  #resourceOf(container: string): Buffer {
    const { podName, podNamespace, podUid, nodeName } = this.#settings;
    const attributes = {
      'k8s.namespace.name': podNamespace,
      'k8s.pod.name': podName,
      'k8s.pod.uid': podUid,
      'k8s.node.name': nodeName,
      'k8s.container.name': container || undefined,
      ...this.#labels.current,
    };
    const written = Object.entries(attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [bytesField(1, keyValue(name, value))],
    );
    return bytesField(1, Buffer.concat(written));
  }
}
