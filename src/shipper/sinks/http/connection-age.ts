/** Connections that are in use all the time are closed after a while: a name may have got other addresses meanwhile. */
import type { Agent } from 'node:http';
import type { Duplex } from 'node:stream';

/** A new one costs a handshake or two. DNS records of services are valid for a minute or so. */
const CONNECTION_MAX_MS = 5 * 60_000;

/** The agent keeps no connection after a request that ends so long after its first one. Each new one asks for the address. */
export function withMaxAge<A extends Agent>(agent: A, maxMs = CONNECTION_MAX_MS): A {
  const since = new WeakMap<Duplex, number>();
  const keep = agent.keepSocketAlive.bind(agent) as (socket: Duplex) => boolean;
  agent.keepSocketAlive = (socket: Duplex) => {
    const nowMs = performance.now();
    const first = since.get(socket) ?? nowMs;
    since.set(socket, first);
    return nowMs - first < maxMs && keep(socket);
  };
  return agent;
}
