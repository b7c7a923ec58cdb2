/** Pipelines of Node with the usual libraries: their programs are in bench/peers/node. */
import { join } from 'node:path';
import { version as clientLogs } from '@aws-sdk/client-cloudwatch-logs/package.json';
import { version as openSearch } from '@opensearch-project/opensearch/package.json';
import { ensureLocked } from '../../../scripts/locked-packages.js';
import { dependencies as winstonDependencies } from '../../../scripts/winston-cloudwatch/package.json';
import { root } from '../../workshop.js';
import { AWS, type Found, type Missing, type Peer } from '../peer.js';
import type { Row } from '../rows.js';
import { foundBy } from './found.js';

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

const noStages = ({ hasStages }: Row) => (hasStages ? 'the library neither joins nor hides' : undefined);

export const awsSdk = pipeline({
  name: 'aws-sdk',
  file: 'aws-sdk.mjs',
  find: () => ({ program: '', version: `${clientLogs}, ${VERSION}` }),
  lacks: (row) => (row.service === 'cloudwatch' ? noStages(row) : 'it is a client of CloudWatch Logs'),
});

export const openSearchHelpers = pipeline({
  name: 'opensearch-helpers',
  file: 'opensearch-helpers.mjs',
  find: () => ({ program: '', version: `${openSearch}, ${VERSION}` }),
  lacks: (row) => (row.service === 'opensearch' ? noStages(row) : 'it is a client of OpenSearch'),
});

export const winstonCloudWatch = pipeline({
  name: 'winston-cloudwatch',
  file: 'winston-cloudwatch.mjs',
  find: () =>
    foundBy('npm installs it into the cache', () => ({
      program: ensureLocked('winston-cloudwatch'),
      version: `${winstonDependencies['winston-cloudwatch']}, ${VERSION}`,
    })),
  lacks: (row) => (row.service === 'cloudwatch' ? noStages(row) : 'it is a transport to CloudWatch Logs'),
});
