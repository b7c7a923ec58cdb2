/** Services that fail as a test tells them to: a real engine, a referee of documented limits, and an emulator. */

import { createAuthority } from '../../scripts/certificates.js';
import { startCloudWatch } from '../../scripts/cloudwatch.js';
import { startOpenSearch } from '../../scripts/opensearch.js';
import { CloudWatchFake } from './cloudwatch-fake.js';
import { Door } from './door.js';
import { type Exchange, startFront } from './opensearch-front.js';
import { temporaryDirectory } from './run.js';
import { AWS_ENV, pagesOfOpenSearch, readCloudWatch, readOpenSearch } from './sinks-read-back.js';

/** `cloudwatch` is the referee of the documented limits, `moto` the emulator. */
export const SINKS = ['opensearch', 'cloudwatch', 'moto'] as const;
export type SinkName = (typeof SINKS)[number];

/** A name that resolves where a test says so. */
export const HOST = 'service.logtap.test';

/** Happens to a request; the service answers it where nothing has. */
export type RequestFault = (exchange: Exchange) => unknown;

/** How a shipper reaches a service: by its address, by HOST, or by TLS. */
export type Route = 'address' | 'name' | 'TLS';

/** A service behind a TCP relay and an HTTP server, both of which inject faults. */
export interface Service {
  settings(route?: Route): Readonly<Record<string, string>>;
  /** Happens to every request, until it is `undefined`. */
  fault: RequestFault | undefined;
  /** Requests so far that carried records. */
  requests(): number;
  /** In front of the plain service, and in front of TLS. */
  readonly door: Door;
  readonly tlsDoor: Door;
  /** Of the service itself, without faults. */
  readonly url: string;
  /** Where it keeps the present records, for OpenSearch. */
  index(): string;
  /** The referee alone. */
  readonly referee?: CloudWatchFake;
  /** Every message that is stored, as often as it is. */
  stored(): Promise<string[]>;
  /**
   * Gives each stored message as often as it is stored, in bounded memory. The referee forgets it then: not before a shipper, also one
   * after a kill, has looked for it, unless it `isLast`. moto does not have it.
   */
  takeStored?(take: (message: string) => void, isLast: boolean): Promise<void>;
  /** Forgets all that is stored. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

/** Longer than lines wait in rings. */
const LOOKED_FOR_MS = 60_000;

/** Below which every service stores. */
const [GROUP, STREAM] = ['/test/faults', 'a/b'];

export async function startService(sink: SinkName): Promise<Service> {
  if (sink === 'opensearch') return startSearch();
  return sink === 'cloudwatch' ? startReferee() : startMoto();
}

async function startSearch(): Promise<Service> {
  const engine = await startOpenSearch();
  let number = 0;
  const index = () => `faults-${String(number).padStart(4, '0')}`;
  const front = await behindFront(engine.url, ({ path }) => path.includes('_bulk'));
  return Object.assign(front.service, {
    settings: (route: Route = 'address') => ({
      LOGTAP_SINK: 'opensearch',
      LOGTAP_OPENSEARCH_URL: front.urlOf(route),
      LOGTAP_OPENSEARCH_INDEX: index(),
      ...(route === 'TLS' && { LOGTAP_OPENSEARCH_CA_FILE: front.caFile }),
    }),
    index,
    // A pattern: an index that nothing was sent to does not exist.
    stored: async () => (await readOpenSearch(engine.url, `${index()}*`)).map(({ body }) => body),
    async takeStored(take: (message: string) => void) {
      for await (const page of pagesOfOpenSearch(engine.url, `${index()}*`)) for (const { body } of page) take(body);
    },
    async clear() {
      // A small heap: records that no test reads any more must not weigh on the next.
      await fetch(`${engine.url}/${index()}*`, { method: 'DELETE' });
      number += 1;
    },
    async stop() {
      await front.stop();
      await engine.stop();
    },
  });
}

async function startReferee(): Promise<Service> {
  const referee = await CloudWatchFake.start();
  const front = await behindFront(referee.url, isPutLogEvents);
  /** How many events had been stored at a time, of which so many are taken. */
  const looks: { readonly atMs: number; readonly stored: number }[] = [];
  let taken = 0;
  return Object.assign(front.service, {
    referee,
    settings: cloudWatchSettings(front),
    index: () => GROUP,
    async takeStored(take: (message: string) => void, isLast: boolean) {
      const stream = referee.groups.get(GROUP)?.streams.get(STREAM) ?? [];
      looks.push({ atMs: performance.now(), stored: taken + stream.length });
      while (isLast ? looks.length > 0 : looks[0]!.atMs < performance.now() - LOOKED_FOR_MS) {
        const { stored } = looks.shift()!;
        for (const { message } of stream.splice(0, stored - taken)) take(message);
        taken = stored;
      }
      referee.calls.length = 0;
    },
    stored: async () => referee.events(GROUP, STREAM).map(({ message }) => message),
    async clear() {
      referee.groups.clear();
      looks.length = taken = 0;
      // It keeps what it was sent, for tests that look at it.
      referee.calls.length = 0;
    },
    async stop() {
      await front.stop();
      referee.close();
    },
  });
}

async function startMoto(): Promise<Service> {
  const moto = await startCloudWatch();
  const front = await behindFront(moto.url, isPutLogEvents);
  let isCleared = true;
  return Object.assign(front.service, {
    settings: cloudWatchSettings(front),
    index: () => GROUP,
    stored: () => readCloudWatch(moto.url, GROUP, STREAM),
    async clear() {
      if (!isCleared) await fetch(`${moto.url}/moto-api/reset`, { method: 'POST' });
      isCleared = false;
    },
    async stop() {
      await front.stop();
      await moto.stop();
    },
  });
}

const isPutLogEvents = ({ headers }: Exchange) => String(headers['x-amz-target']).endsWith('PutLogEvents');

const cloudWatchSettings =
  (front: { urlOf(route: Route): string; readonly caFile: string }) =>
  (route: Route = 'address') => ({
    ...AWS_ENV,
    LOGTAP_SINK: 'cloudwatch',
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: front.urlOf(route),
    LOGTAP_CLOUDWATCH_LOG_GROUP: GROUP,
    LOGTAP_CLOUDWATCH_LOG_STREAM: STREAM,
    ...(route === 'TLS' && { AWS_CA_BUNDLE: front.caFile }),
  });

async function behindFront(url: string, carriesRecords: (exchange: Exchange) => boolean) {
  let requests = 0;
  const authority = createAuthority(temporaryDirectory());
  const handle = async (exchange: Exchange) => {
    // The check of a start carries no record that anyone wrote.
    if (carriesRecords(exchange) && exchange.body.length > 1) requests += 1;
    await service.fault?.(exchange);
  };
  const plain = await startFront(url, handle);
  const tls = await startFront(url, handle, authority.issue('service'));
  const [door, tlsDoor] = await Promise.all([Door.before(plain.url), Door.before(tls.url)]);
  const service = { fault: undefined as RequestFault | undefined, requests: () => requests, door, tlsDoor, url };
  return {
    service,
    caFile: authority.file,
    urlOf(route: Route) {
      if (route === 'TLS') return `https://127.0.0.1:${tlsDoor.port}`;
      return `http://${route === 'name' ? HOST : '127.0.0.1'}:${door.port}`;
    },
    async stop() {
      await Promise.all([door.stop(), tlsDoor.stop()]);
      await Promise.all([plain.stop(), tls.stop()]);
    },
  };
}
