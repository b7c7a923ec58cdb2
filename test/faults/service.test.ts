/** A service that fails: every line is stored, in the original output, or counted with a reason. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describeWith } from '../support/capability.js';
import {
  expectEveryLine,
  type Fault,
  type Holding,
  SINKS,
  type SinkName,
  type Transport,
  untilAsked,
  useStage,
} from '../support/fault-scene.js';
import type { Exchange } from '../support/opensearch-front.js';

jest.setTimeout(600_000);

const answer =
  (status: number, body: string, type = 'application/json'): Fault =>
  ({ response }: Exchange) => {
    response.writeHead(status, { 'content-type': type }).end(body);
  };
const cut: Fault = (exchange) => exchange.cut();
const storedThenCut: Fault = async ({ forward, cut }) => {
  await forward();
  cut();
};
const halfAnAnswer: Fault = async ({ forward, response }) => {
  const { status, headers, body } = await forward();
  response.writeHead(status, { ...headers, 'content-length': body.length + 10 });
  response.write(body.subarray(0, body.length / 2));
  setTimeout(() => response.destroy(), 20);
};

const ON_THE_WAY: Readonly<Record<string, Fault>> = {
  'closes the connection': cut,
  'stores all and closes the connection': storedThenCut,
  'ends in the middle of its answer': halfAnAnswer,
  'is unavailable': answer(503, '<html>no</html>', 'text/html'),
  throttles: answer(429, '{}'),
  'is a proxy that answers 200': answer(200, '<html>welcome</html>', 'text/html'),
  'answers 200 without a body': answer(200, ''),
  'answers null': answer(200, 'null'),
  'answers an array': answer(200, '[]'),
};

const OF_OPENSEARCH: Readonly<Record<string, Fault>> = {
  'answers no items': answer(200, '{"took":1,"errors":false,"items":[]}'),
  'refuses items and says that there are no errors': async ({ forward, response, body }) => {
    void forward;
    const items = body.toString().split('\n').length >> 1;
    const refused = { create: { status: 400, error: { type: 'x', reason: 'x' } } };
    answer(
      200,
      JSON.stringify({ took: 1, errors: false, items: Array(items).fill(refused) }),
    )({ response } as Exchange);
  },
  'forbids an explicit index': answer(
    400,
    '{"error":{"root_cause":[],"type":"illegal_argument_exception","reason":"explicit index in bulk is not allowed"},"status":400}',
  ),
  'has closed the index': ({ response, body }) => {
    const items = body.toString().split('\n').length >> 1;
    const refused = { create: { status: 400, error: { type: 'index_closed_exception', reason: 'closed' } } };
    answer(200, JSON.stringify({ took: 1, errors: true, items: Array(items).fill(refused) }))({ response } as Exchange);
  },
  'is short of items': async ({ forward, response }) => {
    const { status, body } = await forward();
    const { items } = JSON.parse(body.toString());
    // The engine's own refusal is a fault as well.
    if (items === undefined) return answer(status, body.toString())({ response } as Exchange);
    answer(200, JSON.stringify({ took: 1, errors: true, items: items.slice(1) }))({ response } as Exchange);
  },
};

const OF_CLOUDWATCH: Readonly<Record<string, Fault>> = {
  'answers an error with status 200': answer(200, '{"__type":"InternalFailure","message":"Service Unavailable"}'),
  'refuses indexes that cannot be': answer(
    200,
    '{"rejectedLogEventsInfo":{"tooNewLogEventStartIndex":-3,"tooOldLogEventEndIndex":1000000000000,"expiredLogEventEndIndex":"x"}}',
  ),
  'has a disabled key': answer(400, '{"__type":"InvalidParameterException","message":"The KMS key is disabled."}'),
  denies: answer(400, '{"__type":"AccessDeniedException","message":"not authorized"}'),
};

const FAULTS: Readonly<Record<SinkName, Readonly<Record<string, Fault>>>> = {
  opensearch: { ...ON_THE_WAY, ...OF_OPENSEARCH },
  cloudwatch: { ...ON_THE_WAY, ...OF_CLOUDWATCH },
};

const PLACES: readonly (readonly [Transport, Holding])[] = [
  ['ring', 'memory'],
  ['ring', 'disk'],
  ['socket', 'memory'],
  ['socket', 'disk'],
];

describeWith(['opensearch'], 'a service that fails', () => {
  const stage = useStage();
  const open = stage.open;

  describe.each(SINKS)('%s', (sink) => {
    test.each(Object.keys(FAULTS[sink]))('that %s for a while: no line is refused', async (name) => {
      const service = await open(sink, 'ring', 'memory');
      await stage.scene.ship();
      service.fault = FAULTS[sink][name]!;
      stage.scene.write({ lines: 3000 });
      await untilAsked(service, 2);
      service.fault = undefined;
      const sum = await stage.scene.sum();
      expectEveryLine(sum);
      expect(sum).toMatchObject({ counted: 0, held: 0, code: 0 });
    });

    test.each(PLACES)('every fault in turn, through a %s, held in %s', async (transport, holding) => {
      const service = await open(sink, transport, holding);
      await stage.scene.ship();
      stage.scene.write({ lines: 30_000, per: 100, pauseSeconds: 0.01 });
      stage.scene.write({ lines: 30_000, per: 3000, pauseSeconds: 0.2 });
      for (const fault of Object.values(FAULTS[sink])) {
        service.fault = undefined;
        await sleep(100);
        service.fault = fault;
        await Promise.race([untilAsked(service), sleep(2000)]);
      }
      service.fault = undefined;
      const sum = await stage.scene.sum();
      expectEveryLine(sum);
      expect(sum).toMatchObject({ counted: 0, held: 0, code: 0 });
      // OpenSearch knows a record by its id; CloudWatch takes one again whose answer was lost.
      if (sink === 'opensearch') expect(sum.repeated).toBe(0);
    });
  });
});
