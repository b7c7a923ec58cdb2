/**
 * The library of one release beside the shipper of another, and a shipper that takes the place of another while a program
 * writes: docs/reference/compatibility.md. The last release with version 1 of the frames is in test/fixtures/releases.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.js';
import { FRAME_VERSION } from '../../src/contract.js';
import { Scene, TRANSPORTS } from '../support/build-scene.js';
import { type Build, THIS_BUILD, unpackRelease } from '../support/releases.js';
import { root, until } from '../support/run.js';
import { drain } from '../support/tapped.js';

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
/** The library is for x86_64. */
const describeHere = process.arch === 'x64' ? describe : describe.skip;

let scene: Scene;
afterEach(() => rmSync(scene.rings, { recursive: true, force: true }));

describeHere('the release with version 1 of the frames', () => {
  let before: Build;
  beforeAll(() => {
    before = unpackRelease('frames-1');
  });

  test.each(TRANSPORTS)('its library beside this shipper, over a %s: every line once', async (transport) => {
    scene = new Scene(transport);
    const port = await freePort();
    const shipper = await scene.ship(THIS_BUILD, { LOGTAP_STATUS_PORT: String(port), LOGTAP_STATUS_HOST: '127.0.0.1' });
    scene.write(before);
    await scene.deliversMore();
    const ledger = await (await fetch(`http://127.0.0.1:${port}/ledger`)).json();
    expect(ledger).toMatchObject({
      shipper: { version, frames: FRAME_VERSION },
      libraries: [{ library: 'unknown', frames: 1, processes: 1 }],
      processes: [{ process: 'sh', container: 'app', library: 'unknown', frames: 1 }],
    });
    const written = await scene.written();
    expect((await drain(shipper)).code).toBe(0);
    expect(scene.delivered()).toEqual(written);
  });

  test('this shipper takes its place while its library writes: every line once', async () => {
    scene = new Scene('ring');
    const old = await scene.ship(before);
    scene.write(before);
    await scene.deliversMore();
    await drain(old);
    const shipper = await scene.ship(THIS_BUILD);
    await scene.deliversMore();
    const written = await scene.written();
    expect((await drain(shipper)).code).toBe(0);
    expect(scene.delivered()).toEqual(written);
  });

  test.each(TRANSPORTS)(
    'this library beside its shipper, over a %s: refused, with the reason in its log',
    async (transport) => {
      scene = new Scene(transport);
      const old = await scene.ship(before);
      scene.write(THIS_BUILD);
      await until('it refuses the frames', () => old.stderr().includes(`frame version ${FRAME_VERSION}`));
      await scene.written();
      await drain(old);
      expect(scene.delivered()).toEqual([]);
    },
  );
});

describe('this release', () => {
  test.each(TRANSPORTS)('says which library and shipper they are, over a %s', async (transport) => {
    scene = new Scene(transport);
    const port = await freePort();
    const shipper = await scene.ship(THIS_BUILD, { LOGTAP_STATUS_PORT: String(port), LOGTAP_STATUS_HOST: '127.0.0.1' });
    scene.write(THIS_BUILD);
    await scene.deliversMore();
    const ledger = await (await fetch(`http://127.0.0.1:${port}/ledger`)).json();
    expect(ledger).toMatchObject({
      shipper: { version, frames: FRAME_VERSION },
      libraries: [{ library: version, frames: FRAME_VERSION, processes: 1 }],
      processes: [{ process: 'sh', container: 'app', library: version, frames: FRAME_VERSION }],
    });
    const written = await scene.written();
    expect((await drain(shipper)).code).toBe(0);
    expect(scene.delivered()).toEqual(written);
  });

  test('a shipper takes the place of another while a program writes: every line once', async () => {
    scene = new Scene('ring');
    const first = await scene.ship(THIS_BUILD);
    scene.write(THIS_BUILD);
    await scene.deliversMore();
    await drain(first);
    const second = await scene.ship(THIS_BUILD);
    await scene.deliversMore();
    const written = await scene.written();
    expect((await drain(second)).code).toBe(0);
    expect(scene.delivered()).toEqual(written);
  });
});
