/**
 * Connections to services, through a proxy where one is set for the host: as a tunnel, which the proxy opens on CONNECT and cannot
 * look into. Requests to `http://` services may be given to the proxy as they are, which is up to the caller.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { type AgentOptions, Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { NoAnswerError } from '../../errors.js';

/** The proxy for a host and port; none where it is asked directly. */
export type ProxyFor = (host: string, port: number) => URL | undefined;

type Created = (error: Error | null, socket?: Duplex) => void;
type Target = ConnectionOptions & { readonly host?: string; readonly port?: number | string };

/** A proxy that does not even open a tunnel by then is not there. */
const CONNECT_MS = 30_000;

export class TunnelHttpsAgent extends HttpsAgent {
  readonly #proxyFor: ProxyFor;

  constructor(proxyFor: ProxyFor, options: AgentOptions = {}) {
    super({ ...options, keepAlive: true });
    this.#proxyFor = proxyFor;
  }

  override createConnection(options: Target, created: Created): Duplex | null | undefined {
    const proxy = this.#proxyFor(options.host ?? 'localhost', Number(options.port));
    if (proxy === undefined) return super.createConnection(options, created as never);
    openTunnel(proxy, options)
      .then((socket) => secured(socket, options))
      .then(
        (socket) => created(null, socket),
        (error: Error) => created(error),
      );
    return undefined;
  }
}

export class TunnelHttpAgent extends HttpAgent {
  readonly #proxyFor: ProxyFor;

  constructor(proxyFor: ProxyFor) {
    super({ keepAlive: true });
    this.#proxyFor = proxyFor;
  }

  override createConnection(options: Target, created: Created): Duplex | null | undefined {
    const proxy = this.#proxyFor(options.host ?? 'localhost', Number(options.port));
    if (proxy === undefined) return super.createConnection(options as never, created as never);
    openTunnel(proxy, options).then(
      (socket) => created(null, socket),
      (error: Error) => created(error),
    );
    return undefined;
  }
}

/** Throws where the identity cannot be used, such as a key of another certificate. */
function secured(socket: Socket, options: Target): Duplex {
  try {
    return connectTls({ ...options, socket });
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** The header that a proxy asks for, where its URL has a user. */
export function proxyHeaders({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '' && password === '') return {};
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}` };
}

function openTunnel(proxy: URL, { host = 'localhost', port }: Target): Promise<Socket> {
  const target = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const name = proxy.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const fail = (code: string, why: string) =>
      reject(new NoAnswerError({ code, detail: `proxy ${proxy.host}, CONNECT ${target}: ${why}` }));
    const connect = (proxy.protocol === 'https:' ? httpsRequest : httpRequest)({
      method: 'CONNECT',
      host: name,
      port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
      path: target,
      headers: { host: target, ...proxyHeaders(proxy) },
      agent: false,
      timeout: CONNECT_MS,
    });
    connect.on('timeout', () => connect.destroy(new Error(`no answer within ${CONNECT_MS / 1000} s`)));
    connect.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'proxy', error.message));
    const answered = ({ statusCode = 0 }: IncomingMessage, socket: Socket) => {
      if (statusCode >= 200 && statusCode < 300) {
        socket.setTimeout(0);
        return resolve(socket);
      }
      socket.destroy();
      const hint = statusCode === 407 ? ' (it asks for a user and a password: set them in its URL)' : '';
      return fail(`proxy_${statusCode}`, `answered ${statusCode}${hint}`);
    };
    connect.on('connect', answered);
    connect.on('response', (response) => answered(response, response.socket));
    connect.end();
  });
}
