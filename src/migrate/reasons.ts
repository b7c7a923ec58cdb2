/** Reasons that several kinds of input share. */
export const WHY = {
  position: 'the library captures writes, so that no position in a file is stored',
  rotation: 'the library follows rotation and truncation by itself',
  whole: 'every write is captured from the start of the application',
  discovery: 'a file is found when the application opens it, without polling',
  lines: 'a record has up to 1,000,000 bytes (LOGTAP_LINE_MAX_BYTES), and a longer line is divided, not skipped',
  retry: 'the shipper retries without limit, and releases a record only after the service has acknowledged it',
  batches: 'the shipper sizes its batches and requests by the limits of the service',
  network: 'the shipper has its own timeouts and keeps its connections',
  threads: 'the shipper is one process with its own concurrency',
  ownLog: 'the shipper has its own log and status port',
  pod: 'every record has the names of the pod, the namespace, the node and the container',
  envelope: 'the library captures what the application writes, without the envelope of a container runtime',
  ids: 'ids of documents derive from the identity of each record, so that a retry creates no duplicate',
  stage: 'write a stage module, `stage`, that does it (docs/guides/halve-the-bill.md)',
  fields:
    'fields are read from JSON, logfmt and known layouts of logging libraries; for another layout, write a stage module',
  identity: 'give the role to the service account of the pod (docs/guides/credentials.md)',
} as const;
