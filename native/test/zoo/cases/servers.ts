/** Servers of Debian as they are deployed: log files that rotate, workers of another user, logs through pipes. */
import type { ZooCase } from '../case.js';
import { programs } from '../compile.js';
import { nginx } from './nginx.js';
import { lines, type Server, server, times } from './server.js';

const apacheConfiguration = (logs: string) => ({
  'apache.conf': `ServerRoot "DIRECTORY"
    DefaultRuntimeDir "DIRECTORY"
    PidFile "DIRECTORY/apache.pid"
    ServerName localhost
    ${['mpm_prefork', 'authz_core', 'alias'].map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
    AS_ROOT User nobody
    AS_ROOT Group nogroup
    StartServers 2
    DocumentRoot /
    Redirect gone /p
    <Location /d>
      Require all denied
    </Location>
    LogFormat "%m %U %>s" bare
    ErrorLogFormat "%l: %M"
    ${logs}`,
});
/** It ends its whole process group. */
const START_APACHE = `port=$(perl ${programs}/servers/free-port.pl)
  setsid apache2 -f "$PWD/apache.conf" -C "Listen 127.0.0.1:$port" -D FOREGROUND & server=$!`;
const STOP_APACHE = 'kill -TERM $server; wait $server';
/**
 * Its children serve requests before their parent has logged that it runs. A third child (fewer wait than MinSpareServers asks for) comes from the
 * loop the parent enters after that.
 */
const APACHE_HAS_LOGGED_ITS_START =
  'until [ "$(wc -w <"/proc/$server/task/$server/children")" -gt 2 ]; do sleep 0.02; done';

/**
 * It answers before it logs, and logs in the order of its configuration: once a request is in `logged`, its line is in
 * the pipe before that. SIGTERM kills workers that have not logged yet, and rotatelogs.
 */
const APACHE_HAS_LOGGED = (requests: number) => `until [ "$(wc -l <logged)" -eq ${requests} ]; do sleep 0.02; done
  perl ${programs}/servers/until-read.pl $(grep -lx rotatelogs $(sed 's|[0-9]\\+|/proc/&/comm|g' "/proc/$server/task/$server/children") | cut -d/ -f3)`;

const apache: readonly Server[] = [
  {
    name: 'Apache: access log through rotatelogs',
    needs: ['apache2'],
    configuration: apacheConfiguration(
      `ErrorLog "DIRECTORY/error.log"
      CustomLog "|/usr/bin/rotatelogs -n 5 DIRECTORY/access.log 86400" bare
      CustomLog DIRECTORY/logged bare`,
    ),
    script: `${START_APACHE}; get $port /p 1 40; ${APACHE_HAS_LOGGED(40)}; ${STOP_APACHE}`,
    tapFile: 'access.log',
    files: { 'access.log': lines('GET /p/', 1, 40, ' 410') },
    untapped: { replies: times(40, '410') },
  },
  {
    name: 'Apache: error log',
    needs: ['apache2'],
    configuration: apacheConfiguration('ErrorLog "DIRECTORY/error.log"'),
    script: `${START_APACHE}; ${APACHE_HAS_LOGGED_ITS_START}; get $port /d 1 40; ${STOP_APACHE}`,
    tapFile: 'error.log',
    normalise: (text) => text.replace(/Apache\/\S+ \(\w+\)/g, 'Apache').replace(/Command line: .*/g, 'Command line'),
    files: {
      'error.log': `notice: AH00163: Apache configured -- resuming normal operations
notice: AH00094: Command line
${times(40, 'error: AH01630: client denied by server configuration: /d')}notice: AH00169: caught SIGTERM, shutting down
`,
    },
    untapped: { replies: times(40, '403') },
  },
];

const lighttpdConfiguration = (log: string) => ({
  'lighttpd.conf': `server.document-root = "DIRECTORY/pages"
    server.bind = "DIRECTORY/http.sock"
    server.modules = ("mod_accesslog")
    server.errorlog = "DIRECTORY/error.log"
    accesslog.filename = "${log}"
    accesslog.format = "%m %U %s"
    AS_ROOT server.username = "nobody"
    AS_ROOT server.groupname = "nogroup"\n`,
});
const START_LIGHTTPD = 'mkdir pages; lighttpd -D -f lighttpd.conf & server=$!';
/** Of SIGTERM it exits with 1 at times. */
const STOP_LIGHTTPD = 'kill -INT $server; wait $server';
const lighttpdFound = (from: number, to: number) => lines('GET /p/', from, to, ' 404');

const lighttpd: readonly Server[] = [
  {
    name: 'lighttpd: access log renamed and reopened',
    needs: ['lighttpd'],
    configuration: lighttpdConfiguration('DIRECTORY/access.log'),
    script: `${START_LIGHTTPD}; get http.sock /p 1 40; mv access.log access.log.1; kill -HUP $server; left access.log.1
      get http.sock /p 41 80; ${STOP_LIGHTTPD}`,
    tapFile: 'access.log',
    files: { 'access.log': lighttpdFound(1, 80) },
    onDisk: { 'access.log.1': lighttpdFound(1, 40), 'access.log': lighttpdFound(41, 80) },
    untapped: { replies: times(80, '404') },
  },
  {
    name: 'lighttpd: access log through a pipe to a program',
    needs: ['lighttpd'],
    configuration: lighttpdConfiguration('|exec cat >>DIRECTORY/access.log'),
    script: `${START_LIGHTTPD}; get http.sock /p 1 80; ${STOP_LIGHTTPD}`,
    tapFile: 'access.log',
    files: { 'access.log': lighttpdFound(1, 80) },
    untapped: { replies: times(80, '404') },
  },
];

/** It opens the log for each line anew. Which of its warnings about the machine it gives is left out. */
const withoutRedisTime = (text: string) =>
  text
    .replace(/^\d+:([A-Z]) .*? ([#*]) WARNING .*\n/gm, '')
    .replace(/^\d+:([A-Z]) \d\d \w+ \d{4} \d\d:\d\d:\d\d\.\d{3} /gm, '$1 ')
    .replace(/version=.*/g, 'version')
    .replace(/monotonic clock: .*/g, 'monotonic clock');
const logByRedis = (from: number, to: number) =>
  `redis-cli -s redis.sock eval 'for i = ${from}, ${to} do redis.log(redis.LOG_NOTICE, "line " .. i) end return "logged"' 0 >>replies`;
const REDIS_STARTS = `C # oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo
C # Redis version
C # Configuration loaded
M * monotonic clock
M * Running mode=standalone, port=0.
M # Server initialized
M * The server is now ready to accept connections at redis.sock
`;
const REDIS_ENDS = `M # User requested shutdown...
M * Removing the unix socket file.
M # Redis is now ready to exit, bye bye...
`;
const RUN_REDIS = (between: string) => `redis-server redis.conf & server=$!
  until [ -S redis.sock ]; do sleep 0.02; done; ${between}; redis-cli -s redis.sock shutdown nosave; wait $server`;

const redis: readonly Server[] = [
  {
    name: 'Redis: log file renamed',
    needs: ['redis'],
    configuration: { 'redis.conf': 'port 0\nunixsocket redis.sock\nsave ""\nlogfile DIRECTORY/redis.log\n' },
    script: RUN_REDIS(`${logByRedis(1, 100)}; mv redis.log redis.log.1; ${logByRedis(101, 200)}`),
    tapFile: 'redis.log',
    normalise: withoutRedisTime,
    files: { 'redis.log': `${REDIS_STARTS}${lines('M * line ', 1, 200)}${REDIS_ENDS}` },
    onDisk: {
      'redis.log.1': `${REDIS_STARTS}${lines('M * line ', 1, 100)}`,
      'redis.log': `${lines('M * line ', 101, 200)}${REDIS_ENDS}`,
    },
    untapped: { replies: times(2, 'logged') },
  },
  {
    name: 'Redis: stdout',
    needs: ['redis'],
    configuration: { 'redis.conf': 'port 0\nunixsocket redis.sock\nsave ""\nalways-show-logo no\n' },
    script: RUN_REDIS(logByRedis(1, 100)),
    normalise: withoutRedisTime,
    stdout: `${REDIS_STARTS}${lines('M * line ', 1, 100)}${REDIS_ENDS}`,
    untapped: { replies: 'logged\n' },
  },
];

const HAPROXY_ENDS = [
  'Proxy web stopped (cumulated conns: FE: 80, BE: 0).\n',
  'Proxy <HTTPCLIENT> stopped (cumulated conns: FE: 0, BE: 0).\n',
];

const others: readonly Server[] = [
  {
    name: 'rsyslog: log renamed and reopened',
    needs: ['rsyslog'],
    configuration: {
      'rsyslog.conf': `AS_ROOT global(privdrop.user.name="nobody" privdrop.group.name="nogroup")
        module(load="imuxsock" SysSock.Use="off")
        input(type="imuxsock" Socket="DIRECTORY/log.sock" RateLimit.Interval="0")
        template(name="bare" type="string" string="%msg:2:$%\\n")
        action(type="omfile" File="DIRECTORY/app.log" Template="bare")
        action(type="omfile" File="DIRECTORY/copy" Template="bare")\n`,
    },
    // Its order: a message is in the copy, which is not tapped, when it is in the log.
    script: `say() { perl ${programs}/servers/syslog.pl log.sock "$1" "$2"
        until [ -e copy ] && [ $(wc -l <copy) = "$2" ]; do sleep 0.02; done; }
      rsyslogd -n -f "$PWD/rsyslog.conf" -i "$PWD/rsyslog.pid" & server=$!
      say 1 100; mv app.log app.log.1; kill -HUP $server; left app.log.1; say 101 200; kill -TERM $server; wait $server`,
    tapFile: 'app.log',
    files: { 'app.log': lines('line ', 1, 200) },
    onDisk: { 'app.log.1': lines('line ', 1, 100), 'app.log': lines('line ', 101, 200) },
    untapped: { copy: lines('line ', 1, 200) },
  },
  {
    // One thread: of two that log at once, HAProxy drops the line of one.
    name: 'HAProxy: log on stdout',
    needs: ['haproxy'],
    configuration: {
      'haproxy.conf': `global
          log stdout format raw daemon info
          nbthread 1
          AS_ROOT user nobody
          AS_ROOT group nogroup
        defaults
          mode http
          timeout client 5s
          timeout server 5s
          timeout connect 5s
          log global
          log-format "%HP %HM %ST"
        frontend web
          bind DIRECTORY/http.sock mode 666
          http-request return status 200 content-type text/plain string hello\n`,
    },
    script: `haproxy -db -f haproxy.conf & server=$!; get "$PWD/http.sock" /p 1 80; kill -USR1 $server; wait $server`,
    order: 'lines',
    normalise: (text) => text.replace(/^(\[WARNING\]) +\(\d+\)/gm, '$1'),
    stdout: lines('/p/', 1, 80, ' GET 200') + HAPROXY_ENDS.join(''),
    stderr: HAPROXY_ENDS.map((line) => `[WARNING] : ${line}`).join(''),
    untapped: { replies: times(80, '200') },
  },
  {
    name: 'logrotate with copytruncate under a program that goes on writing',
    needs: ['logrotate'],
    configuration: {
      'rotation.conf': `DIRECTORY/app.log {
        AS_ROOT su root root
        rotate 2
        copytruncate
      }`,
    },
    script: `exec 3>>app.log; chmod 0644 rotation.conf; write() { for i in $(seq $1 $2); do echo "line $i" >&3; done; }
      write 1 100; logrotate --force --state "$PWD/state" rotation.conf
      write 101 200; logrotate --force --state "$PWD/state" rotation.conf; write 201 300`,
    tapFile: 'app.log',
    files: { 'app.log': lines('line ', 1, 300) },
    onDisk: {
      'app.log.2': lines('line ', 1, 100),
      'app.log.1': lines('line ', 101, 200),
      'app.log': lines('line ', 201, 300),
    },
  },
];

export const cases: readonly ZooCase[] = [...nginx, ...apache, ...lighttpd, ...redis, ...others].map(server);
