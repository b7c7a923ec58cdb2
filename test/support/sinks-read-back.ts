/** Reads back, with the services' own clients, what has arrived in them. */
import { CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';

/** Static keys: an emulator takes any, and tests must not depend on the machine's own. */
export const AWS_ENV = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
} as const;

export interface Stored {
  readonly id: string;
  readonly body: string;
  readonly stream: string;
  readonly path: string | undefined;
}

interface Hit {
  readonly _id: string;
  readonly sort: readonly unknown[];
  readonly _source: {
    readonly body: string;
    readonly attributes: { readonly 'log.iostream'?: string; readonly 'log.file.path'?: string };
  };
}

/** An index that is not there yet has no documents. */
const IF_THERE = 'ignore_unavailable=true';

async function ask(url: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return JSON.parse(text);
}

/** How many documents an index pattern holds now; 0 where there is no such index yet. */
export async function countInOpenSearch(url: string, index: string): Promise<number> {
  await ask(`${url}/${index}/_refresh?${IF_THERE}`);
  return ((await ask(`${url}/${index}/_count?${IF_THERE}`)) as { count: number }).count;
}

/** All documents of an index pattern, in the order in which each process wrote them. */
export async function readOpenSearch(url: string, index: string): Promise<Stored[]> {
  const stored: Stored[] = [];
  for await (const page of pagesOfOpenSearch(url, index)) stored.push(...page);
  return stored;
}

/** The same in pages, process by process. */
export async function* pagesOfOpenSearch(url: string, index: string): AsyncGenerator<readonly Stored[]> {
  await ask(`${url}/${index}/_refresh?${IF_THERE}`);
  const pid = 'attributes.process.pid';
  const { aggregations } = (await ask(`${url}/${index}/_search?${IF_THERE}`, {
    size: 0,
    aggs: { pids: { terms: { field: pid, size: 10_000, order: { _key: 'asc' } } } },
  })) as { aggregations?: { pids: { buckets: readonly { key: number }[] } } };
  // A pattern that no index has matches nothing.
  for (const { key } of aggregations?.pids.buckets ?? []) {
    let after: readonly unknown[] | undefined;
    for (;;) {
      // One field to sort by, and no total: so a page costs as much as it holds, not as much as the index.
      const { hits } = (await ask(`${url}/${index}/_search?${IF_THERE}`, {
        size: 10_000,
        track_total_hits: false,
        query: { bool: { filter: { term: { [pid]: key } } } },
        sort: [{ 'attributes.log.record.seq': 'asc' }],
        ...(after === undefined ? {} : { search_after: after }),
      })) as { hits: { hits: readonly Hit[] } };
      if (hits.hits.length === 0) break;
      after = hits.hits.at(-1)?.sort;
      yield hits.hits.map(({ _id, _source }) => ({
        id: _id,
        body: _source.body,
        stream: _source.attributes['log.iostream'] ?? 'file',
        path: _source.attributes['log.file.path'],
      }));
    }
  }
}

/** An event as GetLogEvents gives it. Times are milliseconds since 1970. */
export interface StoredEvent {
  readonly message: string;
  readonly timestamp: number;
  readonly ingestionTime: number;
}

/** All messages of one log stream, from the oldest on, as GetLogEvents gives them. */
export async function readCloudWatch(endpoint: string, logGroupName: string, logStreamName: string): Promise<string[]> {
  return (await eventsOfCloudWatch(endpoint, logGroupName, logStreamName)).map(({ message }) => message);
}

/** The same with their times. */
export async function eventsOfCloudWatch(endpoint: string, group: string, stream: string): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  await readFrom(undefined, endpoint, group, stream, (page) => events.push(...page));
  return events;
}

/** Tells how many events a log stream holds. Each call reads the new ones only: a test may call it again and again. */
export function countInCloudWatch(endpoint: string, group: string, stream: string): () => Promise<number> {
  let count = 0;
  let token: string | undefined;
  return async () => {
    token = await readFrom(token, endpoint, group, stream, (page) => {
      count += page.length;
    });
    return count;
  };
}

/** From the end that the token gives, or the oldest event, up to the newest one. Returns the token of that end. */
async function readFrom(
  token: string | undefined,
  endpoint: string,
  logGroupName: string,
  logStreamName: string,
  onPage: (events: readonly StoredEvent[]) => void,
): Promise<string | undefined> {
  const client = new CloudWatchLogsClient({
    endpoint,
    region: AWS_ENV.AWS_REGION,
    credentials: { accessKeyId: AWS_ENV.AWS_ACCESS_KEY_ID, secretAccessKey: AWS_ENV.AWS_SECRET_ACCESS_KEY },
  });
  try {
    let nextToken = token;
    for (;;) {
      const page = await client.send(
        new GetLogEventsCommand({
          logGroupName,
          logStreamName,
          startFromHead: true,
          ...(nextToken ? { nextToken } : {}),
        }),
      );
      const events = page.events ?? [];
      onPage(
        events.map(({ message = '', timestamp = 0, ingestionTime = 0 }) => ({ message, timestamp, ingestionTime })),
      );
      // The end is reached when the token repeats.
      if (page.nextForwardToken === nextToken) return nextToken;
      nextToken = page.nextForwardToken;
    }
  } finally {
    client.destroy();
  }
}
