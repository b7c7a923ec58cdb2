/** The targets are what their names say, and a run that is not as stated is seen. */
import { readProcesses } from '../../../test/support/tap-receiver.js';
import type { ZooCase } from './case.js';
import { cases } from './cases/index.js';
import { judge } from './judge.js';
import { type Observed, runCase } from './run-case.js';
import type { Target } from './targets.js';

function find(name: string): ZooCase {
  const row = cases.find((candidate) => candidate.name === name);
  if (row === undefined) throw new Error(`no row named '${name}'`);
  return row;
}

/** One that writes for long enough to meet every state of its target. */
const slow = () => find('60 lines in a third of a second');

/** What came of its stdout, by connection. */
async function arrived(target: Target): Promise<{ text: string; generation: number }[]> {
  const { connections } = await runCase(slow(), 'glibc', { mode: 'tee', target }, { halfBytes: 2000 });
  return connections.map(({ bytes, generation }) => ({
    generation,
    text: readProcesses([bytes])
      .map((process) => process.bytes('stdout').toString())
      .join(''),
  }));
}

const all = slow().stdout as string;

test('present and full get everything', async () => {
  expect(await arrived('present')).toEqual([{ generation: 0, text: all }]);
  // What is held by the socket is not lost.
  expect(await arrived('full')).toEqual([{ generation: 0, text: all }]);
});

test('absent gets nothing', async () => {
  expect(await arrived('absent')).toEqual([]);
});

test('late gets what is written later', async () => {
  let length = all.length;
  // It begins to listen when the first line is in the original, which may still be before that line is handed over.
  for (let attempt = 0; attempt < 40 && length === all.length; attempt += 1) {
    const [first, ...others] = await arrived('late');
    expect(others).toEqual([]);
    expect(first?.text).not.toBe('');
    expect(all.endsWith(first?.text ?? '')).toBe(true);
    length = first?.text.length ?? 0;
  }
  expect(length).toBeLessThan(all.length);
});

test('closed gets about the first half', async () => {
  const [first, ...others] = await arrived('closed');
  expect(others).toEqual([]);
  expect(all.startsWith(first?.text ?? '')).toBe(true);
  expect(first?.text.length).toBeGreaterThan(100);
  expect(first?.text.length).toBeLessThan(all.length);
});

test('restarted gets the first half, and then more', async () => {
  const [first, second, ...others] = await arrived('restarted');
  expect(others).toEqual([]);
  expect([first?.generation, second?.generation]).toEqual([0, 1]);
  expect(all.startsWith(first?.text ?? '')).toBe(true);
  expect(all.endsWith(second?.text ?? '')).toBe(true);
  expect(second?.text).not.toBe('');
});

describe('a run that is not as stated', () => {
  const row = () => find('write');
  const cell = { mode: 'tee', target: 'present' } as const;
  let good: Observed;
  beforeAll(async () => {
    good = await runCase(row(), 'glibc', cell);
  });
  const complaints = (run: Partial<Observed>) => judge(row(), cell, { ...good, ...run }).complaints;
  const shorter = (bytes: Buffer) => bytes.subarray(0, -1);

  test('is seen', () => {
    expect(complaints({})).toEqual([]);
    expect(complaints({ ended: 'exit 0' })).toEqual([expect.stringContaining('ended by exit 0 instead of exit 7')]);
    expect(complaints({ stdout: shorter(good.stdout) })).toEqual([expect.stringContaining('original stdout')]);
    expect(complaints({ files: new Map() })).toEqual([expect.stringContaining('original app.log')]);
    expect(complaints({ connections: [] }).join()).toContain('captured app.log: 0 bytes');
    const [connection] = good.connections;
    const cut = Buffer.from(connection?.bytes ?? '');
    const log = [...good.files.values()].join('').trimEnd().split('\n').at(-1) ?? '';
    // A byte of the last line of the log: the frame behind it tells how the program ended.
    cut[cut.lastIndexOf(log)] = 0x21;
    expect(complaints({ connections: [{ generation: 0, bytes: cut }] })).toEqual([
      expect.stringContaining('captured app.log'),
    ]);
    expect(complaints({ connections: [{ generation: 0, bytes: shorter(cut) }] })).toEqual([
      expect.stringContaining('ends within a frame'),
    ]);
  });

  test('is seen where originals are suppressed', () => {
    const suppressed = judge(row(), { mode: 'suppress', target: 'present' }, good).complaints;
    expect(suppressed.join()).toContain('original stdout: 2290 bytes though all was handed over');
    const twice = judge(row(), { mode: 'suppress', target: 'late' }, good).complaints;
    expect(twice.join()).toContain('captured and original stdout');
  });
});
