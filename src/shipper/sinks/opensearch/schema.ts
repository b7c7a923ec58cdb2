/**
 * The shapes of documents, and the mappings that belong to them. A message is always a string, and what an application
 * writes never becomes a field name: it cannot make two records of an index conflict, nor add to its fields.
 */
import type { OPENSEARCH_SCHEMAS } from '../../../catalog/sinks/opensearch.js';
import type { Origin } from '../../parts.js';

export type SchemaName = (typeof OPENSEARCH_SCHEMAS)[number];

/** The pod, as the settings describe it. */
export interface Resource {
  readonly podName: string | undefined;
  readonly podNamespace: string | undefined;
  readonly podUid: string | undefined;
  readonly nodeName: string | undefined;
  readonly containerName: string | undefined;
}

export interface Schema {
  /** Name of the field of the message; it follows `@timestamp`. */
  readonly message: string;
  /** JSON from the end of the message, or of `data`, to the number of the record in its origin. */
  readonly beforeSeq: string;
  /** JSON from that number to the end of the document. */
  afterSeq(origin: Origin, resource: Resource): string;
  /** Fields other than `@timestamp`, the message and `data`; dots separate objects. */
  readonly fields: Readonly<Record<string, 'keyword' | 'long'>>;
}

/** The part of an object between its braces, with a comma in front; fields without a value are left out. */
function members(fields: Readonly<Record<string, string | number | undefined | object>>): string {
  const json = JSON.stringify(fields).slice(1, -1);
  return json === '' ? '' : `,${json}`;
}

const known = (text: string): string | undefined => (text === '' ? undefined : text);
const knownId = (pid: number): number | undefined => (pid === 0 ? undefined : pid);

/** An object, unless it would be empty. */
function some<T extends object>(fields: T): T | undefined {
  return Object.values(fields).some((value) => value !== undefined) ? fields : undefined;
}

const otel: Schema = {
  message: 'body',
  beforeSeq: ',"attributes":{"log.record.seq":',
  afterSeq({ stream, path, pid, process, container }, resource) {
    const attributes = members({
      ...(stream === 'file' ? { 'log.file.path': path } : { 'log.iostream': stream }),
      'process.pid': knownId(pid),
      'process.name': known(process),
    });
    const about = {
      'k8s.pod.name': resource.podName,
      'k8s.namespace.name': resource.podNamespace,
      'k8s.node.name': resource.nodeName,
      'k8s.container.name': container || resource.containerName,
      'k8s.pod.uid': resource.podUid,
    };
    return `${attributes}}${members({ resource: about })}}`;
  },
  fields: {
    'severity.number': 'long',
    'severity.text': 'keyword',
    'instrumentationScope.name': 'keyword',
    traceId: 'keyword',
    spanId: 'keyword',
    'attributes.thread.name': 'keyword',
    'attributes.log.record.seq': 'long',
    'attributes.log.iostream': 'keyword',
    'attributes.log.file.path': 'keyword',
    'attributes.process.pid': 'long',
    'attributes.process.name': 'keyword',
    'resource.k8s.pod.name': 'keyword',
    'resource.k8s.namespace.name': 'keyword',
    'resource.k8s.node.name': 'keyword',
    'resource.k8s.container.name': 'keyword',
    'resource.k8s.pod.uid': 'keyword',
  },
};

const ECS_VERSION = '8.17.0';

const ecs: Schema = {
  message: 'message',
  beforeSeq: ',"event":{"sequence":',
  afterSeq({ stream, path, pid, process, container }, resource) {
    const name = container || resource.containerName;
    return `}${members({
      ecs: { version: ECS_VERSION },
      ...(stream === 'file' ? { log: { file: { path } } } : { stream }),
      process: some({ pid: knownId(pid), name: known(process) }),
      container: some({ name }),
      host: some({ name: resource.nodeName }),
      kubernetes: some({
        namespace: resource.podNamespace,
        pod: some({ name: resource.podName, uid: resource.podUid }),
        container: some({ name }),
        node: some({ name: resource.nodeName }),
      }),
    })}}`;
  },
  fields: {
    'ecs.version': 'keyword',
    'event.sequence': 'long',
    stream: 'keyword',
    'log.file.path': 'keyword',
    'log.level': 'keyword',
    'log.logger': 'keyword',
    'trace.id': 'keyword',
    'span.id': 'keyword',
    'process.thread.name': 'keyword',
    'process.pid': 'long',
    'process.name': 'keyword',
    'container.name': 'keyword',
    'host.name': 'keyword',
    'kubernetes.namespace': 'keyword',
    'kubernetes.pod.name': 'keyword',
    'kubernetes.pod.uid': 'keyword',
    'kubernetes.container.name': 'keyword',
    'kubernetes.node.name': 'keyword',
  },
};

/** The names of the sink `stdout`. */
const flat: Schema = {
  message: 'message',
  beforeSeq: ',"seq":',
  afterSeq({ stream, path, pid, process, container }, resource) {
    const name = container || resource.containerName;
    return `${members({
      pod_name: resource.podName,
      namespace: resource.podNamespace,
      nodename: resource.nodeName,
      stream,
      source: path ?? name,
      container_name: name,
      process: known(process),
      pid: knownId(pid),
    })}}`;
  },
  fields: {
    seq: 'long',
    level: 'keyword',
    logger: 'keyword',
    thread: 'keyword',
    trace_id: 'keyword',
    span_id: 'keyword',
    pod_name: 'keyword',
    namespace: 'keyword',
    nodename: 'keyword',
    stream: 'keyword',
    source: 'keyword',
    container_name: 'keyword',
    process: 'keyword',
    pid: 'long',
  },
};

export const SCHEMAS: Readonly<Record<SchemaName, Schema>> = { otel, ecs, flat };

/** For an index template. Nothing is added to these fields, with any content of documents. */
export function mappingsOf({ message, fields }: Schema, withData: boolean): Record<string, unknown> {
  return {
    dynamic: false,
    properties: {
      '@timestamp': { type: 'date_nanos' },
      [message]: { type: 'text' },
      ...(withData && { data: { type: 'flat_object' }, labels: { type: 'flat_object' } }),
      ...Object.fromEntries(
        // A longer path is stored and not indexed: a term has a limit.
        Object.entries(fields).map(([name, type]) => [
          name,
          type === 'keyword' ? { type, ignore_above: 8191 } : { type },
        ]),
      ),
    },
  };
}
