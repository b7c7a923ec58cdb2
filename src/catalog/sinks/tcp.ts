/** Settings of the sink `tcp`: NDJSON over TCP. */

import type { Rule } from '../rule.js';
import { type Setting, setting } from '../setting.js';
import type { PeerAddress } from '../values/peer-address.js';
import * as value from '../values/setting-values.js';
import type { SinkEntry } from './sink.js';

export const TCP_SETTINGS = {
  tcpAddress: setting({
    name: 'LOGTAP_TCP_ADDRESS',
    aliases: ['SINK_FLUENT'],
    help: 'Peer that reads one JSON object per line: `host:port`, or `tls://host:port`.',
    parse: value.peer,
  }),
  tcpCaFile: setting({
    name: 'LOGTAP_TCP_CA_FILE',
    defaultMeaning: "Node's certificates",
    help: 'File with the certificates, in PEM, of the authorities to trust for `tls://`. Reread when it changes.',
    parse: value.absolutePath,
  }),
} as const;

/** Certificates have an effect only with TLS. */
export function needsTls(file: Setting<string>, address: Setting<PeerAddress>): Rule {
  return {
    settings: [file, address],
    isBroken: ({ isGiven, read }) => isGiven(file) && read(address)?.isTls === false,
    says: (nameOf) =>
      `${nameOf(file)} has no effect without TLS. Write ${nameOf(address)} as tls://host:port, or remove the file.`,
  };
}

const RULES: readonly Rule[] = [needsTls(TCP_SETTINGS.tcpCaFile, TCP_SETTINGS.tcpAddress)];

export const TCP = {
  title: 'NDJSON over TCP',
  settings: TCP_SETTINGS,
  needed: [[TCP_SETTINGS.tcpAddress, 'collector.example:5170']],
  rules: RULES,
} as const satisfies SinkEntry;
