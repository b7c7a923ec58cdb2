/** Events by container and process: each stream is assembled as the settings of its writer say. */
import { eventChoiceOf } from '../../../../src/shipper/events/settings.js';
import { parseSettings } from '../../../../src/shipper/settings.js';
import { interruptIdle, shareAssembly } from '../../../../src/shipper/source/frames/assembly.js';
import { FrameStream } from '../../../../src/shipper/source/frames/frame-stream.js';
import { LossTotals } from '../../../../src/shipper/source/frames/losses/loss-totals.js';
import { messagesOf } from '../../../support/batches.js';
import { data, hello, magic } from '../../../support/frames.js';

const choice = (containers: object, others: Readonly<Record<string, string>> = {}) =>
  eventChoiceOf(
    parseSettings(
      { LOGTAP_SINK: 'stdout', LOGTAP_CONTAINER_SETTINGS: JSON.stringify(containers), ...others },
      () => {},
    ),
  );

const TRACE = 'order 2 failed\n  at a\n  at b\n';

function recordsOf(events: ReturnType<typeof choice>, container: string, process: string): string[] {
  const shared = shareAssembly(1_000_000, Number.POSITIVE_INFINITY, events);
  const stream = new FrameStream(shared, new LossTotals(() => {}));
  stream.write(Buffer.concat([magic, hello({ container, process }), data(1, 1n, TRACE), data(1, 2n, 'order 3\n')]), 0);
  stream.end();
  return messagesOf(shared.builder.finish());
}

const JOINED = [TRACE.trimEnd(), 'order 3'];
const APART = [...TRACE.trimEnd().split('\n'), 'order 3'];

test('lines are joined by the container, or the process in it', () => {
  const events = choice({ web: { LOGTAP_EVENTS: 'off' }, 'web/java': { LOGTAP_EVENTS: 'indent' } });
  expect(recordsOf(events, 'db', 'x')).toEqual(JOINED);
  expect(recordsOf(events, 'web', 'x')).toEqual(APART);
  expect(recordsOf(events, 'web', 'java')).toEqual(JOINED);
});

test('a container has events where the default has none', () => {
  const events = choice({ web: { LOGTAP_EVENTS: 'pattern:^order' } }, { LOGTAP_EVENTS: 'off' });
  expect(recordsOf(events, 'web', 'x')).toEqual(JOINED);
  expect(recordsOf(events, 'db', 'x')).toEqual(APART);
  // Raw lines have no container.
  expect(recordsOf(events, '', '')).toEqual(APART);
});

test('an event that waits is complete after the time of its own container', () => {
  const events = choice({ slow: { LOGTAP_EVENT_IDLE_MS: '5000' } });
  const shared = shareAssembly(1_000_000, Number.POSITIVE_INFINITY, events);
  const streams = ['slow', 'other'].map((container) => {
    const stream = new FrameStream(shared, new LossTotals(() => {}));
    stream.write(Buffer.concat([magic, hello({ container }), data(1, 1n, TRACE)]), 0);
    return stream;
  });
  interruptIdle(shared, 2000, 1000);
  expect(shared.builder.finish().origins.map(({ container }) => container)).toEqual(['other']);
  interruptIdle(shared, 6000, 1000);
  expect(shared.builder.finish().origins.map(({ container }) => container)).toEqual(['slow']);
  expect(streams.map((stream) => stream.progress()?.assembled.length)).toEqual([1, 1]);
});

test('without such a setting the default is all there is', () => {
  const settings = parseSettings({ LOGTAP_SINK: 'stdout' }, () => {});
  expect(eventChoiceOf(settings)).toEqual({ idleMs: 1000, maxBytes: 262_144, maxLines: 2000 });
});
