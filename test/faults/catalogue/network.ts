/** A network that fails below HTTP: connections, names, TLS. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Door, Way } from '../../support/door.js';
import { HOST } from '../../support/fault-service.js';
import { until } from '../../support/run.js';
import { during, type Fault } from './fault.js';

async function spoil(door: Door, way: Way, hits: number): Promise<void> {
  await door.set(way);
  await until(`the connection has failed ${hits} times (${way})`, () => door.hits >= hits);
  await door.set('open');
}

const toConnections = (name: string, way: Way, hits: number, more: Partial<Fault> = {}): Fault => ({
  name,
  happen: (scene, service) => during(scene, () => spoil(service.door, way, hits)),
  ...more,
});

const toTls = (name: string, way: Way): Fault => ({
  name,
  prepare: () => ({ route: 'TLS' }),
  happen: (scene, service) => during(scene, () => spoil(service.tlsDoor, way, 2)),
});

/** The file of names that the shipper sees; no other process does. */
const hostsOf = (directory: string) => join(directory, 'hosts');
const known = () => `${readFileSync('/etc/hosts', 'utf8')}\n127.0.0.1 ${HOST}\n`;
const unknown = () => readFileSync('/etc/hosts', 'utf8');

export const NETWORK: readonly Fault[] = [
  {
    name: 'connection refused',
    happen: (scene, { door }) =>
      during(scene, async () => {
        await door.set('refused');
        await scene.untilReported(/ECONNREFUSED/);
        await door.set('open');
      }),
  },
  toConnections('reset while the request is sent', 'reset while sending', 2),
  toConnections('reset after the request is sent and stored', 'reset before the answer', 2),
  // At its end the shipper gives a request that hangs a share of the grace.
  toConnections('no answer (time-out)', 'silent', 1, {
    prepare: () => ({ settings: { LOGTAP_GRACE_SECONDS: '24' } }),
  }),
  toConnections('slow network', 'slow', 4),
  toTls('TLS connection reset while sending', 'reset while sending'),
  toTls('TLS connection reset before the answer', 'reset before the answer'),
  {
    name: 'name not resolved (DNS)',
    prepare(directory) {
      writeFileSync(hostsOf(directory), known());
      const mount = `mount --bind ${hostsOf(directory)} /etc/hosts && exec "$@"`;
      return { route: 'name', prefix: ['unshare', '--mount', 'sh', '-c', mount, 'sh'] };
    },
    happen: (scene, { door }) =>
      during(scene, async () => {
        writeFileSync(hostsOf(scene.directory), unknown());
        // Existing connections need no name.
        await door.set('refused');
        await door.set('open');
        await scene.untilReported(/EAI_AGAIN|ENOTFOUND/);
        writeFileSync(hostsOf(scene.directory), known());
      }),
  },
];
