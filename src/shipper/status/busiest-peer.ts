/** Bounds the connections of a server, so that a peer with many of them only takes the place of its own. */
import type { Server, Socket } from 'node:net';

/** At the bound the longest open connection of the address that has most of them is closed, the new one counted. */
export function boundConnections(server: Server, max: number, onClosed: (address: string) => void): void {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    if (open.size <= max) return;
    const oldest = oldestOfBusiest([...open].map((each) => [each, each.remoteAddress ?? '']));
    open.delete(oldest);
    onClosed(oldest.remoteAddress ?? '');
    oldest.destroy();
  });
}

/** Of the address that occurs most often, the first. Exported for tests. */
export function oldestOfBusiest<T>(open: readonly (readonly [T, address: string])[]): T {
  const counts = new Map<string, number>();
  for (const [, address] of open) counts.set(address, (counts.get(address) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return open.find(([, address]) => counts.get(address) === most)![0];
}
