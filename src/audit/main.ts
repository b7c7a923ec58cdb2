/** The bundle behind `logtap audit`: reads ledgers and a service, compares them, and reports. */
import type { AuditModule, AuditRequest } from '../cli/audit/audit-module.js';
import { Secrets } from '../shipper/secrets.js';
import { auditCloudWatch } from './audit-cloudwatch.js';
import { auditOpenSearch } from './audit-opensearch.js';
import { Ledgers, readLedgers } from './ledgers.js';
import { report } from './report.js';
import { type Progress, readProgress, removeProgress, writeProgress } from './resume.js';
import { sinkOf, windowOf } from './window.js';

const audit: AuditModule['audit'] = async (request) => {
  const { service, resume, format } = request;
  const name = service.kind === 'opensearch' ? service.url : service.group;
  const known = resume === undefined ? undefined : readProgress(resume, subjectOf(request));
  const begun = known ?? (await begin(request));
  const save = (progress: Progress) => {
    if (resume !== undefined) writeProgress(resume, progress);
  };
  // A file that cannot be written is reported now, not after an hour.
  save(begun);
  const secrets = Secrets.of(process.env);
  const tools = { request, secrets, save, readAgain: () => readLedgers(request, begun.ledgers) };
  const { findings, ledgers } = await (service.kind === 'opensearch'
    ? auditOpenSearch(service, begun, tools)
    : auditCloudWatch(service, begun, tools));
  const { ledger } = windowOf(ledgers, sinkOf(request), request);
  const answer = report({ service: name, window: begun.window, ledgers, ledger, findings }, format);
  if (resume !== undefined) removeProgress(resume);
  return answer;
};

async function begin(request: AuditRequest): Promise<Progress> {
  const ledgers = await readLedgers(request);
  const { window } = windowOf(new Ledgers(ledgers), sinkOf(request), request);
  return { of: subjectOf(request), window, ledgers };
}

/** What an audit is about: a later part must be about the same. */
function subjectOf({ service, sink, ledgers, pods, sinceMs, untilMs }: AuditRequest): string {
  const time = (ms: number | undefined) => (ms === undefined ? '' : new Date(ms).toISOString());
  const what = service.kind === 'opensearch' ? [service.url, service.index ?? ''] : [service.group];
  const given = [...(sink === undefined ? [] : [sink]), ...ledgers, ...(pods ? [pods.selection] : [])];
  return [...what, `${time(sinceMs)}/${time(untilMs)}`, ...given].join(' ');
}

export { audit };
