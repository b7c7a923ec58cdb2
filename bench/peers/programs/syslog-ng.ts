/** syslog-ng with its output of HTTP, as its documentation writes to OpenSearch. It reads a socket. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDebian } from '../../../scripts/debian-program.js';
import type { Command, Found, Peer, Task } from '../peer.js';
import { foundBy, librariesOf, versionOf } from './found.js';

const PACKAGES = ['syslog-ng-core', 'syslog-ng-mod-http', 'libivykis0', 'libnet1', 'libwrap0', 'libjson-c5'];

const modulesOf = (root: string) => join(root, 'usr/lib/syslog-ng');
const librariesFor = (root: string) => `${librariesOf(root)}:${modulesOf(root)}`;

function configOf({ input, url, row }: Task): string {
  const connections = (row.processes ?? 1) + 1;
  // Shared evenly by all connections that may come: a batch needs this many lines of one.
  const window = connections * Math.max(1000, Math.round(100_000 / connections));
  return String.raw`@version: 3.38
@module http
@module afsocket
@module json-plugin
@module basicfuncs
options { stats-level(0); keep-hostname(yes); log-msg-size(65536); };
source lines { unix-stream("${input}" flags(no-parse) max-connections(${connections}) log-iw-size(${window}) log-fetch-limit(1000)); };
destination service {
  http(
    url("${url}/_bulk") method("POST") headers("Content-Type: application/x-ndjson")
    body-suffix("\n") delimiter("\n") batch-lines(5000) batch-bytes(5Mb) batch-timeout(1000) workers(1)
    log-fifo-size(200000) retries(1000) ${row.isGzip ? 'content-compression("gzip")' : ''}
    body('{"index":{"_index":"bench"}}
$(format-json --pair @timestamp=$ISODATE --pair message=$MSG)')
  );
};
log { source(lines); destination(service); flags(flow-control); };
`;
}

function command(task: Task, root: string): Command {
  const file = join(task.directory, 'syslog-ng.conf');
  writeFileSync(file, configOf(task));
  const at = (name: string) => join(task.directory, name);
  return {
    command: join(root, 'usr/sbin/syslog-ng'),
    args: [
      ...['-F', '--no-caps', '-f', file, '--module-path', join(modulesOf(root), '3.38')],
      ...['-R', at('persist'), '-c', at('control'), '-p', at('pid')],
    ],
    env: { LD_LIBRARY_PATH: librariesFor(root) },
  };
}

function find(): Found {
  const root = ensureDebian('syslog-ng', PACKAGES);
  return {
    program: root,
    version: versionOf(join(root, 'usr/sbin/syslog-ng'), ['-V'], librariesFor(root), /\((\S+)\)/),
  };
}

export const syslogNg: Peer = {
  name: 'syslog-ng',
  input: 'socket',
  find: () => foundBy('it needs apt-get of Debian 12', find),
  lacks({ service, isGzip, hasStages }) {
    if (service === 'cloudwatch') return 'it does not sign requests to CloudWatch Logs';
    if (isGzip) return 'this release does not compress';
    return hasStages ? 'it joins no stack traces of a socket' : undefined;
  },
  command,
};
