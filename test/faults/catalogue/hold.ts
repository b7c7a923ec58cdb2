/** An outage that is longer than the buffer. */
import { setTimeout as sleep } from 'node:timers/promises';
import { untilAsked } from '../../support/fault-scene.js';
import { type Cell, type Fault, PATIENT } from './fault.js';

/** Bounds that one writer overruns. */
const bounds = (onFull: string) => ({
  LOGTAP_MEMORY_MAX_BYTES: String(8 << 20),
  LOGTAP_SPOOL_MAX_BYTES: String(2 << 20),
  LOGTAP_ON_FULL: onFull,
});

/** More lines than buffer and ring hold. */
const LINES = 200_000;

const full = (policy: string, more: Partial<Fault>): Fault => ({
  name: `buffer full: ${policy}`,
  prepare: () => ({ settings: bounds(policy) }),
  async happen(scene, service) {
    service.fault = ({ cut }) => cut();
    const writer = scene.write({
      lines: LINES,
      per: 2000,
      pauseSeconds: 0.01,
      onFull: policy === 'block' ? 'pass' : PATIENT.onFull,
    });
    await writer.ended;
    service.fault = undefined;
  },
  ...more,
});

export const HOLD: readonly Fault[] = [
  full('block', {
    fates: ['not_handed_over'],
    expect: ({ original }) => expect(original).toBeGreaterThan(0),
  }),
  full('drop-oldest', {
    fates: ['full_drop_oldest'],
    expect: ({ fates }) => expect(fates.full_drop_oldest).toBeGreaterThan(0),
  }),
  full('drop-newest', {
    fates: ['full_drop_newest'],
    expect: ({ fates }) => expect(fates.full_drop_newest).toBeGreaterThan(0),
  }),
  {
    name: 'service down until the shipper has ended',
    remains: true,
    prepare: () => ({ settings: { LOGTAP_GRACE_SECONDS: '4' } }),
    async happen(scene, service) {
      service.fault = ({ cut }) => cut();
      await scene.write({ lines: 5000 }).ended;
      await untilAsked(service);
    },
    expect: ({ held }) => expect(held).toBeGreaterThanOrEqual(5000),
  },
  {
    name: 'buffer full (drop-oldest) and shipper killed',
    prepare: () => ({ settings: bounds('drop-oldest') }),
    async happen(scene, service) {
      service.fault = ({ cut }) => cut();
      const writer = scene.write({ ...PATIENT, lines: LINES, per: 2000, pauseSeconds: 0.01 });
      await writer.ended;
      await sleep(500);
      await scene.kill();
      await scene.ship();
      await sleep(500);
      service.fault = undefined;
    },
    appliesTo: ({ transport }: Cell) => transport === 'ring',
    fates: ['full_drop_oldest', 'shipper_killed'],
    expect: ({ counted }) => expect(counted).toBeGreaterThan(0),
  },
];
