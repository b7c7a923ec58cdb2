/** An audit of OpenSearch, part by part. */
import type { AuditRequest } from '../cli/audit/audit-module.js';
import type { Secrets } from '../shipper/secrets.js';
import { type Entry, ExactAudit } from './exact.js';
import type { Findings } from './findings.js';
import { compare } from './judge.js';
import { Ledgers, type LedgerTexts } from './ledgers.js';
import type { Progress } from './resume.js';
import { OpenSearchReader } from './service/opensearch.js';
import type { Window } from './service/stored.js';
import { untilRead } from './service/unreadable.js';
import { addLedgerFindings, settledIn, sinkOf, windowOf } from './window.js';

export interface AuditTools {
  readonly request: AuditRequest;
  readonly secrets: Secrets;
  readonly save: (progress: Progress) => void;
  readonly readAgain: () => Promise<LedgerTexts>;
}

export interface Audited {
  readonly findings: Findings;
  readonly ledgers: Ledgers;
}

/** The progress is saved, and told, after so many documents. */
const STEP = 10_000;

export async function auditOpenSearch(
  { url, index }: { readonly url: string; readonly index?: string | undefined },
  begun: Progress,
  tools: AuditTools,
): Promise<Audited> {
  const { env, onProgress } = tools.request;
  const reader = new OpenSearchReader({ url, index, env, secrets: tools.secrets, onNotice: onProgress });
  // A failure of the service is as a kill: another part continues from the progress.
  let progress = begun;
  const save = (next: Progress) => {
    progress = next;
    tools.save(next);
  };
  try {
    return await untilRead(() => auditPart(reader, progress, { ...tools, save }), {
      onNotice: onProgress,
      progress: () => progress.minute ?? 0,
    });
  } finally {
    await reader.close();
  }
}

async function auditPart(
  reader: OpenSearchReader,
  begun: Progress,
  { request, save, readAgain }: AuditTools,
): Promise<Audited> {
  const { onProgress } = request;
  const sink = sinkOf(request);
  const { window } = begun;
  const from = begun.minute ?? window.from;
  await reader.mustBeOpen();
  const pages = reader.pages({ from, to: window.to });
  // The first answer fixes the view of the service: what was noted before it is there.
  const first = await pages.next();
  const { isNothingThere } = reader;
  const before = new Ledgers(begun.ledgers);
  const ledgers = before.isFinal ? before : new Ledgers(await readAgain());
  const inWindow = windowOf(ledgers, sink, request);
  const audit = new ExactAudit(inWindow.ledger, settledIn(before.of(sink).stored), begun.exact);
  await readAll(audit, first, pages, {
    window: { from, to: window.to },
    onProgress,
    save: (minute) => save({ ...begun, minute, exact: audit.state }),
  });
  const findings = audit.end();
  await nameAltered(audit.entries, findings, reader);
  addLedgerFindings(findings, ledgers, { ...inWindow, sink });
  if (isNothingThere && findings.claimed > 0) {
    const reason = `no index has the name ${reader.index}: was it deleted? Or name another one with --index`;
    findings.unproven.add({ kind: 'not_there', records: 0, reason });
  }
  return { findings, ledgers };
}

type Pages = ReturnType<OpenSearchReader['pages']>;

async function readAll(
  audit: ExactAudit,
  first: Awaited<ReturnType<Pages['next']>>,
  pages: Pages,
  {
    onProgress,
    save,
    window,
  }: {
    readonly onProgress: (message: string) => void;
    readonly save: (minute: number) => void;
    readonly window: Window;
  },
): Promise<void> {
  let [read, told, minute] = [0, 0, window.from];
  for (let page = first; page.done !== true; page = await pages.next()) {
    for (const record of page.value.records) {
      const next = Math.floor(record.timeMs / 60_000);
      // Only between minutes: a part that resumes begins with a whole one.
      if (next > minute && read - told >= STEP) {
        told = read;
        save(next);
        onProgress(`${read} of ${page.value.total} documents compared, up to ${new Date(next * 60_000).toISOString()}`);
      }
      minute = Math.max(minute, next);
      audit.record(record);
      read += 1;
    }
  }
}

/** Claims whose altered record is looked for, and places that it may have. */
const NAMED_MAX = 20;

/** Reads the minutes of claims with an altered record once more, to say which one it is. */
async function nameAltered(entries: readonly Entry[], findings: Findings, reader: OpenSearchReader): Promise<void> {
  const { listed } = findings.unexplained;
  const altered = entries.filter(
    ({ claim, found, isSettled }) => isSettled && compare(claim, found.claim)?.kind === 'altered',
  );
  for (const { claim, run, found } of altered.slice(0, NAMED_MAX)) {
    const { isAltered } = compare(claim, found.claim)!;
    const places: number[] = [];
    const ids: string[] = [];
    for await (const { records } of reader.pages({ from: claim.minute, to: claim.lastMinute + 1 })) {
      for (const { of, place, id } of records) {
        if (
          of !== claim.of ||
          place < claim.from ||
          place > claim.to ||
          !isAltered!(place) ||
          places.length >= NAMED_MAX
        )
          continue;
        places.push(place);
        ids.push(id);
      }
    }
    const at = listed.findIndex(
      (each) => each.kind === 'altered' && each.run === run && each.of === claim.of && each.from === claim.from,
    );
    if (at >= 0 && places.length > 0) listed[at] = { ...listed[at]!, places, ids };
  }
}
