/** Shippers and applications that are killed, stopped, or short of what they need. */
import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { untilAsked } from '../../support/fault-scene.js';
import { MemoryCgroup } from '../../support/memory-cgroup.js';
import { shiftedClock, stepClock } from '../../support/shifted-clock.js';
import { type Cell, during, type Fault, PATIENT } from './fault.js';

/** Lines over a socket are in no other place, docs/internals/architecture.md: the kernel's buffers, and memory without a disk. */
const KERNEL_BYTES = 512 * 1024;
const MEMORY_BYTES = 64 << 20;
const overSocket = ({ transport, holding }: Cell) => {
  if (transport === 'ring') return 0;
  return holding === 'disk' ? KERNEL_BYTES : MEMORY_BYTES;
};

/** Of a container with buffers of 16 MiB. */
const SHIPPER_BYTES = 192 << 20;

const killedInOutage = (times: number): Fault => ({
  name: `shipper killed ${['', 'once', 'twice', 'three times'][times]} in one outage`,
  async happen(scene, service) {
    service.fault = ({ cut }) => cut();
    const writers = [0, 1].map(() => scene.write({ ...PATIENT, lines: 20_000, per: 1000, pauseSeconds: 0.02 }));
    await Promise.all(writers.map(({ ended }) => ended));
    await sleep(1000);
    for (let i = 0; i < times; i += 1) {
      await scene.kill();
      await scene.ship();
      // A shipper that has lost all lines of a socket has nothing to send.
      await Promise.race([untilAsked(service), sleep(2000)]);
    }
    service.fault = undefined;
  },
  fates: ['shipper_killed'],
  gapBytes: overSocket,
});

export const PROCESSES: readonly Fault[] = [
  {
    name: 'shipper killed under load',
    async happen(scene, service) {
      scene.write({ ...PATIENT, lines: 20_000, per: 100, pauseSeconds: 0.01 });
      for (let i = 0; i < 2; i += 1) {
        await untilAsked(service, 2);
        await scene.kill();
        await scene.ship();
      }
    },
    // No socket is there in between.
    fates: ['not_handed_over', 'shipper_killed'],
    expect: ({ fates }, { transport }) => {
      if (transport === 'ring') expect(fates).toEqual({});
    },
    gapBytes: overSocket,
  },
  killedInOutage(1),
  killedInOutage(2),
  killedInOutage(3),
  {
    name: 'shipper stopped (SIGSTOP)',
    async happen(scene) {
      const writer = scene.write({ lines: 100_000, per: 100, pauseSeconds: 0.002 });
      await sleep(300);
      scene.shipper.child.kill('SIGSTOP');
      await writer.ended;
      scene.shipper.child.kill('SIGCONT');
    },
    fates: ['not_handed_over'],
    expect: ({ original }) => expect(original).toBeGreaterThan(0),
  },
  {
    name: 'application killed',
    async happen(scene, service) {
      for (let i = 0; i < 3; i += 1) {
        const writer = scene.write({ ...PATIENT, lines: 1_000_000, per: 20, pauseSeconds: 0.001 });
        await untilAsked(service, 2);
        writer.child.kill('SIGKILL');
        await writer.ended;
      }
    },
  },
  {
    name: 'descriptors exhausted',
    prepare: () => ({
      settings: { LOGTAP_MEMORY_MAX_BYTES: String(1 << 20) },
      prefix: ['sh', '-c', 'ulimit -n 96; exec "$@"', 'sh'],
    }),
    async happen(scene, service) {
      service.fault = ({ response }) => response.writeHead(503).end();
      const writer = scene.write({ ...PATIENT, lines: 20_000, per: 1000, pauseSeconds: 0.01 });
      await untilAsked(service, 2);
      const idle: Socket[] = [];
      for (let i = 0; i < 120; i += 1) idle.push(createConnection(scene.statusPort, '127.0.0.1').on('error', () => {}));
      await sleep(500);
      service.fault = undefined;
      await writer.ended;
      for (const socket of idle) socket.destroy();
    },
  },
  {
    name: 'memory pressure (limit of the container)',
    prepare() {
      const group = new MemoryCgroup(SHIPPER_BYTES);
      return {
        settings: { LOGTAP_MEMORY_MAX_BYTES: String(16 << 20), LOGTAP_SPOOL_MAX_BYTES: String(16 << 20) },
        prefix: ['sh', '-c', group.enter, 'sh'],
        undo: () => group.remove(),
      };
    },
    async happen(scene, service) {
      service.fault = ({ cut }) => cut();
      const writers = [0, 1].map(() => scene.write({ ...PATIENT, lines: 100_000, per: 5000, pauseSeconds: 0.01 }));
      await untilAsked(service);
      await sleep(2000);
      service.fault = undefined;
      await Promise.all(writers.map(({ ended }) => ended));
    },
  },
  {
    name: 'clock steps',
    prepare: (directory) => ({ settings: shiftedClock(directory) }),
    happen: (scene, service) =>
      during(scene, async () => {
        for (const hours of [-5, 30, 0, -2]) {
          stepClock(scene.directory, hours * 3_600_000);
          scene.write({ ...PATIENT, lines: 200 });
          await untilAsked(service);
        }
        stepClock(scene.directory, 0);
      }),
  },
];
