/** The file sink opened again: what a shipper that was killed left behind spoils no line. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatchBuilder } from '../../../../src/shipper/record-batch.js';
import { Secrets } from '../../../../src/shipper/secrets.js';
import { parseSettings } from '../../../../src/shipper/settings.js';
import { openFile } from '../../../../src/shipper/sinks/file.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'logtap-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

async function append(path: string, message: string): Promise<void> {
  const settings = parseSettings({ LOGTAP_SINK: 'file', LOGTAP_FILE_PATH: path }, () => {});
  const sink = openFile({ settings, secrets: new Secrets(), onRequest: () => {}, onNotice: () => {} });
  const builder = new BatchBuilder();
  const origin = { id: 'a-1', stream: 'stdout', pid: 1, process: 'app', container: 'app' } as const;
  const bytes = Buffer.from(message);
  builder.record(origin, builder.copy(bytes, 0, bytes.length), bytes.length, 0, 1);
  await sink.send(builder.finish(), new AbortController().signal);
  await sink.close();
}

test.each([
  ['half a line', '{"message":"first"}\n{"mess', ['{"message":"first"}', '{"mess']],
  ['whole lines', '{"message":"first"}\n', ['{"message":"first"}']],
  ['nothing', '', []],
])('after %s', async (_, before, left) => {
  const path = join(directory, 'out');
  writeFileSync(path, before);
  await append(path, 'next');
  const lines = readFileSync(path, 'utf8').split('\n');
  expect(lines.slice(0, -2)).toEqual(left);
  expect(JSON.parse(lines.at(-2)!)).toMatchObject({ message: 'next' });
});
