/** Outputs to a peer over TCP: the Forward protocol, and lines of JSON. */
import type { Data, Description } from '../description.js';
import type { Entry } from '../input.js';
import type { Plugin } from '../plugin.js';
import { put } from './cloudwatch.js';

export interface PeerKeys {
  readonly tls: boolean;
  readonly sharedKey: Entry | undefined;
  readonly username: Entry | undefined;
  readonly password: Entry | undefined;
  readonly ca: Entry | undefined;
}

/** Host and port of a peer. */
export function peer(plugin: Plugin, to: Description, name: string, port: string): Data {
  const property = `sink.${name}`;
  return {
    host: to.required(`${property}.host`, plugin.text('host', `${property}.host`), 'collector.example'),
    port: plugin.number('port', `${property}.port`) ?? Number(port),
  };
}

/** The security of a Forward or TCP peer: secrets are named, never copied. */
export function secured(plugin: Plugin, to: Description, name: 'forward' | 'tcp', sink: Data, keys: PeerKeys): Data {
  const { verdicts } = plugin;
  const secret = (from: Entry | undefined, property: string, key: string) => {
    if (from === undefined) return;
    put(sink, property, to.secret(`logtap-${name}`, key, from));
    verdicts.carried(from, `sink.${name}.${property}: create the Secret 'logtap-${name}' with the key '${key}'`);
  };
  if (keys.tls) {
    sink.tls = true;
    secret(keys.ca, 'caSecret', 'ca.crt');
  } else if (keys.ca) verdicts.left(keys.ca, 'the connection has no TLS');
  secret(keys.sharedKey, 'sharedKeySecret', 'shared-key');
  const isComplete = keys.sharedKey && keys.username && keys.password;
  for (const entry of [keys.username, keys.password])
    if (entry && !isComplete) verdicts.left(entry, 'a user needs a name, a password and a shared key');
  if (!isComplete || plugin.isEmbedded(keys.username!)) return sink;
  verdicts.carried(keys.username!, `sink.${name}.username`);
  sink.username = keys.username!.value;
  secret(keys.password, 'passwordSecret', 'password');
  return sink;
}
