/** Every peer of the comparison, in the order of the table. */
import type { Peer } from '../peer.js';
import { logtapRings, logtapSocket } from './logtap.js';
import { naive } from './node.js';
import { otelCollector } from './otel-collector.js';
import { rsyslog } from './rsyslog.js';
import { syslogNg } from './syslog-ng.js';

const PEERS: readonly Peer[] = [logtapSocket, logtapRings, naive, otelCollector, rsyslog, syslogNg];

/** @param given of `--peer`: `NAME=BINARY` */
export function peersWith(given: readonly string[]): readonly Peer[] {
  void given;
  return PEERS;
}
