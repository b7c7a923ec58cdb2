/** Settings of the sink `forward`: the Fluent Forward protocol. */
import { needs, type Rule, together } from '../rule.js';
import { setting } from '../setting.js';
import * as value from '../values/setting-values.js';
import type { SinkEntry } from './sink.js';
import { needsTls } from './tcp.js';

export const FORWARD_SETTINGS = {
  forwardAddress: setting({
    name: 'LOGTAP_FORWARD_ADDRESS',
    help: 'Peer that speaks the Forward protocol: `host:port`, or `tls://host:port`.',
    parse: value.peer,
  }),
  forwardTag: setting({
    name: 'LOGTAP_FORWARD_TAG',
    default: 'logtap',
    help: 'Tag of all records.',
    parse: value.text,
  }),
  forwardAck: setting({
    name: 'LOGTAP_FORWARD_ACK',
    default: 'true',
    help: 'Whether the peer acknowledges each request. With `false`, records count as delivered when the kernel of the peer has acknowledged them.',
    parse: value.boolean,
  }),
  forwardCaFile: setting({
    name: 'LOGTAP_FORWARD_CA_FILE',
    defaultMeaning: "Node's certificates",
    help: 'File with the certificates, in PEM, of the authorities to trust for `tls://`. Reread when it changes.',
    parse: value.absolutePath,
  }),
  forwardSharedKeyFile: setting({
    name: 'LOGTAP_FORWARD_SHARED_KEY_FILE',
    defaultMeaning: 'no handshake',
    help: 'File with the shared key for mutual authentication. Reread when it changes.',
    parse: value.absolutePath,
  }),
  forwardUsername: setting({
    name: 'LOGTAP_FORWARD_USERNAME',
    help: 'User name, if the peer requires one. Needs a shared key.',
    parse: value.text,
  }),
  forwardPasswordFile: setting({
    name: 'LOGTAP_FORWARD_PASSWORD_FILE',
    help: 'File with the password of that user. Reread when it changes.',
    parse: value.absolutePath,
  }),
} as const;

const RULES: readonly Rule[] = [
  needsTls(FORWARD_SETTINGS.forwardCaFile, FORWARD_SETTINGS.forwardAddress),
  together(FORWARD_SETTINGS.forwardUsername, FORWARD_SETTINGS.forwardPasswordFile),
  needs(FORWARD_SETTINGS.forwardUsername, FORWARD_SETTINGS.forwardSharedKeyFile),
];

export const FORWARD = {
  title: 'Fluent Forward',
  settings: FORWARD_SETTINGS,
  needed: [[FORWARD_SETTINGS.forwardAddress, 'collector.example:24224']],
  rules: RULES,
} as const satisfies SinkEntry;
