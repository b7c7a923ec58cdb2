/** Properties of the sinks that write to a peer: NDJSON over TCP, and the Forward protocol. */
import { FORWARD_SETTINGS } from '../../catalog/sinks/forward.js';
import { TCP_SETTINGS } from '../../catalog/sinks/tcp.js';
import { must } from '../props/must.js';
import { hasToken } from '../props/token.js';
import { bind } from './bind.js';
import type { SecretKey, SinkConfig } from './sink-config.js';

/** Address and certificates of a peer. */
export interface TcpSinkProps {
  /** Name or address of the host. */
  readonly host: string;

  /** TCP port. */
  readonly port: number;

  /**
   * Whether the connection is encrypted and the peer's certificate is verified.
   *
   * @default false
   */
  readonly tls?: boolean;

  /**
   * Secret with the certificates, in PEM, of the authorities to trust. Needs `tls`.
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
   * Whether the peer acknowledges each request. With `false`, records count as delivered when the peer's kernel has acknowledged them.
   *
   * @default true
   */
  readonly ack?: boolean;

  /**
   * Secret with the shared key for mutual authentication.
   *
   * @default - no handshake
   */
  readonly sharedKeySecret?: SecretKey;

  /**
   * User name, if the peer requires one. Needs `passwordSecret` and `sharedKeySecret`.
   *
   * @default - none
   */
  readonly username?: string;

  /**
   * Secret with the password.
   *
   * @default - none
   */
  readonly passwordSecret?: SecretKey;
}

export function tcp(props: TcpSinkProps): SinkConfig {
  const { tcpAddress, tcpCaFile } = TCP_SETTINGS;
  return {
    ...bind('tcp', [
      { property: 'host', setting: tcpAddress, value: address(props) },
      { property: 'caSecret', setting: tcpCaFile, secret: props.caSecret },
    ]),
    iam: [],
    egress: [{ host: props.host, port: props.port }],
  };
}

export function forward(props: ForwardSinkProps): SinkConfig {
  const of = FORWARD_SETTINGS;
  return {
    ...bind('forward', [
      { property: 'host', setting: of.forwardAddress, value: address(props) },
      { property: 'caSecret', setting: of.forwardCaFile, secret: props.caSecret },
      { property: 'tag', setting: of.forwardTag, value: props.tag },
      { property: 'ack', setting: of.forwardAck, value: props.ack },
      { property: 'username', setting: of.forwardUsername, value: props.username },
      { property: 'sharedKeySecret', setting: of.forwardSharedKeyFile, secret: props.sharedKeySecret },
      { property: 'passwordSecret', setting: of.forwardPasswordFile, secret: props.passwordSecret },
    ]),
    iam: [],
    egress: [{ host: props.host, port: props.port }],
  };
}

/** Host, port and TLS, combined into the shipper's one setting. */
function address({ host, port, tls = false, caSecret }: TcpSinkProps): string {
  const isHost = typeof host === 'string' && (hasToken(host) || /^[^\s/@[\]]+$/.test(host));
  must(isHost, 'host', host, 'be a name or an address: write it without scheme and port');
  must(
    Number.isInteger(port) && port > 0 && port <= 65_535,
    'port',
    port,
    'be a whole number from 1 to 65535: correct it',
  );
  must(caSecret === undefined || tls, 'caSecret', caSecret, "be used with TLS, which verifies certificates: set 'tls'");
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return tls ? `tls://${authority}` : authority;
}
