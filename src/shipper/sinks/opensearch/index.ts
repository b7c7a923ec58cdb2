/** OpenSearch, and other services that speak `_bulk`: settings to a sink. */

import { FieldReader } from '../../fields/reader.js';
import { Labels } from '../../labels/labels.js';
import type { Sink } from '../../parts.js';
import type { SinkContext } from '../sink-context.js';
import { OpenSearchConnection } from './connection.js';
import { BulkEncoder } from './encoder.js';
import type { OpenSearchSettings } from './settings.js';
import { OpenSearchSink } from './sink.js';

/** Throws a ConfigError when a file that a setting names cannot be read. */
export function openOpenSearch(context: SinkContext<OpenSearchSettings>): Sink {
  const { settings, onNotice } = context;
  const connection = new OpenSearchConnection(context);
  const encoder = new BulkEncoder({
    index: settings.opensearchDataStream ?? settings.opensearchIndex,
    isDataStream: settings.opensearchDataStream !== undefined,
    schema: settings.opensearchSchema,
    resource: settings,
    fields: new FieldReader(settings),
    labels: new Labels(settings),
  });
  /** The official client is large; it loads only where something has to be made. */
  const setUp = async (signal: AbortSignal) => {
    const { setUpOpenSearch } = await import('./setup.js');
    const { identity, network } = connection;
    return setUpOpenSearch({ settings, identity, network, onNotice }, signal);
  };
  return new OpenSearchSink({
    target: connection.target,
    encoder,
    post: (body, signal, onProgress) => connection.bulk(body, signal, onProgress),
    get: (body, signal) => connection.get(body, signal),
    prepare: settings.opensearchSetup ? setUp : undefined,
    // Without its template an ordinary index would be made in the place of a data stream.
    mustPrepare: settings.opensearchDataStream !== undefined,
    onNotice,
    onClose: () => connection.close(),
  });
}
