/**
 * The library of one release beside the shipper of another, and a shipper that takes the place of another while a program
 * writes: docs/reference/compatibility.md. The last release with version 1 of the frames is in test/fixtures/releases.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.js';
import { FRAME_VERSION, LIBRARY_ENV } from '../../src/contract.js';
import { type Build, THIS_BUILD, unpackRelease } from '../support/releases.js';
import { type Running, root, start, temporaryDirectory, until } from '../support/run.js';
import { drain, type Shipper, startShipper, tapEnvironment } from '../support/tapped.js';

jest.setTimeout(120_000);

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const TRANSPORTS = ['ring', 'socket'] as const;
/** The library is for x86_64. */
const describeHere = process.arch === 'x64' ? describe : describe.skip;

/** A place for a shipper, and a program that writes numbers until it is told to stop. */
class Scene {
  readonly rings = mkdtempSync('/dev/shm/logtap-rings-');
  readonly #directory = temporaryDirectory();
  readonly #socket = join(this.#directory, 'logtap.sock');
  readonly #output = join(this.#directory, 'output');
  readonly #stop = join(this.#directory, 'stop');
  readonly #transport: (typeof TRANSPORTS)[number];
  #program: Running | undefined;

  constructor(transport: (typeof TRANSPORTS)[number]) {
    this.#transport = transport;
  }

  ship({ shipper }: Build, settings: Readonly<Record<string, string>> = {}): Promise<Shipper> {
    const all = {
      ...{ LOGTAP_SINK: 'file', LOGTAP_FILE_PATH: this.#output },
      ...{ LOGTAP_SOCKET: this.#socket, LOGTAP_GRACE_SECONDS: '2', LOGTAP_BATCH_LINGER_MS: '20' },
      ...(this.#transport === 'ring' && { LOGTAP_RING_DIR: this.rings }),
      ...settings,
    };
    return startShipper(all, [], shipper);
  }

  write({ library }: Build): void {
    const script =
      'i=0; while [ ! -e "$0" ]; do echo $i; i=$((i+1)); [ $((i % 20)) -eq 0 ] && sleep 0.02; done; echo end $i';
    this.#program = start('sh', ['-c', script, this.#stop], {
      env: {
        ...tapEnvironment(this.#socket),
        LD_PRELOAD: library,
        ...(this.#transport === 'ring' && { [LIBRARY_ENV.TARGET.name]: `ring:${this.rings}` }),
      },
    });
  }

  /** Ends the program, and gives its lines. */
  async written(): Promise<string[]> {
    writeFileSync(this.#stop, '');
    return (await this.#program!.ended).stdout.split('\n').slice(0, -1);
  }

  delivered(): string[] {
    try {
      const lines = readFileSync(this.#output, 'utf8').split('\n').slice(0, -1);
      return lines.map((line) => JSON.parse(line).message);
    } catch {
      return [];
    }
  }

  async deliversMore(): Promise<void> {
    const before = this.delivered().length;
    await until('more lines are delivered', () => this.delivered().length > before + 50, 60_000);
  }
}

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
      await until('it refuses the frames', () => old.stderr().includes(`frame version ${FRAME_VERSION}`), 60_000);
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
