/** Every peer of the comparison, in the order of the table. */
import type { Peer } from '../peer.js';
import { fluentBit } from './fluent-bit.js';
import { logtapRings, logtapSocket } from './logtap.js';
import { awsSdk, naive, openSearchHelpers, winstonCloudWatch } from './node.js';
import { otelCollector, otelCollectorGiven } from './otel-collector.js';
import { rsyslog } from './rsyslog.js';
import { syslogNg } from './syslog-ng.js';
import { vector } from './vector.js';

const PEERS: readonly Peer[] = [
  logtapSocket,
  logtapRings,
  naive,
  openSearchHelpers,
  awsSdk,
  winstonCloudWatch,
  otelCollector,
  rsyslog,
  syslogNg,
];

/** Peers whose programs no registry here has. */
const GIVEN: Readonly<Record<string, (program: string) => Peer>> = {
  'fluent-bit': fluentBit,
  'otel-collector': otelCollectorGiven,
  vector,
};

const absent = (name: string): Peer => ({
  name,
  input: 'files',
  find: () => ({ install: `give its program by --peer ${name}=BINARY` }),
  command() {
    throw new Error(`${name} is not here`);
  },
});

/** @param given of `--peer`: `NAME=BINARY` */
export function peersWith(given: readonly string[]): readonly Peer[] {
  const binaries = new Map(
    given.map((text) => {
      const [name = '', binary = ''] = text.split('=', 2);
      if (GIVEN[name] === undefined || binary === '')
        throw new Error(`--peer has '${text}': use NAME=BINARY, with a name of ${Object.keys(GIVEN).join(', ')}`);
      return [name, binary] as const;
    }),
  );
  const more = Object.entries(GIVEN).map(([name, peer]) => {
    const binary = binaries.get(name);
    return binary === undefined ? absent(name) : peer(binary);
  });
  return [...PEERS, ...more];
}
