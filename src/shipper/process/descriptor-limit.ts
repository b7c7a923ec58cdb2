/** Shares the descriptors that the process may have, so that no peer takes those that delivery needs. */
import { readFileSync } from 'node:fs';

export interface DescriptorShares {
  /** Connections to the socket. */
  readonly connections: number;
  /** Rings that are open at a time. */
  readonly rings: number;
  /** Connections to the status port. */
  readonly statusConnections: number;
}

/** Node itself, spool, dead letters, sinks, name resolution: 40 were measured. */
const DELIVERY = 64;
const STATUS = { least: 4, most: 32, part: 1 / 16 };
/** Each may make the shipper keep a frame of 32 KiB. */
const CONNECTIONS_MAX = 1024;
/** When the system does not say. */
const USUAL_LIMIT = 1024;

/** The soft limit, which Node has raised as far as it may. */
export function descriptorLimit(read = () => readFileSync('/proc/self/limits', 'utf8')): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(read()) ?? [];
    return soft === undefined ? USUAL_LIMIT : Number(soft);
  } catch {
    return USUAL_LIMIT;
  }
}

/** Delivery and the status port leave the rest: half of it is for connections, half for rings. */
export function descriptorShares(limit = descriptorLimit()): DescriptorShares {
  const statusConnections = Math.max(STATUS.least, Math.min(STATUS.most, Math.floor(limit * STATUS.part)));
  const left = limit - Math.min(DELIVERY, Math.floor(limit / 2)) - statusConnections;
  const rings = Math.max(1, Math.floor(left / 2));
  return { statusConnections, connections: Math.min(CONNECTIONS_MAX, rings), rings };
}
