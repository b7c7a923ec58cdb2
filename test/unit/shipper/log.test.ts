import { createLog } from '../../../src/shipper/log.js';

describe('createLog', () => {
  test('rule 98: prints the first of equal problems, then one a minute with the number of those left out', () => {
    const lines: Record<string, unknown>[] = [];
    let now = 0;
    const log = createLog({ write: (line) => lines.push(JSON.parse(line)), now: () => now });
    for (now = 0; now < 150_000; now += 1000) log.problem('error', 'down', 'the sink is down', { attempt: now / 1000 });
    log.problem('warn', 'other', 'something else');
    expect(lines.map(({ message, attempt, repeated }) => [message, attempt, repeated])).toEqual([
      ['the sink is down', 0, undefined],
      ['the sink is down', 60, 59],
      ['the sink is down', 120, 59],
      ['something else', undefined, undefined],
    ]);
  });

  test('is one JSON object per line, with any text', () => {
    const written: string[] = [];
    createLog({ write: (line) => written.push(line), now: () => 0 }).info('two\nlines', { key: '"\n' });
    expect(written).toEqual([
      '{"time":"1970-01-01T00:00:00.000Z","level":"info","message":"two\\nlines","key":"\\"\\n"}\n',
    ]);
  });
});
