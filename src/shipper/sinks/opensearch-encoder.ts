/** Records to a `_bulk` body: a `create` action and a document in the shape of OpenTelemetry a record. */
import { JsonWriter } from '../json-writer.js';
import type { Origin, RecordBatch } from '../parts.js';
import type { Settings } from '../settings.js';

export type Resource = Pick<Settings, 'podName' | 'podNamespace' | 'podUid' | 'nodeName' | 'containerName'>;

/** A body for the records from `from` up to, not including, `to`. */
export interface BulkBody {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

/** Index names change with the hour at most. */
const HOUR_MS = 3_600_000;
const EMPTY = Buffer.alloc(0);
const TIMESTAMP = Buffer.from('"}}\n{"@timestamp":"');
const BODY = Buffer.from('","body":"');
const ATTRIBUTES = Buffer.from('","attributes":{"log.record.seq":');

interface Constants {
  /** The action up to the number in the id; for records of `hour`. */
  action: Buffer;
  hour: number;
  /** The rest of the document after `log.record.seq`. */
  readonly tail: Buffer;
}

export class BulkEncoder {
  readonly #indexPattern: string;
  readonly #resource: Resource;
  readonly #writer = new JsonWriter();

  constructor(indexPattern: string, resource: Resource) {
    this.#indexPattern = indexPattern;
    this.#resource = resource;
  }

  /**
   * As many records from `from` on, below `limit`, as fit into `maxBytes`, and at least one. The bytes are valid until
   * the next call.
   */
  encode(batch: RecordBatch, from: number, limit: number, maxBytes: number): BulkBody {
    const writer = this.#writer;
    writer.truncate(0);
    const constants = new Array<Constants | undefined>(batch.origins.length);
    let i = from;
    for (; i < limit; i++) {
      const before = writer.length;
      const origin = batch.origin[i]!;
      constants[origin] ??= this.#constantsOf(batch.origins[origin]!);
      this.#record(batch, i, constants[origin]);
      if (writer.length > maxBytes && i > from) {
        writer.truncate(before);
        break;
      }
    }
    return { bytes: writer.bytes, from, to: i };
  }

  #record(batch: RecordBatch, i: number, constants: Constants): void {
    const writer = this.#writer;
    const timeMs = batch.timeMs[i]!;
    const seq = batch.seq[i]!;
    const hour = Math.floor(timeMs / HOUR_MS);
    if (hour !== constants.hour) {
      constants.hour = hour;
      constants.action = this.#action(batch.origins[batch.origin[i]!]!, hour);
    }
    writer.raw(constants.action);
    writer.integer(seq);
    writer.raw(TIMESTAMP);
    writer.timestamp(timeMs);
    writer.raw(BODY);
    writer.string(batch.bytes, batch.start[i]!, batch.start[i]! + batch.length[i]!);
    writer.raw(ATTRIBUTES);
    writer.integer(seq);
    writer.raw(constants.tail);
  }

  /** The index is of the record's own time, so that a retry after midnight finds it again, and with it the same id. */
  #action({ id }: Origin, hour: number): Buffer {
    const index = indexName(this.#indexPattern, hour * HOUR_MS);
    return Buffer.from(`{"create":{"_index":${JSON.stringify(index)},"_id":"${id}-`);
  }

  #constantsOf({ stream, path, pid, process, container }: Origin): Constants {
    const { podName, podNamespace, podUid, nodeName, containerName } = this.#resource;
    const attributes = {
      ...(stream === 'file' ? { 'log.file.path': path } : { 'log.iostream': stream }),
      ...(pid === 0 ? {} : { 'process.pid': pid }),
      ...(process === '' ? {} : { 'process.name': process }),
    };
    const resource = {
      'k8s.pod.name': podName,
      'k8s.namespace.name': podNamespace,
      'k8s.node.name': nodeName,
      'k8s.container.name': container || containerName,
      'k8s.pod.uid': podUid,
    };
    return {
      action: EMPTY,
      hour: Number.NaN,
      tail: Buffer.from(`,${JSON.stringify(attributes).slice(1)},"resource":${JSON.stringify(resource)}}\n`),
    };
  }
}

/** Fills `{yyyy.MM.dd}` and its like from the UTC time. */
export function indexName(pattern: string, timeMs: number): string {
  const [yyyy = '', MM = '', dd = '', HH = ''] = new Date(timeMs).toISOString().split(/[-T:]/);
  return pattern.replace(/\{([^{}]*)\}/g, (_, date: string) =>
    date.replace('yyyy', yyyy).replace('MM', MM).replace('dd', dd).replace('HH', HH),
  );
}
