/** The rows of the table of settings that are about sinks which write to a peer: NDJSON over TCP, Fluent Forward. */
import { setting, type ValuesOf } from './setting.js';
import * as parse from './setting-parsers.js';

export const TCP_SETTINGS = {
  tcpAddress: setting({
    name: 'LOGTAP_TCP_ADDRESS',
    help: 'Peer that reads one JSON object a line: `host:port`, or `tls://host:port`.',
    parse: parse.peer,
  }),
  tcpCaFile: setting({
    name: 'LOGTAP_TCP_CA_FILE',
    defaultMeaning: "Node's certificates",
    help: 'File with the certificates, in PEM, of the authorities to trust for `tls://`. Read again when it changes.',
    parse: parse.absolutePath,
  }),
} as const;

export const FORWARD_SETTINGS = {
  forwardAddress: setting({
    name: 'LOGTAP_FORWARD_ADDRESS',
    help: 'Peer that speaks the Forward protocol: `host:port`, or `tls://host:port`.',
    parse: parse.peer,
  }),
  forwardTag: setting({
    name: 'LOGTAP_FORWARD_TAG',
    default: 'logtap',
    help: 'Tag of all records.',
    parse: parse.text,
  }),
  forwardAck: setting({
    name: 'LOGTAP_FORWARD_ACK',
    default: 'true',
    help: 'Whether the peer confirms each request. Without it, records count as delivered when the network of the peer has them.',
    parse: parse.boolean,
  }),
  forwardCaFile: setting({
    name: 'LOGTAP_FORWARD_CA_FILE',
    defaultMeaning: "Node's certificates",
    help: 'File with the certificates, in PEM, of the authorities to trust for `tls://`. Read again when it changes.',
    parse: parse.absolutePath,
  }),
  forwardSharedKeyFile: setting({
    name: 'LOGTAP_FORWARD_SHARED_KEY_FILE',
    defaultMeaning: 'no handshake',
    help: 'File with the key that both sides prove to each other that they know. Read again when it changes.',
    parse: parse.absolutePath,
  }),
  forwardUsername: setting({
    name: 'LOGTAP_FORWARD_USERNAME',
    help: 'User, where the peer asks for one. Needs a shared key.',
    parse: parse.text,
  }),
  forwardPasswordFile: setting({
    name: 'LOGTAP_FORWARD_PASSWORD_FILE',
    help: 'File with the password of that user. Read again when it changes.',
    parse: parse.absolutePath,
  }),
} as const;

/** Settings of these sinks that do not go together. */
export function peerContradictions(settings: ValuesOf<typeof TCP_SETTINGS & typeof FORWARD_SETTINGS>): string[] {
  const { tcpAddress, tcpCaFile, forwardAddress, forwardCaFile } = settings;
  const { forwardSharedKeyFile, forwardUsername, forwardPasswordFile } = settings;
  const problems: string[] = [];
  const tls = [
    ['TCP', tcpAddress, tcpCaFile],
    ['FORWARD', forwardAddress, forwardCaFile],
  ] as const;
  for (const [sink, address, file] of tls) {
    if (file === undefined || address?.isTls !== false) continue;
    problems.push(
      `LOGTAP_${sink}_CA_FILE has no effect without TLS. Write LOGTAP_${sink}_ADDRESS as tls://host:port, or remove the file.`,
    );
  }
  if ((forwardUsername === undefined) !== (forwardPasswordFile === undefined)) {
    problems.push('LOGTAP_FORWARD_USERNAME and LOGTAP_FORWARD_PASSWORD_FILE belong together. Set both, or neither.');
  }
  if (forwardUsername !== undefined && forwardSharedKeyFile === undefined) {
    problems.push(
      'LOGTAP_FORWARD_USERNAME has no effect without LOGTAP_FORWARD_SHARED_KEY_FILE. Set both, or neither.',
    );
  }
  return problems;
}
