/** Two S3 sinks of a pod write to the same place, and each has its own note of the records that are under way. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '../../../../src/shipper/log.js';
import { openSinks } from '../../../../src/shipper/open-deliveries.js';
import { Secrets } from '../../../../src/shipper/secrets.js';
import { parseSettings } from '../../../../src/shipper/settings.js';
import { batchOf, stdoutOrigin } from '../../../support/batches.js';

const NAMES = { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-central-1' };

test('one sink neither replaces nor removes the note of the other', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'logtap-s3-notes-'));
  const server = createServer((request, response) => request.resume().on('end', () => response.writeHead(503).end()));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  Object.assign(process.env, NAMES);
  try {
    const env = {
      ...{ ...NAMES, LOGTAP_SINK: 's3', LOGTAP_S3_BUCKET: 'archive', LOGTAP_SPOOL_DIR: directory },
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      LOGTAP_CONTAINER_SETTINGS: JSON.stringify({ audit: { LOGTAP_S3_STORAGE_CLASS: 'GLACIER' } }),
    };
    const settings = parseSettings(env, () => {});
    const log = createLog({ write: () => {}, now: Date.now });
    const sinks = await openSinks({ settings, log, secrets: new Secrets() });
    const origin = (container: string) => ({ ...stdoutOrigin, container });
    const batch = batchOf([
      { message: 'w', origin: origin('web') },
      { message: 'a', origin: origin('audit') },
    ]);
    for (const sink of sinks) expect((await sink.send(batch, new AbortController().signal)).retry).toHaveLength(1);
    expect(readdirSync(directory)).toHaveLength(2);
    for (const sink of sinks) await sink.close();
  } finally {
    for (const name of Object.keys(NAMES)) delete process.env[name];
    server.close();
    rmSync(directory, { recursive: true });
  }
});
