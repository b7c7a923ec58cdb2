/** Documents against claims: what is proven, what is found, and what a kill explains. */
import { ExactAudit } from '../../../src/audit/exact.js';
import { compare } from '../../../src/audit/judge.js';
import { Ledgers, type RunClaim } from '../../../src/audit/ledgers.js';
import type { StoredRecord } from '../../../src/audit/service/stored.js';
import { settledIn } from '../../../src/audit/window.js';
import type { Ledger } from '../../../src/shipper/accounting/ledger.js';
import { AuditMemory } from '../../../src/shipper/audit/audit-file.js';
import { AuditLog } from '../../../src/shipper/audit/audit-log.js';
import { claimsOf } from '../../../src/shipper/audit/claim.js';
import { noteSending } from '../../../src/shipper/delivery/note-sending.js';
import type { RecordBatch, SendResult, Sink } from '../../../src/shipper/parts.js';
import { select } from '../../../src/shipper/records/record-batch.js';
import { batchOf, stdoutOrigin } from '../../support/batches.js';

const MINUTE = 60_000;
const ORIGIN = '0000000000000abc-1';

const batchFrom = (from: number, count = 10): RecordBatch =>
  batchOf(
    Array.from({ length: count }, (_, i) => ({
      message: `line ${from + i}`,
      seq: from + i,
      timeMs: (from + i) * 10_000,
      origin: { ...stdoutOrigin, id: ORIGIN },
    })),
  );

const claims = (batch: RecordBatch) => claimsOf(batch, { withMessages: true });

const documents = (from: number, count = 10): StoredRecord[] =>
  Array.from({ length: count }, (_, i) => ({
    of: ORIGIN,
    place: from + i,
    timeMs: (from + i) * 10_000,
    message: Buffer.from(`line ${from + i}`),
    id: `logs/${ORIGIN}-${from + i}`,
  }));

class Scene {
  readonly #text = new AuditMemory();
  log!: AuditLog;

  constructor() {
    this.run();
  }

  /** Another run of the shipper begins: the one before was killed, unless it has ended. */
  run(): AuditLog {
    this.log = new AuditLog(this.#text, { now: () => 1000 });
    return this.log;
  }

  store(batch: RecordBatch): void {
    this.log.sending('opensearch', claims(batch)).stored();
  }

  get ledgers(): Ledgers {
    return new Ledgers({ texts: [this.#text.read()] });
  }

  audit(stored: readonly StoredRecord[], isSettled: (claim: RunClaim) => boolean = () => true) {
    const audit = new ExactAudit(this.ledgers.of('opensearch'), isSettled);
    for (const record of [...stored].sort((one, other) => one.timeMs - other.timeMs)) audit.record(record);
    const { unexplained, explained, ...rest } = audit.end();
    return { ...rest, unexplained: unexplained.listed, explained: explained.listed, audit };
  }
}

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});

test('what is stored as claimed is proven', () => {
  scene.store(batchFrom(0));
  scene.store(batchFrom(10));
  expect(scene.audit(documents(0, 20))).toMatchObject({ claimed: 20, found: 20, unexplained: [], explained: [] });
});

test('where a part of a request is acknowledged, the other part may be stored', () => {
  const ledger = { audit: scene.log } as Ledger;
  const sink = {
    name: 'opensearch',
    claims: (batch: RecordBatch, records?: readonly number[]) => claims(records ? select(batch, records) : batch),
  } as Sink;
  noteSending({ sink, ledger }, batchFrom(0))({ retry: [7, 8, 9], rejected: [] });
  scene.log.end({});
  const { claimed, unexplained, explained } = scene.audit(documents(0));
  expect({ claimed, unexplained }).toEqual({ claimed: 7, unexplained: [] });
  expect(explained).toEqual([expect.objectContaining({ kind: 'in_flight', records: 3 })]);
  expect(scene.audit(documents(0, 7)).unexplained).toEqual([]);
});

test.each<[string, SendResult]>([
  ['retried', { retry: [0, 1], rejected: [], elsewhere: [2, 3] }],
  ['refused', { retry: [], rejected: [0, 1].map((index) => ({ index, reason: 'mapping' })), elsewhere: [2, 3] }],
])('of a request whose own records are all %s, nothing is claimed', (_, result) => {
  const ledger = { audit: scene.log } as Ledger;
  const sink = {
    name: 'opensearch',
    claims: (batch: RecordBatch, records = [...batch.length.keys()]) =>
      claims(
        select(
          batch,
          records.filter((i) => i < 2),
        ),
      ),
  } as Sink;
  noteSending({ sink, ledger }, batchFrom(0, 4))(result);
  scene.log.end({});
  expect(scene.audit([])).toMatchObject({ claimed: 0, unexplained: [] });
});

test('a missing record is named', () => {
  scene.store(batchFrom(0));
  const { unexplained } = scene.audit(documents(0).filter(({ place }) => place !== 7));
  expect(unexplained).toEqual([expect.objectContaining({ kind: 'missing', records: 1, places: [7], of: ORIGIN })]);
});

test('missing records are not hidden by as many others', () => {
  scene.store(batchFrom(0, 5));
  const stored = documents(0, 5).map((each) => (each.place === 3 ? { ...each, place: 2 } : each));
  expect(scene.audit(stored).unexplained).toEqual([expect.objectContaining({ kind: 'different' })]);
});

test('a changed record is found, and can be told from the others', () => {
  scene.store(batchFrom(0, 5));
  const { unexplained, audit } = scene.audit(
    documents(0, 5).map((each) => (each.place === 3 ? { ...each, message: Buffer.from('line three') } : each)),
  );
  expect(unexplained).toEqual([expect.objectContaining({ kind: 'altered' })]);
  const [{ claim, found }] = audit.entries as [(typeof audit.entries)[number]];
  const { isAltered } = compare(claim, found.claim)!;
  expect([0, 1, 2, 3, 4].filter((place) => isAltered!(place))).toEqual([3]);
});

test.each([
  ['a foreign id, read before it', { of: undefined, id: 'logs/1' }, true],
  ['a foreign id, read after it', { of: undefined, id: 'logs/1' }, false],
  ['its own id in another index', { id: 'rolled/same' }, true],
])('a record that is stored twice is found: %s', (_, other, isBefore) => {
  scene.store(batchFrom(0));
  const [first] = documents(4, 1);
  const second = { ...first!, ...other };
  const stored = documents(0).flatMap((each) => {
    if (each.place !== 4) return [each];
    return isBefore ? [second, each] : [each, second];
  });
  const { unexplained } = scene.audit(stored);
  expect(unexplained).toEqual([expect.objectContaining({ kind: 'duplicate', places: [4] })]);
});

test('documents of shippers without a ledger are counted, and not judged', () => {
  scene.store(batchFrom(0));
  const others = documents(0).map((each) => ({ ...each, of: '000000000000ffff-1', id: `logs/${each.place}` }));
  expect(scene.audit([...documents(0), ...others])).toMatchObject({ others: 10, unexplained: [] });
});

test('a document that no run has sent is unclaimed', () => {
  scene.store(batchFrom(0, 5));
  const { unexplained } = scene.audit(documents(0, 6));
  expect(unexplained).toEqual([expect.objectContaining({ kind: 'unclaimed', records: 1, from: 5, to: 5 })]);
});

describe('kills', () => {
  test('what was sent and not noted may be there, as a whole, in part or not at all', () => {
    scene.store(batchFrom(0));
    scene.log.sending('opensearch', claims(batchFrom(10)));
    for (const count of [0, 4, 10]) {
      expect(scene.audit(documents(0, 10 + count)).unexplained).toEqual([]);
    }
    expect(scene.audit(documents(0, 21)).unexplained).toEqual([
      expect.objectContaining({ kind: 'unclaimed', records: 1 }),
    ]);
  });

  test('what was sent and not noted explains as many records as there were, also where others lie between them', () => {
    scene.store(batchFrom(0));
    scene.log.sending('opensearch', claims(select(batchFrom(10, 5), [0, 2, 4])));
    expect(scene.audit(documents(0, 15)).unexplained.map(({ kind, records }) => [kind, records])).toEqual([
      ['unclaimed', 1],
      ['unclaimed', 1],
    ]);
  });

  test('the next run claims what it read again, and both claims hold', () => {
    scene.store(batchFrom(0));
    scene.run();
    scene.store(batchFrom(5, 15));
    expect(scene.audit(documents(0, 20))).toMatchObject({ unexplained: [], explained: [] });
  });

  test('a record that is missing is missing, however many runs claim it', () => {
    scene.store(batchFrom(0));
    scene.log.sending('opensearch', claims(batchFrom(0, 20)));
    scene.run();
    scene.store(batchFrom(5, 15));
    const { unexplained } = scene.audit(documents(0, 20).filter(({ place }) => place !== 7));
    expect(new Set(unexplained.map(({ kind, places }) => `${kind} ${places}`))).toEqual(new Set(['missing 7']));
  });

  test('what the next run formed otherwise is explained by its claim, and by no more than that', () => {
    const odd = batchOf([{ message: 'joined', seq: 3, timeMs: 30_000, origin: { ...stdoutOrigin, id: ORIGIN } }]);
    scene.store(batchFrom(0, 5));
    scene.run();
    scene.store(odd);
    const [third] = documents(3, 1);
    const joined = { ...third!, message: Buffer.from('joined'), id: `${third!.id}-0123456789abcdef0123` };
    // Both claims have one record more between their places.
    expect(scene.audit([...documents(0, 5), joined]).unexplained.filter(({ kind }) => kind === 'missing')).toEqual([]);
  });
});

test('what was rejected and is stored later was replayed', () => {
  scene.store(batchFrom(0, 5));
  scene.log.counted('deadLettered', 'opensearch', 'mapper_parsing_exception', AuditLog.places(batchFrom(5, 1)));
  expect(scene.audit(documents(0, 6))).toMatchObject({
    unexplained: [],
    explained: [{ kind: 'replayed', records: 1 }],
  });
  expect(scene.audit(documents(0, 5))).toMatchObject({ unexplained: [], explained: [] });
});

test('a claim that changed meanwhile is not judged', () => {
  scene.store(batchFrom(0, 5));
  const { unexplained, explained } = scene.audit(documents(0, 3), () => false);
  expect([unexplained, explained.map(({ kind }) => kind)]).toEqual([[], ['unsettled']]);
});

test.each([1, 2, 3, 4])(
  'an audit in two parts, the second from minute %i on, finds what one in one part finds',
  (minute) => {
    scene.store(batchFrom(0, 20));
    // Out when the shipper was killed: three of the five are stored, one before each minute and one after.
    scene.log.sending('opensearch', claims(batchFrom(20, 5)));
    scene.run();
    scene.store(batchFrom(25, 5));
    const [twice, twiceLater] = documents(5, 1).concat(documents(26, 1));
    const stored = [
      ...documents(0, 30).filter(({ place }) => ![3, 13, 21, 24, 28].includes(place)),
      ...documents(40, 8).map((each) => ({ ...each, timeMs: (each.place - 37) * 30_000 })),
      { ...twice!, of: undefined, id: 'logs/foreign' },
      { ...twiceLater!, of: undefined, id: 'logs/foreign-later' },
      { ...documents(1, 1)[0]!, of: 'ffff-1', id: 'logs/other' },
    ].sort((one, other) => one.timeMs - other.timeMs);
    const ledger = scene.ledgers.of('opensearch');
    const first = new ExactAudit(ledger, () => true);
    for (const record of stored.filter(({ timeMs }) => timeMs < minute * MINUTE)) first.record(record);
    const kept = JSON.parse(JSON.stringify(first.state));
    const second = new ExactAudit(ledger, () => true, kept);
    for (const record of stored.filter(({ timeMs }) => timeMs >= minute * MINUTE)) second.record(record);
    const whole = scene.audit(stored).audit.findings;
    expect(second.end()).toEqual(whole);
    const kinds = [whole.unexplained, whole.explained].map(({ listed }) => listed.map(({ kind }) => kind as string));
    expect(new Set(kinds.flat())).toEqual(new Set(['duplicate', 'missing', 'unclaimed', 'in_flight']));
  },
);

test('a claim that changed between two parts of an audit is not judged', () => {
  scene.store(batchFrom(0, 10));
  const before = scene.ledgers.of('opensearch').stored;
  const first = new ExactAudit(scene.ledgers.of('opensearch'), () => true);
  for (const record of documents(0, 6)) first.record(record);
  const kept = first.state;
  scene.store(batchFrom(10, 2));
  const second = new ExactAudit(scene.ledgers.of('opensearch'), settledIn(before), kept);
  for (const record of documents(6, 6)) second.record(record);
  const { unexplained, explained, claimed } = second.end();
  expect([unexplained.listed, explained.listed.map(({ kind }) => kind), claimed]).toEqual([[], ['unsettled'], 6]);
});
