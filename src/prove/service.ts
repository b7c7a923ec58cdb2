/** The service of a proof: the settings that select it, and the lines of the proof that it has. */

import { Ledgers, readLedgers } from '../audit/ledgers.js';
import { CloudWatchReader } from '../audit/service/cloudwatch.js';
import { OpenSearchReader } from '../audit/service/opensearch.js';
import { untilRead } from '../audit/service/unreadable.js';
import type { AuditRequest } from '../cli/audit/audit-module.js';
import type { Certificate, ProofRequest } from '../cli/prove/prove-module.js';
import { Secrets } from '../shipper/secrets.js';
import { type LineFinder, Seen } from './lines.js';

type Environment = Readonly<Record<string, string | undefined>>;
type Target = ProofRequest['service'];

/** Minutes since 1970, the last one excluded. */
interface Window {
  readonly from: number;
  readonly to: number;
}

export interface StoredLines {
  readonly name: Certificate['service'];
  /** The service as an audit names it. */
  readonly audited: AuditRequest['service'];
  /** Events of CloudWatch Logs can be read some seconds after they were accepted. */
  readonly settleMs: number;
  /** Throws an UnreadableError where it does not answer, or may not be read: a proof would find that out at its end. */
  mustAnswer(window: Window): Promise<void>;
  find(finder: LineFinder, window: Window): Promise<Seen>;
  close(): Promise<void>;
}

/** Settings that select the service, whatever the environment has. */
export function settingsOf(service: Target): Record<string, string> {
  if (service.kind === 'cloudwatch') return { LOGTAP_SINK: service.kind, LOGTAP_CLOUDWATCH_LOG_GROUP: service.group };
  return {
    LOGTAP_SINK: service.kind,
    LOGTAP_OPENSEARCH_URL: service.url,
    ...(service.index !== undefined && { LOGTAP_OPENSEARCH_INDEX: service.index }),
  };
}

/**
 * Reads the service with the settings of the shipper. Throws a ConfigError for a wrong one.
 *
 * @param ledger the file of the audit ledger, which names log streams
 */
export function storedLinesIn(service: Target, env: Environment, ledger: string): StoredLines {
  return service.kind === 'opensearch' ? inOpenSearch(service.url, env) : inCloudWatch(service.group, env, ledger);
}

function inOpenSearch(url: string, env: Environment): StoredLines {
  const reader = new OpenSearchReader({
    ...{ url, index: undefined, env, secrets: Secrets.of(env) },
    onNotice: () => {},
  });
  const { index } = reader;
  return {
    name: { url: withoutUser(url), index },
    audited: { kind: 'opensearch', url, index },
    settleMs: 0,
    async mustAnswer(window) {
      for await (const _ of reader.pages(window)) return;
    },
    find: (finder, window) =>
      untilRead(
        async () => {
          const stored = new Seen();
          for await (const { records } of reader.pages(window)) {
            for (const { message } of records) stored.addAll(finder.find(message.toString('utf8')));
          }
          return stored;
        },
        { onNotice: () => {} },
      ),
    close: () => reader.close(),
  };
}

/** The same time after which the shipper takes an event to be absent: docs/decisions/0025. */
const CLOUDWATCH_SETTLE_MS = 10_000;

function inCloudWatch(given: string, env: Environment, ledger: string): StoredLines {
  const reader = new CloudWatchReader({ group: given, env, secrets: Secrets.of(env) });
  const group = reader.target;
  return {
    name: { logGroup: group },
    audited: { kind: 'cloudwatch', group },
    settleMs: CLOUDWATCH_SETTLE_MS,
    async mustAnswer(window) {
      // No stream has the name: the right to read is asked for before that.
      for await (const _ of reader.pages('logtap-proof', window)) return;
    },
    async find(finder, window) {
      const stored = new Seen();
      const claims = new Ledgers(await readLedgers({ ledgers: [ledger] })).of('cloudwatch');
      const streams = new Set([...claims.stored, ...claims.open].map(({ claim }) => claim.of));
      for (const stream of streams) {
        for await (const { events } of reader.pages(stream, window)) {
          for (const { message } of events) stored.addAll(finder.find(message.toString('utf8')));
        }
      }
      return stored;
    },
    close: async () => reader.close(),
  };
}

function withoutUser(url: string): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
}
