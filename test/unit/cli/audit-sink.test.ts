/** `logtap audit --sink`: a sink of another service would be compared with nothing of this one. */
import { PassThrough } from 'node:stream';
import { auditCommand } from '../../../src/cli/audit/audit.js';

const io = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };

test.each([
  [
    ['--opensearch', 'http://localhost:9200', '--sink', 'cloudwatch@web'],
    'must be opensearch, or opensearch@CONTAINER',
  ],
  [
    ['--opensearch', 'http://localhost:9200', '--sink', 'opensearch-web'],
    'must be opensearch, or opensearch@CONTAINER',
  ],
  [['--cloudwatch', '/shop', '--sink', 'web'], 'must be cloudwatch, or cloudwatch@CONTAINER'],
])('%j is refused', async (args, rule) => {
  await expect(auditCommand([...args, '--ledger', 'audit.ndjson'], io)).rejects.toThrow(rule);
});
