/** Volumes that are full, and a disk that lost something in a crash of the node. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync, statSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RING_NAMES } from '../../../src/contract.js';
import type { Scene } from '../../support/fault-scene.js';
import { until } from '../../support/run.js';
import { type Cell, type Fault, PATIENT } from './fault.js';

const onDisk = ({ holding }: Cell) => holding === 'disk';

/** A volume of this size in the directory. */
function volume(directory: string, name: string, size: string) {
  const path = join(directory, name);
  mkdirSync(path);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0777`, 'tmpfs', path]);
  return { path, undo: () => void execFileSync('umount', ['--lazy', path]) };
}

/** Gives the free rings away and fills their room. False while another ring is in the directory, whose room comes back. */
function isFull(rings: string, rest: string): boolean {
  const named = (...prefixes: string[]) =>
    readdirSync(rings).filter((name) => prefixes.some((prefix) => name.startsWith(prefix)));
  for (const name of named(RING_NAMES.FREE)) unlinkSync(join(rings, name));
  expect(() => appendFileSync(rest, Buffer.alloc(16 << 20))).toThrow('ENOSPC');
  return named(RING_NAMES.FREE, RING_NAMES.USED).length === 0;
}

const full: readonly Fault[] = [
  {
    name: 'disk full (ENOSPC)',
    appliesTo: onDisk,
    prepare(directory) {
      const { path, undo } = volume(directory, 'spool', '2m');
      return { spool: path, undo };
    },
    async happen(scene, service) {
      service.fault = ({ cut }) => cut();
      const writer = scene.write({ ...PATIENT, lines: 60_000, per: 1000, pauseSeconds: 0.01 });
      await scene.untilReported(/ENOSPC/);
      await writer.ended;
      service.fault = undefined;
    },
  },
  {
    name: 'volume of rings full (ENOSPC)',
    appliesTo: ({ transport }) => transport === 'ring',
    prepare(directory) {
      const { path, undo } = volume(directory, 'rings', '8m');
      const rings = join(path, 'rings');
      mkdirSync(rings, { mode: 0o777 });
      return { rings, undo };
    },
    async happen(scene) {
      const write = () => scene.write({ ...PATIENT, lines: 2000, per: 200, pauseSeconds: 0.05 }).ended;
      await scene.untilAllRead();
      const rest = join(scene.rings, '..', 'rest');
      await until('the volume is full and has no free ring', () => isFull(scene.rings, rest));
      await write();
      unlinkSync(rest);
      await write();
    },
    fates: ['not_handed_over'],
    // All lines of the one writer that found the volume full.
    expect: ({ original }) => expect(original).toBe(2000),
  },
];

const segments = ({ spool }: Scene) => {
  const names = readdirSync(spool).filter((name) => name.endsWith('.segment'));
  return names.sort().map((name) => join(spool, name));
};
const middle = (scene: Scene) => segments(scene).at(segments(scene).length >> 1)!;
const first = (scene: Scene) => segments(scene)[0]!;
const last = (scene: Scene) => segments(scene).at(-1)!;
const half = (path: string) => truncateSync(path, statSync(path).size >> 1);
const checkpoint = ({ spool }: Scene) => join(spool, 'checkpoint.json');

const DAMAGES: Readonly<Record<string, (scene: Scene) => void>> = {
  'segment in the middle empty': (scene) => truncateSync(middle(scene)),
  'last segment empty': (scene) => truncateSync(last(scene)),
  'segment in the middle missing': (scene) => unlinkSync(middle(scene)),
  'first segment missing': (scene) => unlinkSync(first(scene)),
  'last segment missing': (scene) => unlinkSync(last(scene)),
  'segment in the middle truncated': (scene) => half(middle(scene)),
  'last segment truncated': (scene) => half(last(scene)),
  'checkpoint truncated': (scene) => writeFileSync(checkpoint(scene), '{"version":1,"end":12'),
  'checkpoint empty': (scene) => truncateSync(checkpoint(scene)),
  'checkpoint missing': (scene) => unlinkSync(checkpoint(scene)),
  'checkpoint far ahead': (scene) =>
    writeFileSync(
      checkpoint(scene),
      '{"version":1,"end":9007199254740991,"positions":{"opensearch":9007199254740000,"cloudwatch":9007199254740000}}',
    ),
};

/** Held in several segments. */
const LINES = 30_000;

/** The shipper is killed in an outage, its disk loses something, and the next shipper starts. */
const damaged = ([name, damage]: [string, (scene: Scene) => void]): Fault => ({
  name: `disk buffer: ${name}`,
  appliesTo: onDisk,
  prepare: () => ({ settings: { LOGTAP_SPOOL_MAX_BYTES: String(4 << 20) } }),
  async happen(scene, service) {
    // Some are stored, so that there is a checkpoint.
    await scene.untilAllRead();
    await until('all lines so far are stored', async () => (await scene.counts()).held === 0);
    service.fault = ({ cut }) => cut();
    await scene.write({ ...PATIENT, lines: LINES, per: 1000, pauseSeconds: 0.005 }).ended;
    await scene.untilAllRead();
    await scene.kill();
    expect(segments(scene).length).toBeGreaterThan(2);
    damage(scene);
    await scene.ship();
    service.fault = undefined;
  },
  fates: ['spool_corrupt'],
});

export const DISK: readonly Fault[] = [...full, ...Object.entries(DAMAGES).map(damaged)];
