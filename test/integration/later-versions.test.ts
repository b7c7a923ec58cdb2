/**
 * This build beside a library and a shipper with the next version of the frames, or of the layout of rings:
 * docs/reference/compatibility.md. Each test would find a line that is in no place and in no count.
 */
import { rmSync } from 'node:fs';
import { freePort } from '../../scripts/free-port.js';
import { FRAME_VERSION, RING_VERSION } from '../../src/contract.js';
import { Scene, TRANSPORTS } from '../support/build-scene.js';
import { buildLater } from '../support/later-build.js';
import { type Build, THIS_BUILD } from '../support/releases.js';
import { until } from '../support/run.js';
import { drain, type Shipper } from '../support/tapped.js';

jest.setTimeout(300_000);

let scene: Scene;
afterEach(() => rmSync(scene.rings, { recursive: true, force: true }));

const builds = new Map<string, Build>();
beforeAll(async () => {
  builds.set('frames', await buildLater('FRAME_VERSION'));
  builds.set('rings', await buildLater('RING_VERSION'));
});

const WORDS = {
  frames: `frame version ${FRAME_VERSION + 1}; this shipper reads 1 to ${FRAME_VERSION}`,
  rings: `is a ring of version ${RING_VERSION + 1}; this shipper reads ${RING_VERSION}`,
};

/** The last line of a shipper that is told to end. */
async function lastLine(shipper: Shipper) {
  const { stderr } = await drain(shipper);
  const lines = stderr.split('\n').filter((line) => line.includes('"message":"stopped:'));
  return JSON.parse(lines.at(-1)!);
}

async function statusSettings() {
  const port = await freePort();
  const settings = { LOGTAP_STATUS_PORT: String(port), LOGTAP_STATUS_HOST: '127.0.0.1' };
  return { url: `http://127.0.0.1:${port}`, settings };
}

const allOf = (total: number) => [...Array.from({ length: total - 1 }, (_, i) => String(i)), `end ${total - 1}`];

test.each(['frames', 'rings'] as const)(
  'later %s in a ring: the lines wait for the later shipper, and what does not fit is in the original and counted',
  async (what) => {
    const later = builds.get(what)!;
    scene = new Scene('ring');
    const { url, settings } = await statusSettings();
    const shipper = await scene.ship(THIS_BUILD, { ...settings, LOGTAP_RING_BYTES: '65536' });
    scene.write(later, { suppress: true });
    await until('its ring is full', () => scene.original().length > 50);
    expect(shipper.stderr()).toContain(WORDS[what]);
    expect(await (await fetch(`${url}/ledger`)).json()).toMatchObject({ laterVersions: { rings: 1 } });
    expect((await fetch(`${url}/readyz`)).ok).toBe(false);
    const original = await scene.written();
    const { dropped, unreadRings, read } = await lastLine(shipper);
    expect({ dropped, unreadRings, read }).toEqual({
      dropped: { application: { not_handed_over: original.length } },
      unreadRings: 1,
      read: 0,
    });
    expect(scene.delivered()).toEqual([]);
    const next = await scene.ship(later);
    await drain(next);
    const lines = scene.delivered().filter((line) => !line.startsWith('logtap: '));
    expect(new Set([...lines, ...original])).toEqual(new Set(allOf(scene.total)));
    expect(lines.length + original.length).toBe(scene.total);
  },
);

test('later frames over a socket: lines that were on their way are counted, the others are in the original', async () => {
  scene = new Scene('socket');
  const { url, settings } = await statusSettings();
  const shipper = await scene.ship(THIS_BUILD, settings);
  scene.write(builds.get('frames')!, { suppress: true });
  await until('lines are in the original', () => scene.original().length > 50);
  expect(shipper.stderr()).toContain(WORDS.frames);
  const { laterVersions } = (await (await fetch(`${url}/ledger`)).json()) as { laterVersions: { connections: number } };
  expect(laterVersions.connections).toBeGreaterThan(0);
  const original = await scene.written();
  const { dropped } = await lastLine(shipper);
  expect(scene.delivered()).toEqual([]);
  expect(original.length + dropped.application.later_version).toBe(scene.total);
});

test.each(TRANSPORTS)('this library beside a later shipper, over a %s: every line once', async (transport) => {
  scene = new Scene(transport);
  const shipper = await scene.ship(builds.get('frames')!);
  scene.write(THIS_BUILD);
  await scene.deliversMore();
  const written = await scene.written();
  expect((await drain(shipper)).code).toBe(0);
  expect(scene.delivered()).toEqual(written);
});

test('this shipper takes the place of a later one, and gives it back: it leaves the ring, and every line comes once', async () => {
  const later = builds.get('frames')!;
  scene = new Scene('ring');
  const first = await scene.ship(later);
  scene.write(later);
  await scene.deliversMore();
  await drain(first);
  const before = scene.delivered().length;
  const second = await scene.ship(THIS_BUILD);
  await until('it refuses the frames', () => second.stderr().includes(WORDS.frames));
  expect((await lastLine(second)).unreadRings).toBeGreaterThan(0);
  expect(scene.delivered().length).toBe(before);
  const third = await scene.ship(later);
  await scene.deliversMore();
  const written = await scene.written();
  expect((await drain(third)).code).toBe(0);
  expect(scene.delivered()).toEqual(written);
});
