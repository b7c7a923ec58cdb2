/**
 * One real server through the whole system: nginx, its access log file suppressed, its stderr tapped, 1,000 requests;
 * every line is compared, in order, in a real OpenSearch and in a CloudWatch Logs emulator.
 */
import { statSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import type { CloudWatchServer } from '../../scripts/cloudwatch.js';
import { startCloudWatch } from '../../scripts/cloudwatch.js';
import { freePort } from '../../scripts/free-port.js';
import type { OpenSearchServer } from '../../scripts/opensearch.js';
import { startOpenSearch } from '../../scripts/opensearch.js';
import { describeWith } from '../support/capability.js';
import { start, temporaryDirectory, until } from '../support/run.js';
import { AWS_ENV, readCloudWatch, readOpenSearch } from '../support/sinks-read-back.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

const REQUESTS = 1000;
const GROUP = '/test/nginx';
const STREAM = 'shop/web-0';

function configure(directory: string, port: number): string {
  const config = join(directory, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  writeFileSync(join(directory, 'page.html'), 'hello\n');
  writeFileSync(
    config,
    `daemon off; pid ${directory}/nginx.pid; error_log stderr error; worker_processes 2;
     ${process.getuid?.() === 0 ? 'user root;' : ''}
     events {}
     http {
       log_format line '$request_method $request_uri $status $body_bytes_sent "$http_user_agent"';
       access_log ${directory}/access.log line;
       keepalive_requests 100000;
       ${temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join('\n')}
       server { listen 127.0.0.1:${port}; root ${directory}; location /p { try_files /page.html =404; } }
     }`,
  );
  return config;
}

function request(agent: Agent, port: number, path: string): Promise<number> {
  return new Promise((settle, reject) => {
    get({ agent, host: '127.0.0.1', port, path, headers: { 'user-agent': 'tèst "1"' } }, (response) => {
      response.resume();
      response.once('end', () => settle(response.statusCode ?? 0));
    }).once('error', reject);
  });
}

/** The path in nginx's own error line: its time and pids differ from run to run. */
const failedPath = (line: string) =>
  /open\(\) "[^"]*(\/m\/\d+)" failed \(2: No such file or directory\)/.exec(line)?.[1];

describeWith(['nginx', 'opensearch', 'cloudwatch'], 'nginx, from its log file to the query', () => {
  let search: OpenSearchServer;
  let cloud: CloudWatchServer;
  beforeAll(async () => {
    [search, cloud] = await Promise.all([startOpenSearch(), startCloudWatch()]);
  });
  afterAll(async () => {
    await Promise.all([search?.stop(), cloud?.stop()]);
  });

  test('1,000 requests arrive complete and in order in both services, and the file stays empty', async () => {
    const directory = temporaryDirectory();
    const port = await freePort();
    const shipper = await startShipper({
      ...AWS_ENV,
      LOGTAP_SINK: 'opensearch,cloudwatch',
      LOGTAP_OPENSEARCH_URL: search.url,
      LOGTAP_OPENSEARCH_INDEX: 'nginx-{yyyy.MM.dd}',
      AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: cloud.url,
      LOGTAP_CLOUDWATCH_LOG_GROUP: GROUP,
      LOGTAP_CLOUDWATCH_LOG_STREAM: STREAM,
    });
    const log = join(directory, 'access.log');
    const nginx = start('nginx', ['-e', 'stderr', '-c', configure(directory, port)], {
      env: tapEnvironment(shipper.socket, { suppress: true, file: log }),
    });
    // One connection, one request after the other: then one worker logs all of them and their order is defined.
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await until('nginx answers', async () => (await request(new Agent(), port, '/up').catch(() => 0)) === 404);

    const expectedAccess: string[] = [];
    const expectedFailures: string[] = [];
    for (let i = 0; i < REQUESTS; i += 1) {
      const missing = i % 4 === 3;
      const path = missing ? `/m/${i}` : `/p/${i}?q=${'x'.repeat(i % 50)}`;
      const status = await request(agent, port, path);
      expect(status).toBe(missing ? 404 : 200);
      expectedAccess.push(`GET ${path} ${status} ${missing ? 153 : 6} "t\\xE8st \\x221\\x22"`);
      if (missing) expectedFailures.push(`/m/${i}`);
    }
    agent.destroy();
    nginx.child.kill('SIGQUIT');
    expect((await nginx.ended).code).toBe(0);
    expect((await drain(shipper)).code).toBe(0);

    const isAccess = (line: string) => /^GET \/[pm]\//.test(line);
    const stored = await readOpenSearch(search.url, 'nginx-*');
    const access = stored.filter(({ stream, body }) => stream === 'file' && isAccess(body));
    expect(access.map(({ body }) => body)).toEqual(expectedAccess);
    expect(new Set(access.map(({ path }) => path))).toEqual(new Set([log]));
    const errors = stored.filter(({ stream, body }) => stream === 'stderr' && failedPath(body) !== undefined);
    expect(errors.map(({ body }) => failedPath(body))).toEqual(expectedFailures);

    const messages = await readCloudWatch(cloud.url, GROUP, STREAM);
    expect(messages.filter(isAccess)).toEqual(expectedAccess);
    expect(messages.map(failedPath).filter((path) => path !== undefined)).toEqual(expectedFailures);

    // Suppressed: the bytes are in the services and nowhere else.
    expect(statSync(log).size).toBe(0);
    expect((await nginx.ended).stderr).toBe('');
  });
});
