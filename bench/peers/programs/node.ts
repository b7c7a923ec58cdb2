/** Pipelines of Node with the usual libraries: their programs are in bench/peers/node. */
import { join } from 'node:path';
import { root } from '../../workshop.js';
import { AWS, type Found, type Missing, type Peer } from '../peer.js';
import type { Row } from '../rows.js';

interface Options {
  readonly name: string;
  readonly file: string;
  readonly find: () => Found | Missing;
  readonly lacks?: (row: Row) => string | undefined;
}

const pipeline = ({ name, file, find, lacks }: Options): Peer => ({
  name,
  input: 'socket',
  find,
  ...(lacks === undefined ? {} : { lacks }),
  command: ({ row, input, url, caFile }, program) => ({
    command: process.execPath,
    args: [
      ...[join(root, 'bench', 'peers', 'node', file), input, url, row.service],
      ...[...(row.isGzip ? ['gzip'] : []), ...(row.hasStages ? ['stages'] : [])],
    ],
    env: { ...AWS, LOGTAP_BENCH_PACKAGES: program, ...(caFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: caFile }) },
  }),
});

const VERSION = `Node ${process.versions.node}`;

export const naive = pipeline({
  name: 'naive-node',
  file: 'naive.mjs',
  find: () => ({ program: '', version: VERSION }),
});
