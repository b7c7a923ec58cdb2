/** An audit of CloudWatch Logs, stream by stream. */

import { claimOf, lineOf } from '../shipper/audit/claim.js';
import type { Audited, AuditTools } from './audit-opensearch.js';
import { Ledgers } from './ledgers.js';
import type { Progress } from './resume.js';
import { CloudWatchReader } from './service/cloudwatch.js';
import { SumAudit } from './sums.js';
import { addLedgerFindings, settledIn, sinkOf, windowOf } from './window.js';

export async function auditCloudWatch(
  { group }: { readonly group: string },
  begun: Progress,
  { request, secrets, save, readAgain }: AuditTools,
): Promise<Audited> {
  const { env, onProgress } = request;
  const { window } = begun;
  const reader = new CloudWatchReader({ group, env, secrets });
  try {
    const before = new Ledgers(begun.ledgers);
    const { ledger: known } = windowOf(before, sinkOf(request), request);
    const streams = [...new Set([...known.stored, ...known.open].map(({ claim }) => claim.of))].sort();
    const audit = new SumAudit((begun.found ?? []).map(claimOf).filter((claim) => claim !== undefined));
    const read = new Set(begun.streams);
    let events = 0;
    for (const stream of streams) {
      if (read.has(stream)) continue;
      const token = stream === begun.stream ? begun.token : undefined;
      for await (const page of reader.pages(stream, window, token)) {
        for (const event of page.events) audit.event(stream, event);
        events += page.events.length;
        if (page.events.length === 0 || page.token === undefined) continue;
        save({ ...begun, streams: [...read], stream, token: page.token, found: audit.found.map(lineOf) });
        onProgress(`${events} events compared, ${read.size} of ${streams.length} streams done`);
      }
      read.add(stream);
    }
    const ledgers = before.isFinal ? before : new Ledgers(await readAgain());
    const inWindow = windowOf(ledgers, sinkOf(request), request);
    const isSettled = settledIn(known.stored);
    const findings = audit.end(inWindow.ledger, isSettled);
    addLedgerFindings(findings, ledgers, { ...inWindow, sink: sinkOf(request) });
    if (findings.unexplained.findings > 0) {
      for (const reason of reader.absent) findings.unproven.add({ kind: 'not_there', records: 0, reason });
    }
    return { findings, ledgers };
  } finally {
    reader.close();
  }
}
