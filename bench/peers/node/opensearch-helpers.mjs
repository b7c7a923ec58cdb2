// helpers.bulk of the OpenSearch client, with its own bounds: 5 MB per request, five at a time.
//
//     node opensearch-helpers.mjs SOCKET URL opensearch [gzip]
import { Client } from '@opensearch-project/opensearch';
import { linesOf } from './lines-of.mjs';

const [path = '', node = '', , ...options] = process.argv.slice(2);
const client = new Client({ node, ...(options.includes('gzip') ? { compression: 'gzip' } : {}) });

async function* documents() {
  for await (const message of linesOf(path)) yield { '@timestamp': new Date().toISOString(), message };
}

await client.helpers.bulk({
  datasource: documents(),
  onDocument: () => ({ index: { _index: 'bench' } }),
  flushInterval: 1000,
  retries: 100,
});
