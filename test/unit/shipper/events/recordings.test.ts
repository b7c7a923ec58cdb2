/** Recorded programs: which lines become one record, against what each program wrote as one event. */
import { FORMED } from '../../../../src/shipper/events/formed.js';
import { readRecording, recordingNames } from '../../../events/recording.js';
import { AUTO, type Trial, trialsOf } from '../../../events/trial.js';

/** Two threads of Python share the buffer of one stream, which mixes their texts within a line. */
const MIXED_BY_THE_PROGRAM = /^python-.*-traceback\.threads /;

const names = recordingNames();
const trials = names.flatMap((name) => trialsOf(readRecording(name)));
const sum = (of: (trial: Trial) => number, from = trials) => from.reduce((total, trial) => total + of(trial), 0);

describe('recorded programs under auto', () => {
  test('are enough to tell: 200 streams of 40 programs, with traces in most', () => {
    expect(trials.length).toBeGreaterThanOrEqual(200);
    expect(new Set(names.map((name) => name.replace(/\..*$/, ''))).size).toBeGreaterThanOrEqual(40);
    expect(sum(({ events }) => events)).toBeGreaterThan(18_000);
    const joined = trials.filter(({ records }) => records.some(({ text }) => text.split('\n').length > 3));
    expect(joined.length).toBeGreaterThan(150);
  });

  test.each(names)('%s: no two events become one record', (name) => {
    const own = trials.filter(({ stream }) => stream.startsWith(`${name} `) && !MIXED_BY_THE_PROGRAM.test(stream));
    expect(own.flatMap(({ faults }) => faults.filter((fault) => fault.includes(': merged ')))).toEqual([]);
  });

  test('under one of a hundred events is divided', () => {
    const [events, splits] = [sum((trial) => trial.events), sum((trial) => trial.splits)];
    const merges = sum((trial) => trial.merges);
    process.stdout.write(
      `events: ${trials.length} streams, ${events} events, ${merges} wrongly merged (threads of Python), ${splits} pieces too many\n`,
    );
    expect(splits / events).toBeLessThan(0.01);
    expect(merges).toBeLessThanOrEqual(30);
  });

  test('every line is in a record once, and every record of several lines says how it was formed', () => {
    for (const { stream, lines, records, written } of trials) {
      expect([stream, lines]).toEqual([stream, written]);
      for (const { text, formed } of records) {
        if (text.includes('\n')) expect(formed & (FORMED.WRITE | FORMED.GRAMMAR)).not.toBe(0);
      }
    }
  });

  test('without boundaries of writes, more is divided', () => {
    const grammarAlone = names.flatMap((name) => trialsOf(readRecording(name), AUTO, false));
    expect(sum(({ splits }) => splits, grammarAlone)).toBeGreaterThan(3 * sum(({ splits }) => splits));
  });
});
