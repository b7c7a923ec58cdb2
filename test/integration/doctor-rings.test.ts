/** `logtap doctor --pid N` about a process whose lines go through rings: whether a shipper reads them, and what waits or was lost. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { LIBRARY_ENV } from '../../src/contract.js';
import { hasReader } from '../../src/doctor/ring.js';
import { type Answer, Workshop } from '../support/doctor.js';
import { type Running, start, temporaryDirectory, until } from '../support/run.js';
import { type Shipper, startShipper, tapEnvironment } from '../support/tapped.js';

/** Writes the lines that it is told to: `N BYTES`, from a FIFO. It starts no other program. */
const WRITER = 'while read -r n bytes; do for ((i=0; i<n; i++)); do printf "%0*d\\n" "$bytes" 0; done; done <> "$0"';

let workshop: Workshop;
let rings: string;
let writer: Running;
let orders: number;
let shipper: Shipper | undefined;
beforeAll(() => {
  workshop = new Workshop();
});
beforeEach(() => {
  rings = mkdtempSync('/dev/shm/logtap-doctor-');
  const fifo = join(temporaryDirectory(), 'orders');
  execFileSync('mkfifo', [fifo]);
  orders = openSync(fifo, 'r+');
  writer = start('/bin/bash', ['--norc', '-c', WRITER, fifo], {
    env: {
      ...tapEnvironment(''),
      [LIBRARY_ENV.TARGET.name]: `ring:${rings}`,
      [LIBRARY_ENV.ON_FULL.name]: 'pass',
      [LIBRARY_ENV.TAP_INTO.name]: '1',
    },
  });
});
afterEach(async () => {
  // It would wait for a writer that does not end.
  for (const running of [shipper, writer]) {
    running?.child.kill('SIGKILL');
    await running?.ended;
  }
  shipper = undefined;
  closeSync(orders);
  rmSync(rings, { recursive: true, force: true });
});

const say = (lines: number, bytes: number) => writeSync(orders, `${lines} ${bytes}\n`);
const ask = (): Promise<Answer> => workshop.ask(['--pid', String(writer.child.pid)]);
async function ship(): Promise<Shipper> {
  shipper = await startShipper({ LOGTAP_RING_DIR: rings, LOGTAP_SINK: 'stdout', LOGTAP_BATCH_LINGER_MS: '10' });
  await until('it listens to wake-ups', () => hasReader(rings));
  return shipper;
}

/** Sections of the runbook that the remedies name. */
const sectionsOf = ({ findings }: Answer['report']): string[] =>
  findings.map(({ remedy }) => /docs\/guides\/runbook\.md#([a-z-]+)/.exec(remedy)?.[1] ?? '');

/** Asks until an answer is as expected: the shipper releases what is acknowledged a moment later. */
async function untilFact(name: string, value: RegExp): Promise<Answer> {
  let answer = await ask();
  await until(`${name} is ${value}, not ${answer.report.facts[name]}`, async () => {
    answer = await ask();
    return value.test(answer.report.facts[name] ?? '');
  });
  return answer;
}

test('a shipper reads: its last read, and nothing waits or is lost', async () => {
  await ship();
  say(3, 20);
  const { code, report, seen } = await untilFact('ring fill', /^0 %: 0 of \d+ bytes/);
  expect({ code, state: report.state, seen }).toEqual({ code: 0, state: 'tapped', seen: [] });
  expect(report.facts).toMatchObject({ reader: 'a shipper', lost: '0 lines, 0 bytes' });
  expect(report.facts['last read']).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z, \d+ s ago$/);
});

test('no shipper was ever there: the lines wait in a ring of the process, and then are lost', async () => {
  say(1, 20);
  const first = await untilFact('ring fill', /^1 %/);
  expect({ code: first.code, state: first.report.state }).toEqual({ code: 2, state: 'tapped, but no process reads' });
  expect(first.report.facts).toMatchObject({ reader: 'none', 'last read': 'never', lost: '0 lines, 0 bytes' });
  expect(first.seen).toEqual([
    expect.stringMatching(/^limits: no shipper reads the rings in .*; \d+ bytes of this process wait/),
  ]);

  say(200, 1000);
  const { seen, report } = await untilFact('lost', /^[1-9]\d* lines/);
  expect(seen).toEqual([
    expect.stringMatching(/^limits: no shipper reads/),
    expect.stringMatching(/^limits: ring-\d+-[0-9a-f]{16}-0 is full: \d+ of 65536 bytes/),
    expect.stringMatching(/^limits: \d+ lines \(\d+ bytes\) were not handed over/),
  ]);
  expect(sectionsOf(report)).toEqual(['no-shipper-reads', 'the-ring-is-full', 'the-ring-is-full']);
});

test('no shipper, no line and no directory so far: the process makes it with its first line, which then waits', async () => {
  rmSync(rings, { recursive: true });
  const first = await ask();
  expect({ state: first.report.state, seen: first.seen }).toEqual({
    state: 'tapped, but no process reads',
    seen: [expect.stringMatching(/^limits: no shipper reads/), expect.stringMatching(/^note: process \d+ has no ring/)],
  });
  say(1, 20);
  const { report } = await untilFact('ring fill', /^1 %/);
  expect(report.facts).toMatchObject({ lost: '0 lines, 0 bytes' });
});

test('another process has written to the ring: it cannot be read, and the remedy says where to look', async () => {
  say(1, 20);
  await untilFact('ring fill', /^1 %/);
  const [name = ''] = readdirSync(rings).filter((each) => each.startsWith(`ring-${writer.child.pid}-`));
  const ring = openSync(join(rings, name), 'r+');
  writeSync(ring, Buffer.alloc(8), 0, 8, 0);
  closeSync(ring);
  const { code, report, seen } = await ask();
  expect(code).toBe(2);
  expect(seen).toContainEqual(expect.stringMatching(new RegExp(`^limits: ${name} cannot be read: `)));
  expect(sectionsOf(report)).toContain('the-ring-is-damaged');
});

test('the shipper was killed: what it had not delivered waits, and the time of its last read is known', async () => {
  const killed = await ship();
  say(1, 20);
  await untilFact('ring fill', /^0 %/);
  killed.child.kill('SIGKILL');
  await killed.ended;
  say(10, 100);
  const { code, report, seen } = await untilFact('ring fill', /^[1-9]\d* %/);
  expect({ code, state: report.state, seen }).toEqual({
    code: 2,
    state: 'tapped, but no process reads',
    seen: [expect.stringMatching(/^limits: no shipper reads the rings/)],
  });
  expect(report.facts['last read']).toMatch(/ s ago$/);
});

test('a process that has written nothing has no ring, which is a note', async () => {
  await ship();
  await until('the library is loaded', async () => (await ask()).report.facts.library !== 'not loaded');
  const { code, report, seen } = await ask();
  expect({ code, state: report.state, seen }).toEqual({
    code: 0,
    state: 'tapped',
    seen: [`note: process ${writer.child.pid} has no ring in ${rings}`],
  });
  expect(sectionsOf(report)).toEqual(['nothing-is-read']);
});

test('the text has the state before the verdict', async () => {
  say(1, 20);
  await untilFact('ring fill', /^1 %/);
  const { stdout } = await workshop.run(['--pid', String(writer.child.pid)]);
  expect(stdout).toMatch(
    /\n {2}last read: +never\n[\s\S]*\nstate: tapped, but no process reads\nverdict: can be tapped in part\n$/,
  );
});
