import { Ledger } from '../../../src/shipper/accounting/ledger.js';
import { Tally } from '../../../src/shipper/accounting/tally.js';
import { RecordBuffer } from '../../../src/shipper/buffer/record-buffer.js';
import { healthySink } from '../../../src/shipper/delivery/deliver.js';
import { Metrics } from '../../../src/shipper/status/metrics.js';
import { answer } from '../../../src/shipper/status/status-server.js';
import { sourceBatchOf, stdoutOrigin } from '../../support/batches.js';

async function setUp() {
  const ledger = new Ledger(['one', 'two']);
  let now = 1000;
  const buffer = new RecordBuffer({ maxBytes: 1_000_000, sinks: ['one', 'two'], now: () => now });
  const sinks = ['one', 'two'].map((name) => ({ name, cursor: buffer.cursor(name), health: healthySink() }));
  const writers = () => [{ instance: '1'.repeat(16), pid: 7, process: 'app', container: 'web' }];
  const ringFills = () => [0.1, 0.9, 0.89];
  ledger.writers.note({ instance: '2'.repeat(16), pid: 8, process: 'app', container: 'web' });
  const metrics = new Metrics({ ledger, sinks, now: () => now, fullness: () => 0.25, writers, ringFills });
  const batch = sourceBatchOf(['abc', { message: 'de', origin: { ...stdoutOrigin, id: 'e', stream: 'stderr' } }]);
  ledger.countRead(buffer.append(batch));
  const taken = await buffer
    .cursor('one')
    .take({ maxRecords: 9, maxBytes: 99, recordOverheadBytes: 0 }, new AbortController().signal);
  taken!.acknowledge(Tally.of(batch));
  ledger.countDelivered('one', Tally.of(batch, 0, 1));
  ledger.countDropped('one', 'too_old', Tally.of(batch, 1));
  ledger.countLost({ lines: 4, bytes: 40 });
  ledger.countWithheld('recorder', Tally.of(batch));
  ledger.countRecalled('recorder', Tally.of(batch, 0, 1));
  ledger.countProtocolError('length');
  sinks[1]!.health.retries.set('503', 2);
  metrics.countRequest('two', '503', 0.2);
  now = 3500;
  return metrics;
}

const EXPECTED = [
  'logtap_records_read_total{stream="stdout"} 1',
  'logtap_records_read_total{stream="stderr"} 1',
  'logtap_records_read_total{stream="file"} 0',
  'logtap_bytes_read_total{stream="stdout"} 3',
  'logtap_records_delivered_total{sink="one"} 1',
  'logtap_records_delivered_total{sink="two"} 0',
  'logtap_bytes_delivered_total{sink="one"} 3',
  'logtap_records_dropped_total{where="application",reason="not_handed_over"} 4',
  'logtap_bytes_dropped_total{where="application",reason="not_handed_over"} 40',
  'logtap_records_dropped_total{where="sink",reason="too_old"} 1',
  'logtap_records_withheld_total{reason="recorder"} 2',
  'logtap_bytes_withheld_total{reason="recorder"} 5',
  'logtap_records_recalled_total{reason="recorder"} 1',
  'logtap_bytes_recalled_total{reason="recorder"} 3',
  'logtap_records_held{sink="one"} 0',
  'logtap_records_held{sink="two"} 2',
  'logtap_bytes_held{sink="two"} 5',
  'logtap_oldest_held_seconds{sink="one"} 0',
  'logtap_oldest_held_seconds{sink="two"} 2.5',
  'logtap_hold_full_ratio 0.25',
  'logtap_requests_total{sink="two",code="503"} 1',
  'logtap_retries_total{sink="two",reason="503"} 2',
  'logtap_protocol_errors_total{reason="length"} 1',
  'logtap_processes 1',
  'logtap_processes_seen_total 2',
  'logtap_rings 3',
  'logtap_rings_full 1',
  'logtap_request_duration_seconds_bucket{le="0.1",sink="two"} 0',
  'logtap_request_duration_seconds_bucket{le="0.25",sink="two"} 1',
  'logtap_request_duration_seconds_count{sink="two"} 1',
];

describe('/metrics', () => {
  test.each([
    ['', 'text/plain; version=0.0.4; charset=utf-8'],
    ['text/plain;q=0.5', 'text/plain; version=0.0.4; charset=utf-8'],
    [
      'application/openmetrics-text;version=1.0.0,text/plain;q=0.5',
      'application/openmetrics-text; version=1.0.0; charset=utf-8',
    ],
  ])('rule 96: for Accept: %s', async (accept, contentType) => {
    const metrics = await setUp();
    // Twice, as a scrape must not change what the next one says.
    for (const other of ['application/openmetrics-text', accept]) await metrics.render(other);
    const rendered = await metrics.render(accept);
    expect(rendered.contentType).toBe(contentType);
    const lines = rendered.text.split('\n');
    expect(lines).toEqual(expect.arrayContaining(EXPECTED));
    const isOpen = contentType.startsWith('application');
    expect(lines.at(-2)).toBe(isOpen ? '# EOF' : lines.at(-2)?.replace('# EOF', ''));
    // OpenMetrics names a counter without the suffix of its samples.
    expect(lines).toContain(`# TYPE logtap_records_read${isOpen ? '' : '_total'} counter`);
  });
});

describe('the status server answers', () => {
  const options = (problems: string[], isListening = true) => ({
    isListening: () => isListening,
    problems: () => problems,
    ledger: () => ({ balanced: true }),
    metrics: async () => ({ contentType: 'x', text: 'y' }),
  });

  test.each([
    ['GET', '/livez', [], 200],
    ['GET', '/livez', ['one: 3 failures in a row'], 200],
    ['GET', '/readyz', [], 200],
    ['GET', '/readyz?verbose', [], 200],
    ['HEAD', '/readyz', ['one: 3 failures in a row'], 503],
    ['GET', '/metrics', [], 200],
    ['GET', '/ledger', [], 200],
    ['GET', '/', [], 404],
    ['GET', '/metrics/', [], 404],
    ['POST', '/livez', [], 405],
  ])('rule 97: %s %s with problems %j: %i', async (method, url, problems, status) => {
    expect((await answer(options(problems), method, url, '')).status).toBe(status);
  });

  test.each(['/livez', '/readyz'])('%s: not before the socket listens, as the application starts then', async (url) => {
    expect(await answer(options([], false), 'GET', url, '')).toMatchObject({ status: 503, text: 'starting\n' });
  });

  test('says why it is not ready', async () => {
    expect((await answer(options(['a', 'b']), 'GET', '/readyz', '')).text).toBe('a\nb\n');
  });

  test.each([
    [[], 200, 'ok\nlost: one: 3 dropped\n'],
    [['a'], 503, 'a\nlost: one: 3 dropped\n'],
  ])('tells what is lost, which makes it no less ready: problems %j: %i', async (problems, status, text) => {
    const lossy = { ...options(problems), losses: () => ['one: 3 dropped'] };
    expect(await answer(lossy, 'GET', '/readyz', '')).toMatchObject({ status, text });
  });
});
