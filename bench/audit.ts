/** The memory and the time of `logtap audit`, by the number of documents in a real OpenSearch. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startOpenSearch } from '../scripts/opensearch.js';
import { AuditMemory } from '../src/shipper/audit/audit-file.js';
import { AuditLog } from '../src/shipper/audit/audit-log.js';
import { claimsOf } from '../src/shipper/audit/claim.js';
import type { Origin, RecordBatch } from '../src/shipper/parts.js';
import { BatchBuilder } from '../src/shipper/records/batch-builder.js';
import { BulkEncoder } from '../src/shipper/sinks/opensearch/encoder.js';
import { mappingsOf, SCHEMAS } from '../src/shipper/sinks/opensearch/schema.js';
import { directory, print, root } from './workshop.js';

const BATCH = 5000;
const ORIGINS = 20;
const BEGIN_MS = Date.UTC(2026, 10, 28);
const RESOURCE = {
  podName: undefined,
  podNamespace: undefined,
  podUid: undefined,
  nodeName: undefined,
  containerName: undefined,
};

const origins = Array.from({ length: ORIGINS }, (_, i): Origin => {
  return { id: `${String(i).padStart(16, '0')}-1`, stream: 'stdout', pid: i + 1, process: 'app', container: 'web' };
});

function batchFrom(first: number): RecordBatch {
  const builder = new BatchBuilder();
  for (let i = first; i < first + BATCH; i++) {
    const bytes = Buffer.from(`INFO order=${i} took ${i % 97} ms, and was served by worker-${i % 8}`);
    const at = builder.copy(bytes, 0, bytes.length);
    builder.record(origins[i % ORIGINS]!, at, bytes.length, BEGIN_MS + i, i * 32768);
  }
  return builder.finish();
}

async function store(url: string, index: string, records: number): Promise<string> {
  const encoder = new BulkEncoder({ index, schema: 'otel', resource: RESOURCE });
  const text = new AuditMemory();
  const log = new AuditLog(text, { now: () => BEGIN_MS });
  const mappings = mappingsOf(SCHEMAS.otel, false);
  const headers = { 'content-type': 'application/json' };
  await fetch(`${url}/${index}`, { method: 'PUT', headers, body: JSON.stringify({ mappings }) });
  for (let first = 0; first < records; first += BATCH) {
    const batch = batchFrom(first);
    const request = log.sending('opensearch', claimsOf(batch, { withMessages: true }));
    const body = new Uint8Array(encoder.encode(batch, 0, batch.count, Number.POSITIVE_INFINITY).bytes);
    const response = await fetch(`${url}/_bulk?filter_path=errors`, { method: 'POST', headers, body });
    const { errors } = (await response.json()) as { errors: boolean };
    if (errors) throw new Error('not all records were stored');
    request.stored();
  }
  log.end({ balanced: true });
  const ledger = join(directory, `${index}.ndjson`);
  writeFileSync(ledger, text.read());
  return ledger;
}

async function measure(url: string, index: string, records: number): Promise<readonly string[]> {
  const ledger = await store(url, index, records);
  const begun = performance.now();
  const flags = ['audit', '--opensearch', url, '--index', index, '--ledger', ledger, '--quiet'];
  const child = spawn(process.execPath, [join(root, 'dist/cli/logtap.js'), ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let [peakKb, code, said] = [0, undefined as number | null | undefined, ''];
  child.stdout.on('data', (data) => {
    said += data;
  });
  child.once('exit', (exit) => {
    code = exit;
  });
  while (code === undefined) {
    await sleep(20);
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      peakKb = Math.max(peakKb, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
    } catch {
      // It has ended.
    }
  }
  if (code !== 0) throw new Error(`the audit ended with ${code}: ${said}`);
  const seconds = (performance.now() - begun) / 1000;
  return [String(records), String(Math.round(peakKb / 1024)), seconds.toFixed(1)];
}

export async function audit(): Promise<void> {
  const search = await startOpenSearch();
  try {
    const rows: (readonly string[])[] = [['documents', 'peak MiB', 'seconds']];
    for (const records of [10_000, 1_000_000]) rows.push(await measure(search.url, `audited-${records}`, records));
    print('logtap audit of OpenSearch', rows);
  } finally {
    await search.stop();
  }
}
