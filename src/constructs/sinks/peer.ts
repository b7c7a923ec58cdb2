/** Settings of the sinks that write to a peer: NDJSON over TCP, and the Forward protocol. */
import { must } from '../must.js';
import type { SecretKey, SinkConfig } from '../sink-config.js';
import { hasToken } from '../token.js';

/** Where the peer is, and how it is known. */
export interface TcpSinkProps {
  /** Name or address of the host. */
  readonly host: string;

  /** TCP port. */
  readonly port: number;

  /**
   * Whether the connection is encrypted, and the certificate of the peer checked.
   *
   * @default false
   */
  readonly tls?: boolean;

  /**
   * Where the certificates of the authorities to trust lie, in PEM. Needs `tls`.
   *
   * @default - those that Node trusts
   */
  readonly caSecret?: SecretKey;
}

/** A peer that speaks the Forward protocol: Fluentd, Fluent Bit, the OpenTelemetry Collector. */
export interface ForwardSinkProps extends TcpSinkProps {
  /**
   * Tag of all records.
   *
   * @default 'logtap'
   */
  readonly tag?: string;

  /**
   * Whether the peer confirms each request. Without it, records count as delivered when the network of the peer has them.
   *
   * @default true
   */
  readonly ack?: boolean;

  /**
   * Where the key lies that both sides prove to each other that they know.
   *
   * @default - no handshake
   */
  readonly sharedKeySecret?: SecretKey;

  /**
   * User, where the peer asks for one. Needs `passwordSecret` and `sharedKeySecret`.
   *
   * @default - none
   */
  readonly username?: string;

  /**
   * Where the password lies.
   *
   * @default - none
   */
  readonly passwordSecret?: SecretKey;
}

export function tcp(props: TcpSinkProps): SinkConfig {
  return peer('tcp', props);
}

export function forward(props: ForwardSinkProps): SinkConfig {
  const { tag, ack, sharedKeySecret, username, passwordSecret } = props;
  must(
    (username === undefined) === (passwordSecret === undefined),
    username === undefined ? 'passwordSecret' : 'username',
    username ?? passwordSecret,
    "come with its counterpart: give both 'username' and 'passwordSecret', or neither",
  );
  must(
    username === undefined || sharedKeySecret !== undefined,
    'username',
    username,
    "come with a shared key, without which the peer asks for nobody: give 'sharedKeySecret' too",
  );
  const config = peer('forward', props);
  return {
    ...config,
    settings: {
      ...config.settings,
      ...(tag !== undefined && { LOGTAP_FORWARD_TAG: tag }),
      ...(ack !== undefined && { LOGTAP_FORWARD_ACK: String(ack) }),
      ...(username !== undefined && { LOGTAP_FORWARD_USERNAME: username }),
    },
    secretFiles: [
      ...config.secretFiles,
      ...secretFile('LOGTAP_FORWARD_SHARED_KEY_FILE', sharedKeySecret),
      ...secretFile('LOGTAP_FORWARD_PASSWORD_FILE', passwordSecret),
    ],
  };
}

function peer(name: 'tcp' | 'forward', { host, port, tls = false, caSecret }: TcpSinkProps): SinkConfig {
  const isHost = hasToken(host) || /^[^\s/@[\]]+$/.test(host);
  must(isHost, 'host', host, 'be a name or an address: write it without scheme and port');
  must(
    Number.isInteger(port) && port > 0 && port <= 65_535,
    'port',
    port,
    'be a whole number from 1 to 65535: correct it',
  );
  must(caSecret === undefined || tls, 'caSecret', caSecret, "come with TLS, which asks for certificates: set 'tls'");
  const setting = `LOGTAP_${name.toUpperCase()}`;
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    name,
    settings: { [`${setting}_ADDRESS`]: tls ? `tls://${address}` : address },
    secretFiles: secretFile(`${setting}_CA_FILE`, caSecret),
    iam: [],
    egress: [{ host, port }],
  };
}

const secretFile = (setting: string, secret: SecretKey | undefined) =>
  secret === undefined ? [] : [{ setting, secretName: secret.name, key: secret.key }];
