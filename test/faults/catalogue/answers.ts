/** A service that fails: what it answers, and whether it has stored. */
import { untilAsked } from '../../support/fault-scene.js';
import type { RequestFault, Service } from '../../support/fault-service.js';
import type { Exchange } from '../../support/opensearch-front.js';
import { until } from '../../support/run.js';
import { type Cell, during, type Fault, PATIENT, type Prepared } from './fault.js';

const answer =
  (status: number, body: string, headers: Readonly<Record<string, string>> = {}): RequestFault =>
  ({ response }: Exchange) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  };
const HTML = { 'content-type': 'text/html' };

/** Happens to requests until two of them have come. */
const toRequests = (name: string, fault: RequestFault, more: Partial<Fault> = {}): Fault => ({
  name,
  happen: (scene, service) =>
    during(scene, async () => {
      service.fault = fault;
      await untilAsked(service, 2);
      service.fault = undefined;
    }),
  ...more,
});

const storedThenCut: RequestFault = async ({ forward, cut }) => {
  await forward();
  cut();
};

const halfAnAnswer: RequestFault = async ({ forward, response }) => {
  const { status, headers, body } = await forward();
  response.writeHead(status, { ...headers, 'content-length': body.length + 10 });
  response.write(body.subarray(0, body.length / 2));
  setTimeout(() => response.destroy(), 20);
};

/** A limit in front of the service that a batch exceeds and a part of it does not. */
const LIMIT_BYTES = 24 * 1024;
const tooLarge: RequestFault = ({ body, response }) => {
  if (body.length > LIMIT_BYTES) answer(413, '<html>Request Entity Too Large</html>', HTML)({ response } as Exchange);
};

/** To any service. None of them refuses a line permanently. */
export const REQUEST_FAULTS: readonly (readonly [name: string, fault: RequestFault])[] = [
  ['connection closed before the answer', ({ cut }) => cut()],
  ['answer lost after storing', storedThenCut],
  ['answer cut in the middle', halfAnAnswer],
  ['429', answer(429, '{}')],
  ['500', answer(500, '{"__type":"InternalFailure"}')],
  ['503 with an HTML body', answer(503, '<html>no</html>', HTML)],
  ['413 for batches', tooLarge],
  ['401', answer(401, '{"message":"Unauthorized"}')],
  ['403', answer(403, '{"message":"Forbidden"}')],
  ['HTML login page with status 200', answer(200, '<html>welcome</html>', HTML)],
  ['redirect to a login page', answer(302, '', { location: 'https://login.example/' })],
  ['200 without a body', answer(200, '')],
  ['200 with null', answer(200, 'null')],
  ['200 with an array', answer(200, '[]')],
];

/** Items of a bulk: an action and a document each. */
const itemsOf = (body: Buffer): string[][] => {
  const lines = body.toString().split('\n').slice(0, -1);
  return Array.from({ length: lines.length >> 1 }, (_, i) => lines.slice(2 * i, 2 * i + 2));
};
const bulk = (errors: boolean, items: readonly unknown[]) => JSON.stringify({ took: 1, errors, items });
const allItems =
  (errors: boolean, status: number, type: string): RequestFault =>
  ({ response, body }) => {
    const items = itemsOf(body).map(() => ({ create: { status, error: { type, reason: 'x' } } }));
    answer(200, bulk(errors, items))({ response } as Exchange);
  };

const shortOfItems: RequestFault = async ({ forward, response }) => {
  const { status, body } = await forward();
  const { items } = JSON.parse(body.toString());
  // The engine's own refusal is a fault as well.
  if (items === undefined) return answer(status, body.toString())({ response } as Exchange);
  answer(200, bulk(true, items.slice(1)))({ response } as Exchange);
};

/** The engine stores two of three items; its queue has no room for the third. */
const someItems: RequestFault = async ({ forward, response, body }) => {
  const items = itemsOf(body);
  const isStored = (i: number) => i % 3 !== 2;
  const part = items.filter((_, i) => isStored(i)).flat();
  const answered = JSON.parse((await forward(Buffer.from(`${part.join('\n')}\n`))).body.toString());
  const refused = { create: { status: 429, error: { type: 'rejected_execution_exception', reason: 'queue full' } } };
  const merged = items.map((_, i) => (isStored(i) ? answered.items.shift() : refused));
  answer(200, bulk(true, merged))({ response } as Exchange);
};

/** Terms of more than 32,766 bytes are refused by the engine; it has this mapping before the first line. */
async function refuseLongTerms(_: string, { url, index }: Service): Promise<Prepared> {
  const mappings = { properties: { body: { type: 'keyword' } } };
  const { ok } = await fetch(`${url}/${index()}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ mappings }),
  });
  if (!ok) throw new Error('the index was not created');
  return {};
}

const OF_OPENSEARCH: readonly Fault[] = (<readonly Fault[]>[
  toRequests('bulk with some items refused (429)', someItems),
  toRequests('bulk without items', answer(200, bulk(false, []))),
  toRequests('bulk short of items', shortOfItems),
  toRequests('bulk with refused items and errors=false', allItems(false, 400, 'x')),
  toRequests('index closed', allItems(true, 400, 'index_closed_exception')),
  toRequests(
    'indices forbidden in bulk requests',
    answer(
      400,
      '{"error":{"root_cause":[],"type":"illegal_argument_exception","reason":"explicit index in bulk is not allowed"},"status":400}',
    ),
  ),
  {
    name: 'mapping refuses some records',
    prepare: refuseLongTerms,
    happen: (scene, service) =>
      during(scene, async () => {
        scene.write({ lines: 400, longEach: 40, ...PATIENT });
        // All lines may leave in one request, and none is retried.
        await untilAsked(service);
      }),
    fates: ['illegal_argument_exception'],
    expect: ({ fates }) => expect(fates).toEqual({ illegal_argument_exception: 10 }),
  },
]).map((fault) => ({ ...fault, appliesTo: ({ sink }: Cell) => sink === 'opensearch' }));

const OF_CLOUDWATCH: readonly Fault[] = [
  toRequests('ThrottlingException', answer(400, '{"__type":"ThrottlingException","message":"Rate exceeded"}')),
  toRequests('error with status 200', answer(200, '{"__type":"InternalFailure","message":"Service Unavailable"}')),
  toRequests(
    'impossible indexes of refused events',
    answer(
      200,
      '{"rejectedLogEventsInfo":{"tooNewLogEventStartIndex":-3,"tooOldLogEventEndIndex":1000000000000,"expiredLogEventEndIndex":"x"}}',
    ),
  ),
  toRequests(
    'disabled KMS key',
    answer(400, '{"__type":"InvalidParameterException","message":"The KMS key is disabled."}'),
  ),
  toRequests('AccessDeniedException', answer(400, '{"__type":"AccessDeniedException","message":"not authorized"}')),
  {
    name: 'some events refused as too old',
    appliesTo: ({ sink }) => sink === 'cloudwatch',
    happen: (scene, service) =>
      during(scene, async () => {
        service.referee!.tooOldEvents = 3;
        // The lines so far may leave in one request, and none is retried.
        await until('three are refused', async () => (await scene.counts()).refused >= 3);
        service.referee!.tooOldEvents = 0;
      }),
    fates: ['too_old'],
    expect: ({ fates }) => expect(fates.too_old).toBeGreaterThanOrEqual(3),
  } satisfies Fault,
].map((fault) => ({ appliesTo: ({ sink }: Cell) => sink !== 'opensearch', ...fault }));

export const ANSWERS: readonly Fault[] = [
  ...REQUEST_FAULTS.map(([name, fault]) => toRequests(name, fault)),
  ...OF_OPENSEARCH,
  ...OF_CLOUDWATCH,
];
