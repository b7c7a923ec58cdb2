/** A shipper that is killed, stopped, or short of descriptors: its counts outlive it. */
import { readdirSync, statSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeWith } from '../support/capability.js';
import { expectEveryLine, SINKS, untilAsked, useStage } from '../support/fault-scene.js';
import { until } from '../support/run.js';

jest.setTimeout(600_000);

const HOLDINGS = ['memory', 'disk'] as const;

describeWith(['opensearch'], 'a shipper', () => {
  const stage = useStage();
  const open = stage.open;
  const down = ({ cut }: { cut(): void }) => cut();

  describe.each(SINKS)('%s', (sink) => {
    test.each(HOLDINGS.flatMap((holding) => [1, 2, 3].map((kills) => [kills, holding] as const)))(
      'killed %i times in one outage that is longer than the rings, held in %s',
      async (kills, holding) => {
        const service = await open(sink, 'ring', holding);
        await stage.scene.ship();
        service.fault = down;
        const writers = [
          stage.scene.write({ lines: 40_000, per: 1000, pauseSeconds: 0.02 }),
          stage.scene.write({ lines: 40_000, per: 1000, pauseSeconds: 0.02 }),
        ];
        await Promise.all(writers.map(({ ended }) => ended));
        await sleep(1500);
        for (let i = 0; i < kills; i += 1) {
          await stage.scene.kill();
          await stage.scene.ship();
          await untilAsked(service);
          await sleep(300);
        }
        service.fault = undefined;
        const sum = await stage.scene.sum();
        expectEveryLine(sum);
        expect(sum).toMatchObject({ held: 0, code: 0 });
      },
    );

    test.each(HOLDINGS)('killed under load, while lines are dropped by choice, held in %s', async (holding) => {
      // Bounds that one writer overruns at once.
      const bounds = {
        LOGTAP_MEMORY_MAX_BYTES: String(8 << 20),
        LOGTAP_SPOOL_MAX_BYTES: String(2 << 20),
        LOGTAP_ON_FULL: 'drop-oldest',
      };
      const service = await open(sink, 'ring', holding, bounds);
      await stage.scene.ship();
      service.fault = down;
      const writer = stage.scene.write({ lines: 200_000, per: 2000, pauseSeconds: 0.02, onFull: 'block:60000' });
      await untilAsked(service, 2);
      await writer.ended;
      await sleep(500);
      await stage.scene.kill();
      await stage.scene.ship();
      await sleep(500);
      service.fault = undefined;
      const sum = await stage.scene.sum();
      expectEveryLine(sum);
      expect(sum.counted).toBeGreaterThan(0);
    });

    test.each(['ring', 'socket'] as const)(
      'that stands still while lines are written through a %s: each is in the original, and counted',
      async (transport) => {
        await open(sink, transport, 'memory');
        await stage.scene.ship();
        const writer = stage.scene.write({ lines: 100_000, per: 100, pauseSeconds: 0.002 });
        await sleep(500);
        stage.scene.shipper.child.kill('SIGSTOP');
        await writer.ended;
        stage.scene.shipper.child.kill('SIGCONT');
        const sum = await stage.scene.sum();
        expectEveryLine(sum);
        expect(sum.original).toBeGreaterThan(0);
        expect(sum).toMatchObject({ counted: 0, dropped: { application: { not_handed_over: sum.original } } });
      },
    );

    test.each(['ring', 'socket'] as const)('without descriptors for a while, fed by a %s', async (transport) => {
      const service = await open(sink, transport, 'disk', { LOGTAP_MEMORY_MAX_BYTES: String(1 << 20) });
      await stage.scene.ship(['sh', '-c', 'ulimit -n 96; exec "$@"', 'sh']);
      service.fault = ({ response }) => response.writeHead(503).end();
      await stage.scene.write({ lines: 60_000, per: 1000, pauseSeconds: 0.01, onFull: 'block:60000' }).ended;
      const idle: Socket[] = [];
      for (let i = 0; i < 120; i += 1)
        idle.push(createConnection(stage.scene.statusPort, '127.0.0.1').on('error', () => {}));
      await sleep(500);
      service.fault = undefined;
      await sleep(3000);
      for (const socket of idle) socket.destroy();
      const sum = await stage.scene.sum();
      expectEveryLine(sum);
      expect(sum).toMatchObject({ counted: 0, held: 0, code: 0 });
    });

    test('that ends in an outage says how many lines remain', async () => {
      const service = await open(sink, 'ring', 'memory', { LOGTAP_GRACE_SECONDS: '4' });
      await stage.scene.ship();
      service.fault = down;
      await stage.scene.write({ lines: 5000 }).ended;
      await untilAsked(service);
      const sum = await stage.scene.sum();
      expectEveryLine(sum);
      expect(sum).toMatchObject({ held: 5000, code: 74 });
    });
  });

  const files = () => {
    const names = readdirSync(stage.scene.spool).filter((name) => name.endsWith('.segment'));
    return names.sort().map((name) => join(stage.scene.spool, name));
  };
  const counts = async () => {
    const { delivered, held } = (await stage.scene.ledger()).sinks.opensearch!;
    return { delivered: delivered.records, held: held.records };
  };
  const checkpoint = () => join(stage.scene.spool, 'checkpoint.json');
  test.each<[string, () => void]>([
    ['a file in the middle is empty', () => truncateSync(files().at(files().length >> 1)!)],
    ['the last file is empty', () => truncateSync(files().at(-1)!)],
    ['a file in the middle is gone', () => unlinkSync(files().at(files().length >> 1)!)],
    ['the first file is gone', () => unlinkSync(files()[0]!)],
    ['the last file is gone', () => unlinkSync(files().at(-1)!)],
    ['the last file is cut in the middle', () => truncateSync(files().at(-1)!, statSync(files().at(-1)!).size >> 1)],
    ['the checkpoint is not JSON', () => writeFileSync(checkpoint(), '{"version":1,"end":12')],
    ['the checkpoint is empty', () => truncateSync(checkpoint())],
    ['the checkpoint is gone', () => unlinkSync(checkpoint())],
    [
      'the checkpoint is far ahead',
      () =>
        writeFileSync(checkpoint(), '{"version":1,"end":9007199254740991,"positions":{"opensearch":9007199254740000}}'),
    ],
  ])('whose disk lost something in a crash: %s', async (_, damage) => {
    const service = await open('opensearch', 'ring', 'disk', { LOGTAP_SPOOL_MAX_BYTES: String(16 << 20) });
    await stage.scene.ship();
    // Some are stored, so that there is a checkpoint.
    await stage.scene.write({ lines: 5000 }).ended;
    await until('those are stored', async () => (await counts()).delivered === 5000, 120_000);
    service.fault = down;
    await stage.scene.write({ lines: 80_000, per: 1000, pauseSeconds: 0.01, onFull: 'block:60000' }).ended;
    await until('all others are on disk', async () => (await counts()).held === 80_000, 120_000);
    await stage.scene.kill();
    expect(files().length).toBeGreaterThan(2);
    damage();
    await stage.scene.ship();
    service.fault = undefined;
    expectEveryLine(await stage.scene.sum());
  });
});
