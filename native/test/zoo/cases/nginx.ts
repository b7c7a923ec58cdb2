/** nginx as Debian deploys it: log files that rotate, workers of another user. */
import { lines, type Server, times } from './server.js';

/** Two workers; the place of its log is what the rows are about. */
const nginxConfiguration = (global: string, accessLog: string) => ({
  'nginx.conf': `pid nginx.pid; worker_processes 2; ${global}
    AS_ROOT user nobody nogroup;
    events {}
    http {
      log_format bare '$request_method $request_uri $status $body_bytes_sent';
      access_log ${accessLog};
      ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`).join(' ')}
      server {
        listen unix:DIRECTORY/http.sock;
        root /nonexistent;
        location /p { return 200 'hello'; }
      }
    }`,
});
const START_NGINX = 'nginx -p "$PWD" -e stderr -c nginx.conf -g "daemon off;" & server=$!';
const STOP_NGINX = 'kill -QUIT $server; wait $server';
const ROTATE_NGINX = 'mv access.log access.log.1; nginx -p "$PWD" -e stderr -c nginx.conf -s reopen; left access.log.1';

/** `nginx -s` says what it does. */
const SIGNALLED = '[notice] signal process started\n';

const nginxFound = (from: number, to: number) => lines('GET /p/', from, to, ' 200 5');
/** A file that is not there, as nginx reports it: times and ids left out. */
const nginxMissing = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `/m/${from + i}`)
    .map(
      (path) =>
        `[error] open() "/nonexistent${path}" failed (2: No such file or directory), client: unix:, server: , request: "GET ${path} HTTP/1.0"\n`,
    )
    .join('');
const withoutNginxTime = (text: string) =>
  text.replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d (\[\w+\]) \d+#\d+: (\*\d+ )?/gm, '$1 ');

export const nginx: readonly Server[] = [
  {
    name: 'nginx: two workers, access log renamed and reopened',
    needs: ['nginx'],
    configuration: nginxConfiguration('error_log stderr error;', 'access.log bare'),
    script: `${START_NGINX}; get http.sock /p 1 40; ${ROTATE_NGINX}; get http.sock /p 41 80; ${STOP_NGINX}`,
    tapFile: 'access.log',
    normalise: withoutNginxTime,
    stderr: SIGNALLED,
    files: { 'access.log': nginxFound(1, 80) },
    onDisk: { 'access.log.1': nginxFound(1, 40), 'access.log': nginxFound(41, 80) },
    untapped: { replies: times(80, '200') },
  },
  {
    name: 'nginx: error log',
    needs: ['nginx'],
    configuration: nginxConfiguration('error_log error.log error;', 'off'),
    script: `${START_NGINX}; get http.sock /m 1 40; ${STOP_NGINX}`,
    tapFile: 'error.log',
    normalise: withoutNginxTime,
    files: { 'error.log': nginxMissing(1, 40) },
    untapped: { replies: times(40, '404') },
  },
  {
    name: 'nginx: access log and error log',
    needs: ['nginx'],
    configuration: nginxConfiguration('error_log error.log error;', 'access.log bare'),
    script: `${START_NGINX}; get http.sock /p 1 30; get http.sock /m 31 60; ${ROTATE_NGINX}; get http.sock /p 61 90; ${STOP_NGINX}`,
    tapFile: 'access.log:error.log',
    normalise: withoutNginxTime,
    stderr: SIGNALLED,
    files: {
      'access.log': `${nginxFound(1, 30)}${lines('GET /m/', 31, 60, ' 404 153')}${nginxFound(61, 90)}`,
      'error.log': nginxMissing(31, 60),
    },
    onDisk: {
      'access.log.1': `${nginxFound(1, 30)}${lines('GET /m/', 31, 60, ' 404 153')}`,
      'access.log': nginxFound(61, 90),
    },
    untapped: { replies: times(30, '200') + times(30, '404') + times(30, '200') },
  },
  {
    name: 'nginx: logs of a pattern',
    needs: ['nginx'],
    configuration: nginxConfiguration('error_log error.log error;', 'access.log bare'),
    script: `${START_NGINX}; get http.sock /p 1 30; get http.sock /m 31 60; ${STOP_NGINX}`,
    tapFile: '*.log',
    normalise: withoutNginxTime,
    files: {
      'access.log': `${nginxFound(1, 30)}${lines('GET /m/', 31, 60, ' 404 153')}`,
      'error.log': nginxMissing(31, 60),
    },
    untapped: { replies: times(30, '200') + times(30, '404') },
  },
  {
    name: 'nginx: logs linked to /dev/stdout and /dev/stderr',
    needs: ['nginx'],
    configuration: nginxConfiguration('error_log error.log error;', 'access.log bare'),
    script: `ln -s /dev/stdout access.log; ln -s /dev/stderr error.log
      ${START_NGINX}; get http.sock /p 1 30; get http.sock /m 31 60; ${STOP_NGINX}`,
    normalise: withoutNginxTime,
    stdout: `${nginxFound(1, 30)}${lines('GET /m/', 31, 60, ' 404 153')}`,
    stderr: nginxMissing(31, 60),
    untapped: { replies: times(30, '200') + times(30, '404') },
  },
  {
    name: 'nginx: a daemon',
    needs: ['nginx'],
    configuration: nginxConfiguration('error_log stderr error;', 'access.log bare'),
    script: `nginx -p "$PWD" -e stderr -c nginx.conf; get http.sock /p 1 40; ${ROTATE_NGINX}; get http.sock /p 41 80
      nginx -p "$PWD" -e stderr -c nginx.conf -s quit; while [ -e nginx.pid ]; do sleep 0.02; done`,
    tapFile: 'access.log',
    normalise: withoutNginxTime,
    stderr: SIGNALLED + SIGNALLED,
    files: { 'access.log': nginxFound(1, 80) },
    onDisk: { 'access.log.1': nginxFound(1, 40), 'access.log': nginxFound(41, 80) },
    untapped: { replies: times(80, '200') },
  },
  {
    name: 'nginx: rotated by logrotate',
    needs: ['nginx', 'logrotate'],
    configuration: {
      ...nginxConfiguration('error_log stderr error;', 'access.log bare'),
      // In a directory that every user may write it asks whose rights to use.
      'rotation.conf': `DIRECTORY/access.log {
        AS_ROOT su root root
        rotate 2
        create 0644
        postrotate
          kill -USR1 $(cat DIRECTORY/nginx.pid)
        endscript
      }`,
    },
    script: `${START_NGINX}; get http.sock /p 1 40; chmod 0644 rotation.conf
      logrotate --force --state "$PWD/state" rotation.conf; left access.log.1; get http.sock /p 41 80; ${STOP_NGINX}`,
    tapFile: 'access.log',
    files: { 'access.log': nginxFound(1, 80) },
    onDisk: { 'access.log.1': nginxFound(1, 40), 'access.log': nginxFound(41, 80) },
    untapped: { replies: times(80, '200') },
  },
];
