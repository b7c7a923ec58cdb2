/** Names of log streams: a template that is filled from the pod and from the origin of each record. */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { LOG_STREAM_FIELD, type LogStreamField } from '../../../catalog/values/service-names.js';
import { ConfigError } from '../../errors.js';
import type { Origin, RecordBatch } from '../../parts.js';
import type { Settings } from '../../settings.js';

type Pod = Pick<Settings, 'podName' | 'podNamespace' | 'podUid' | 'nodeName' | 'containerName'>;

/** Longest name of a log stream. */
const NAME_MAX = 512;
const HASH_LENGTH = 8;
const VARIABLES = { namespace: 'POD_NAMESPACE', pod: 'POD_NAME', uid: 'POD_UID', node: 'NODE_NAME' } as const;

/** The records of a batch that go into one stream, as indexes. */
export interface StreamRecords {
  readonly logStream: string;
  readonly records: readonly number[];
}

export class LogStreams {
  readonly #template: string;
  readonly #containerName: string | undefined;

  /** Throws a ConfigError where the template names what is not known of the pod. */
  constructor(template: string | undefined, pod: Pod) {
    const values: Partial<Record<LogStreamField, string | undefined>> = {
      namespace: pod.podNamespace,
      pod: pod.podName,
      uid: pod.podUid,
      node: pod.nodeName,
    };
    this.#containerName = pod.containerName;
    this.isOwn = template === undefined || /\{(pod|uid)\}/.test(template);
    this.#template =
      template?.replaceAll(LOG_STREAM_FIELD, (braces, field: LogStreamField) => {
        if (field === 'container' || field === 'stream') return braces;
        const value = values[field];
        if (value !== undefined) return value;
        throw new ConfigError([
          `LOGTAP_CLOUDWATCH_LOG_STREAM=${template} needs ${VARIABLES[field]}, which is not set. Set it from the pod's fields, or leave ${braces} out.`,
        ]);
      }) ?? (pod.podName === undefined ? hostname() : [pod.podNamespace, pod.podName].filter(Boolean).join('/'));
  }

  /** The name for records of any origin, with stand-ins for what only an origin knows. */
  get example(): string {
    return this.#nameFor({ container: '', stream: 'stdout' });
  }

  /** Whether the name is that of one pod, so that no other shipper writes to the stream. */
  readonly isOwn: boolean;

  /** Whether all records go into the same one. */
  get isOne(): boolean {
    return !/\{(container|stream)\}/.test(this.#template);
  }

  /** The name for each record of a batch. */
  of({ origins, origin, count }: RecordBatch): readonly string[] {
    const names = origins.map((each) => this.#nameFor(each));
    return Array.from({ length: count }, (_, i) => names[origin[i]!]!);
  }

  /** The streams of a batch, in the order of their first records. */
  partition({ origins, origin, count }: RecordBatch): readonly StreamRecords[] {
    const names = origins.map((each) => this.#nameFor(each));
    const [logStream = ''] = names;
    if (count > 0 && names.every((name) => name === logStream)) {
      const records = new Array<number>(count);
      for (let i = 0; i < count; i++) records[i] = i;
      return [{ logStream, records }];
    }
    const streams = new Map<string, number[]>();
    for (let i = 0; i < count; i++) {
      const name = names[origin[i]!]!;
      const records = streams.get(name);
      if (records === undefined) streams.set(name, [i]);
      else records.push(i);
    }
    return [...streams].map(([logStream, records]) => ({ logStream, records }));
  }

  #nameFor({ container, stream }: Pick<Origin, 'container' | 'stream'>): string {
    const own = { container: container || this.#containerName || 'unknown', stream };
    return clean(
      this.#template.replaceAll(/\{(container|stream)\}/g, (_, field: 'container' | 'stream') => own[field]),
    );
  }
}

/** What the service takes as a name. Two names must not become one, so a changed one ends in a hash. */
function clean(name: string): string {
  const allowed = name.replace(/[:*]/g, '-');
  if (allowed === name && name.length <= NAME_MAX) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_LENGTH);
  return `${allowed.slice(0, NAME_MAX - HASH_LENGTH - 1)}-${hash}`;
}
