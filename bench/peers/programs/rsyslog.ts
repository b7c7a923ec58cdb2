/** rsyslog with omelasticsearch, which reads files. It has no output for CloudWatch Logs. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDebian } from '../../../scripts/debian-program.js';
import type { Command, Found, Peer, Task } from '../peer.js';
import { foundBy, librariesOf, versionOf } from './found.js';

const PACKAGES = ['rsyslog', 'rsyslog-elasticsearch', 'libestr0', 'libfastjson4', 'liblognorm5'];

/** The line alone: what stands before it in the protocol of syslog is not in a file. */
const TEMPLATE = `template(name="document" type="list" option.jsonf="on") {
  property(outname="@timestamp" name="timegenerated" dateFormat="rfc3339" format="jsonf")
  property(outname="message" name="msg" format="jsonf")
}`;

function configOf({ directory, input, url }: Task): string {
  const { hostname, port } = new URL(url);
  return `global(workDirectory="${directory}" maxMessageSize="64k")
module(load="imfile" mode="inotify")
module(load="omelasticsearch")
${TEMPLATE}
input(type="imfile" file="${input}" tag="bench" ruleset="ship")
ruleset(name="ship" queue.type="linkedList" queue.size="100000" queue.dequeueBatchSize="5000" queue.workerThreads="1") {
  action(type="omelasticsearch" server="http://${hostname}" serverport="${port}" template="document" searchIndex="bench"
    searchType="" bulkmode="on" maxbytes="5m" action.resumeRetryCount="-1" retryruleset="ship")
}
`;
}

function command(task: Task, root: string): Command {
  const file = join(task.directory, 'rsyslog.conf');
  writeFileSync(file, configOf(task));
  const libraries = librariesOf(root);
  return {
    command: join(root, 'usr/sbin/rsyslogd'),
    args: ['-n', '-f', file, '-i', join(task.directory, 'pid'), '-M', join(libraries, 'rsyslog')],
    env: { LD_LIBRARY_PATH: libraries },
  };
}

function find(): Found {
  const root = ensureDebian('rsyslog', PACKAGES);
  return { program: root, version: versionOf(join(root, 'usr/sbin/rsyslogd'), ['-v'], librariesOf(root)) };
}

export const rsyslog: Peer = {
  name: 'rsyslog',
  input: 'files',
  find: () => foundBy('it needs apt-get of Debian', find),
  lacks({ service, isGzip, hasStages }) {
    if (service === 'cloudwatch') return 'it has no output for CloudWatch Logs';
    if (isGzip) return 'omelasticsearch of this release does not compress';
    return hasStages ? 'it has no replacement of text within a message' : undefined;
  },
  command,
};
