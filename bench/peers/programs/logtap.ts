/** The product, by each of its sources. Without a word in the row it does what it does by default: it joins events and reads fields. */
import { version } from '../../../package.json';
import { environment, nodeOptions } from '../../../scripts/image-process.js';
import { shipper } from '../../workshop.js';
import { AWS, type Command, LOG_GROUP, LOG_STREAM, type Peer, type Task } from '../peer.js';
import type { Row } from '../rows.js';

function sinkOf({ service, isGzip = false }: Row, url: string): Record<string, string> {
  if (service === 'opensearch')
    return {
      ...{ LOGTAP_SINK: 'opensearch', LOGTAP_OPENSEARCH_URL: url, LOGTAP_OPENSEARCH_INDEX: 'bench' },
      LOGTAP_OPENSEARCH_GZIP: String(isGzip),
    };
  return {
    ...{ LOGTAP_SINK: 'cloudwatch', LOGTAP_CLOUDWATCH_LOG_GROUP: LOG_GROUP, LOGTAP_CLOUDWATCH_LOG_STREAM: LOG_STREAM },
    ...{ ...AWS, AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: url, LOGTAP_CLOUDWATCH_GZIP: String(isGzip) },
  };
}

function commandOf(source: 'socket' | 'rings', { row, directory, input, url, caFile }: Task): Command {
  const where =
    source === 'rings'
      ? { LOGTAP_RING_DIR: input, LOGTAP_SOCKET: `${directory}/frames.sock` }
      : { LOGTAP_SOCKET: input };
  return {
    command: process.execPath,
    args: [...nodeOptions, shipper],
    env: {
      ...environment,
      ...{ ...where, LOGTAP_STATUS_PORT: 'off', LOGTAP_GRACE_SECONDS: '5', ...sinkOf(row, url) },
      ...(row.bufferMib === undefined ? {} : { LOGTAP_MEMORY_MAX_BYTES: String(row.bufferMib * 2 ** 20) }),
      ...(row.hasStages ? { LOGTAP_REDACT: 'card' } : {}),
      ...(row.isBare ? { LOGTAP_EVENTS: 'off', LOGTAP_FIELDS: 'off' } : {}),
      ...(caFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: caFile }),
    },
  };
}

const product = (name: string, input: 'socket' | 'rings'): Peer => ({
  name,
  input,
  find: () => ({ program: shipper, version: `${version}, Node ${process.versions.node}` }),
  command: (task) => commandOf(input, task),
});

export const logtapSocket = product('logtap-socket', 'socket');
export const logtapRings = product('logtap-rings', 'rings');
