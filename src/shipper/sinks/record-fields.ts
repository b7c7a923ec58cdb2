/** What records say of where they come from, under the names of the sinks that write records as they are. */
import type { Origin } from '../parts.js';
import type { Settings } from '../settings.js';

export type Metadata = Pick<Settings, 'podName' | 'podNamespace' | 'nodeName' | 'containerName'>;

/** The same for all records of an origin. */
export function fieldsOf(
  { stream, path, container, process, pid }: Origin,
  metadata: Metadata,
  labels?: Readonly<Record<string, string>>,
) {
  const { podName = '', podNamespace = '', nodeName = '', containerName = '' } = metadata;
  const name = container || containerName;
  return {
    pod_name: podName,
    namespace: podNamespace,
    nodename: nodeName,
    stream,
    source: path ?? name,
    ...(name === '' ? {} : { container_name: name }),
    ...(process === '' ? {} : { process }),
    ...(pid === 0 ? {} : { pid }),
    ...(labels === undefined ? {} : { labels }),
  };
}
