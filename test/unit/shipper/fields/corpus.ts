/** Lines as programs write them, with the fields that they have. */
import type { Fields } from '../../../../src/shipper/fields/read-fields';

type Expected = Omit<Fields, 'severity' | 'object'> & { readonly severity?: number };
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

/** Layout, line, fields. */
export const CORPUS: readonly (readonly [layout: string, line: string, fields: Expected])[] = [
  [
    'logback',
    '14:08:44.123 [main] ERROR com.example.Shop -- payment failed',
    { severity: 17, time: '14:08:44.123', thread: 'main', logger: 'com.example.Shop' },
  ],
  [
    'log4j',
    '2026-11-28 14:08:44,123 [http-nio-8080-exec-1] WARN  com.example.Shop - slow',
    { severity: 13, time: '2026-11-28 14:08:44,123', thread: 'http-nio-8080-exec-1', logger: 'com.example.Shop' },
  ],
  [
    'log4j TTCC',
    '467 [main] INFO  com.example.Shop  - ready',
    { severity: 9, thread: 'main', logger: 'com.example.Shop', attributes: { milliseconds: '467' } },
  ],
  [
    'log4j TTCC with a context',
    '467 [main] INFO org.apache.log4j.examples.Sort SortAlgo - Exiting main method.',
    { severity: 9, thread: 'main', logger: 'org.apache.log4j.examples.Sort', attributes: { milliseconds: '467' } },
  ],
  [
    'log4net',
    '2026-11-28 14:08:44,123 [1] FATAL Company.Program [(null)] - down',
    { severity: 21, time: '2026-11-28 14:08:44,123', thread: '1', logger: 'Company.Program' },
  ],
  [
    'JUL',
    'Nov 28, 2026 2:08:44 PM com.example.Shop pay\nSEVERE: failed',
    { severity: 17, time: 'Nov 28, 2026 2:08:44 PM', logger: 'com.example.Shop', attributes: { method: 'pay' } },
  ],
  [
    'Spring Boot',
    '2026-11-28T14:08:44.123Z  INFO 1 --- [nio-8080-exec-1] c.e.Shop                : ready',
    {
      severity: 9,
      time: '2026-11-28T14:08:44.123Z',
      thread: 'nio-8080-exec-1',
      logger: 'c.e.Shop',
      attributes: { pid: '1' },
    },
  ],
  [
    'Spring Boot 3',
    '2026-11-28T14:08:44.123+01:00 ERROR 7 --- [shop] [           main] c.e.Shop : failed',
    {
      severity: 17,
      time: '2026-11-28T14:08:44.123+01:00',
      thread: 'main',
      logger: 'c.e.Shop',
      attributes: { pid: '7', application: 'shop' },
    },
  ],
  [
    'Spring Boot 3 with a trace',
    `2026-11-28T14:08:44.123Z  INFO 7 --- [shop] [main] [${TRACE}-${SPAN}] c.e.Shop : x`,
    {
      severity: 9,
      time: '2026-11-28T14:08:44.123Z',
      thread: 'main',
      logger: 'c.e.Shop',
      traceId: TRACE,
      spanId: SPAN,
      attributes: { pid: '7', application: 'shop' },
    },
  ],
  [
    'JBoss',
    '2026-11-28 14:08:44,123 ERROR [org.jboss.as] (Controller Boot Thread) WFLYSRV0026: failed',
    { severity: 17, time: '2026-11-28 14:08:44,123', logger: 'org.jboss.as', thread: 'Controller Boot Thread' },
  ],
  [
    'Hadoop',
    '17/06/09 20:10:40 INFO executor.Executor: Running task',
    { severity: 9, time: '17/06/09 20:10:40', logger: 'executor.Executor' },
  ],
  [
    'Kafka',
    '[2026-11-28 14:08:44,123] INFO [KafkaServer id=0] started (kafka.server.KafkaServer)',
    { severity: 9, time: '2026-11-28 14:08:44,123', logger: 'kafka.server.KafkaServer' },
  ],
  [
    'Elasticsearch',
    '[2026-11-28T14:08:44,123][WARN ][o.e.n.Node           ] [node-1] started',
    { severity: 13, time: '2026-11-28T14:08:44,123', logger: 'o.e.n.Node', attributes: { node: 'node-1' } },
  ],
  [
    'ZooKeeper',
    '2026-11-28 14:08:44,123 [myid:1] - INFO  [main:QuorumPeer@12] - x',
    { severity: 9, time: '2026-11-28 14:08:44,123', thread: 'main', logger: 'QuorumPeer', attributes: { line: '12' } },
  ],
  [
    'Cassandra',
    'INFO  [main] 2026-11-28 14:08:44,123 StorageService.java:512 - x',
    { severity: 9, thread: 'main', time: '2026-11-28 14:08:44,123', attributes: { source: 'StorageService.java:512' } },
  ],
  [
    'Tomcat',
    '28-Nov-2026 14:08:44.123 SEVERE [main] org.apache.catalina.core.StandardContext.startInternal x',
    {
      severity: 17,
      time: '28-Nov-2026 14:08:44.123',
      thread: 'main',
      logger: 'org.apache.catalina.core.StandardContext.startInternal',
    },
  ],
  [
    'WebLogic',
    '<Nov 28, 2026 2:08:44 PM UTC> <Error> <Security> <BEA-090870> <The realm failed.>',
    { severity: 17, time: 'Nov 28, 2026 2:08:44 PM UTC', logger: 'Security', attributes: { code: 'BEA-090870' } },
  ],
  ['Python basic', 'WARNING:django.request:Not Found: /x', { severity: 13, logger: 'django.request' }],
  [
    'Python',
    '2026-11-28 14:08:44,123 - my.app - CRITICAL - x',
    { severity: 21, time: '2026-11-28 14:08:44,123', logger: 'my.app' },
  ],
  [
    'Gunicorn',
    '[2026-11-28 14:08:44 +0000] [12] [INFO] Booting worker',
    { severity: 9, time: '2026-11-28 14:08:44 +0000', attributes: { pid: '12' } },
  ],
  [
    'Celery',
    '[2026-11-28 14:08:44,123: ERROR/MainProcess] x',
    { severity: 17, time: '2026-11-28 14:08:44,123', attributes: { process: 'MainProcess' } },
  ],
  [
    'Airflow',
    '[2026-11-28T14:08:44.123+0000] {taskinstance.py:1225} WARNING - x',
    { severity: 13, time: '2026-11-28T14:08:44.123+0000', attributes: { source: 'taskinstance.py:1225' } },
  ],
  [
    'klog',
    'E1128 14:08:44.123456       1 controller.go:12] failed',
    { severity: 17, time: '1128 14:08:44.123456', thread: '1', attributes: { source: 'controller.go:12' } },
  ],
  [
    'Go log',
    '2026/11/28 14:08:44 main.go:12: ERROR: x',
    { severity: 17, time: '2026/11/28 14:08:44', attributes: { source: 'main.go:12' } },
  ],
  ['Go slog', '2026/11/28 14:08:44 ERROR failed err=x', { severity: 17, time: '2026/11/28 14:08:44' }],
  [
    'zap',
    '2026-11-28T14:08:44.123Z\tinfo\tshop\tserver/main.go:12\tready',
    { severity: 9, time: '2026-11-28T14:08:44.123Z', logger: 'shop', attributes: { source: 'server/main.go:12' } },
  ],
  [
    'hclog',
    '2026-11-28T14:08:44.123Z [ERROR] agent.server: x',
    { severity: 17, time: '2026-11-28T14:08:44.123Z', logger: 'agent.server' },
  ],
  [
    'logrus',
    'time="2026-11-28T14:08:44Z" level=warning msg="a \\"b\\"" size=10',
    {
      severity: 13,
      time: '2026-11-28T14:08:44Z',
      attributes: { time: '2026-11-28T14:08:44Z', level: 'warning', msg: 'a "b"', size: '10' },
    },
  ],
  [
    'env_logger',
    '[2026-11-28T14:08:44Z ERROR app::db] x',
    { severity: 17, time: '2026-11-28T14:08:44Z', logger: 'app::db' },
  ],
  [
    'tracing of Rust',
    '2026-11-28T14:08:44.123456Z  WARN app::db: x',
    { severity: 13, time: '2026-11-28T14:08:44.123456Z', logger: 'app::db' },
  ],
  [
    'tracing in colour',
    '\u001b[2m2026-11-28T14:08:44.123456Z\u001b[0m \u001b[33m WARN\u001b[0m \u001b[2mapp::db\u001b[0m\u001b[2m:\u001b[0m x',
    { severity: 13, time: '2026-11-28T14:08:44.123456Z', logger: 'app::db' },
  ],
  [
    'NLog',
    '2026-11-28 14:08:44.1234|ERROR|Company.Program|x',
    { severity: 17, time: '2026-11-28 14:08:44.1234', logger: 'Company.Program' },
  ],
  ['.NET', 'fail: Company.Program[7]', { severity: 17, logger: 'Company.Program', attributes: { eventId: '7' } }],
  ['Serilog', '[14:08:44 ERR] x', { severity: 17, time: '14:08:44' }],
  [
    'Ruby',
    'E, [2026-11-28T14:08:44.123456 #12] ERROR -- shop: x',
    { severity: 17, time: '2026-11-28T14:08:44.123456', logger: 'shop', attributes: { pid: '12' } },
  ],
  ['Elixir', '14:08:44.123 [error] x', { severity: 17, time: '14:08:44.123' }],
  ['Erlang', '=ERROR REPORT==== 28-Nov-2026::14:08:44 ===\nx', { severity: 17, time: '28-Nov-2026::14:08:44' }],
  [
    'RabbitMQ',
    '2026-11-28 14:08:44.123456+00:00 [error] <0.123.0> x',
    { severity: 17, time: '2026-11-28 14:08:44.123456+00:00', attributes: { process: '0.123.0' } },
  ],
  [
    'winston',
    '2026-11-28T14:08:44.123Z [shop] error: x',
    { severity: 17, time: '2026-11-28T14:08:44.123Z', logger: 'shop' },
  ],
  [
    'Monolog',
    '[2026-11-28T14:08:44.123456+00:00] app.ERROR: x {"a":1} []',
    { severity: 17, time: '2026-11-28T14:08:44.123456+00:00', logger: 'app' },
  ],
  ['PHP-FPM', '[28-Nov-2026 14:08:44] NOTICE: ready', { severity: 10, time: '28-Nov-2026 14:08:44' }],
  [
    'MongoDB',
    '2026-11-28T14:08:44.123+0000 E NETWORK  [conn1] x',
    { severity: 17, time: '2026-11-28T14:08:44.123+0000', logger: 'NETWORK', thread: 'conn1' },
  ],
  [
    'Redis',
    '12:M 28 Nov 2026 14:08:44.123 * Ready to accept connections',
    { severity: 10, time: '28 Nov 2026 14:08:44.123', attributes: { pid: '12' } },
  ],
  [
    'RFC 5424',
    '<165>1 2026-11-28T14:08:44.003Z host app 12 ID47 [a@1 b="c"] x',
    {
      severity: 10,
      time: '2026-11-28T14:08:44.003Z',
      attributes: { host: 'host', program: 'app', pid: '12', messageId: 'ID47' },
    },
  ],
  ['RFC 5424 with nothing known', '<34>1 - - - - - - x', { severity: 18 }],
  [
    'RFC 3164',
    '<34>Oct 11 22:14:15 mymachine su: failed',
    { severity: 18, time: 'Oct 11 22:14:15', attributes: { host: 'mymachine', program: 'su' } },
  ],
  [
    'syslog file',
    'Nov 28 14:08:44 web-1 sshd[12]: Accepted',
    { time: 'Nov 28 14:08:44', attributes: { host: 'web-1', program: 'sshd', pid: '12' } },
  ],
  [
    'rsyslog',
    '2026-11-28T14:08:44.123456+00:00 web-1 cron[12]: x',
    { time: '2026-11-28T14:08:44.123456+00:00', attributes: { host: 'web-1', program: 'cron', pid: '12' } },
  ],
  [
    'access log, common',
    '127.0.0.1 - frank [10/Oct/2026:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326',
    {
      severity: 9,
      time: '10/Oct/2026:13:55:36 -0700',
      attributes: {
        client: '127.0.0.1',
        user: 'frank',
        method: 'GET',
        path: '/a.gif',
        protocol: 'HTTP/1.0',
        status: '200',
        bytes: '2326',
      },
    },
  ],
  [
    'access log, combined',
    '::1 - - [10/Oct/2026:13:55:36 +0000] "GET /?q=\\" HTTP/2.0" 502 12 "https://a/" "Mozilla/5.0 (X)"',
    {
      severity: 17,
      time: '10/Oct/2026:13:55:36 +0000',
      attributes: { client: '::1', status: '502', bytes: '12', referrer: 'https://a/', userAgent: 'Mozilla/5.0 (X)' },
    },
  ],
  [
    'Apache error log',
    '[Sat Nov 28 14:08:44.123456 2026] [core:error] [pid 1:tid 2] [client 1.2.3.4:5] AH00: x',
    {
      severity: 17,
      time: 'Sat Nov 28 14:08:44.123456 2026',
      logger: 'core',
      thread: '2',
      attributes: { pid: '1', client: '1.2.3.4:5' },
    },
  ],
  [
    'nginx error log',
    '2026/11/28 14:08:44 [error] 12#13: *5 open() failed (2: No such file), client: 1.2.3.4, server: _, request: "GET / HTTP/1.1", host: "x"',
    {
      severity: 17,
      time: '2026/11/28 14:08:44',
      thread: '13',
      attributes: { pid: '12', connection: '5', client: '1.2.3.4', server: '_', request: 'GET / HTTP/1.1' },
    },
  ],
  [
    'PostgreSQL',
    '2026-11-28 14:08:44.123 UTC [12] shop@db ERROR:  relation "x" does not exist',
    { severity: 17, time: '2026-11-28 14:08:44.123 UTC', attributes: { pid: '12', user: 'shop', database: 'db' } },
  ],
  [
    'PostgreSQL before a user is known',
    '2026-11-28 14:08:44.123 UTC [12] [unknown]@[unknown] LOG:  connection received',
    { severity: 9, time: '2026-11-28 14:08:44.123 UTC', attributes: { pid: '12' } },
  ],
  [
    'trace of Apache',
    '[Sat Nov 28 14:08:44.123456 2026] [core:trace3] [pid 1:tid 2] core.c(3490): x',
    { severity: 1, time: 'Sat Nov 28 14:08:44.123456 2026', logger: 'core', thread: '2', attributes: { pid: '1' } },
  ],
  [
    'http.server of Python',
    '127.0.0.1 - - [28/Nov/2026 14:08:44] "GET /a HTTP/1.1" 501 -',
    {
      severity: 17,
      time: '28/Nov/2026 14:08:44',
      attributes: { client: '127.0.0.1', method: 'GET', path: '/a', protocol: 'HTTP/1.1', status: '501' },
    },
  ],
  [
    'WEBrick',
    '127.0.0.1 - - [28/Nov/2026:14:08:44 UTC] "GET /a HTTP/1.1" 200 3',
    {
      severity: 9,
      time: '28/Nov/2026:14:08:44 UTC',
      attributes: { client: '127.0.0.1', method: 'GET', path: '/a', protocol: 'HTTP/1.1', status: '200', bytes: '3' },
    },
  ],
  [
    'MySQL',
    '2026-11-28T14:08:44.123456Z 0 [ERROR] [MY-010119] [Server] Aborting',
    {
      severity: 17,
      time: '2026-11-28T14:08:44.123456Z',
      thread: '0',
      logger: 'Server',
      attributes: { code: 'MY-010119' },
    },
  ],
  ['MariaDB', '2026-11-28 14:08:44 0 [Warning] x', { severity: 13, time: '2026-11-28 14:08:44', thread: '0' }],
  [
    'HAProxy',
    '10.0.1.2:33317 [28/Nov/2026:14:08:44.655] http-in static/srv1 10/0/30/69/109 503 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /index.html HTTP/1.1"',
    {
      severity: 17,
      time: '28/Nov/2026:14:08:44.655',
      attributes: {
        ...{
          client: '10.0.1.2:33317',
          frontend: 'http-in',
          backend: 'static',
          server: 'srv1',
          times: '10/0/30/69/109',
        },
        ...{
          status: '503',
          bytes: '2750',
          termination: '----',
          method: 'GET',
          path: '/index.html',
          protocol: 'HTTP/1.1',
        },
      },
    },
  ],
  [
    'HAProxy, a request that was aborted',
    '10.0.1.2:33317 [28/Nov/2026:14:08:44.655] https~ be/<NOSRV> -1/-1/-1/-1/109 -1 0 - - CR-- 1/1/0/0/0 0/0 "<BADREQ>"',
    {
      severity: 13,
      time: '28/Nov/2026:14:08:44.655',
      attributes: {
        ...{ client: '10.0.1.2:33317', frontend: 'https~', backend: 'be', server: '<NOSRV>', times: '-1/-1/-1/-1/109' },
        ...{ status: '-1', bytes: '0', termination: 'CR--' },
      },
    },
  ],
  [
    'HAProxy by syslog',
    '<134>Nov 28 14:08:44 haproxy[14389]: 10.0.1.2:33317 [28/Nov/2026:14:08:44.655] in be/srv 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 "GET / HTTP/1.1"',
    {
      severity: 9,
      time: '28/Nov/2026:14:08:44.655',
      attributes: {
        ...{
          pid: '14389',
          client: '10.0.1.2:33317',
          frontend: 'in',
          backend: 'be',
          server: 'srv',
          times: '10/0/30/69/109',
        },
        ...{ status: '200', bytes: '2750', termination: '----', method: 'GET', path: '/', protocol: 'HTTP/1.1' },
      },
    },
  ],
  [
    'HAProxy, a connection',
    '10.0.1.2:33313 [28/Nov/2026:12:12:51.443] fnt bck/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0',
    {
      time: '28/Nov/2026:12:12:51.443',
      attributes: {
        ...{ client: '10.0.1.2:33313', frontend: 'fnt', backend: 'bck', server: 'srv1', times: '0/0/5007' },
        ...{ bytes: '212', termination: '--' },
      },
    },
  ],
  [
    'Envoy',
    '[2026-11-28T14:08:44.123Z] "GET /x HTTP/1.1" 503 UF 0 91 5 - "-" "curl/8" "b3c9" "shop" "10.0.0.1:80"',
    {
      severity: 17,
      time: '2026-11-28T14:08:44.123Z',
      attributes: {
        ...{ method: 'GET', path: '/x', protocol: 'HTTP/1.1', status: '503', flags: 'UF' },
        ...{ userAgent: 'curl/8', requestId: 'b3c9', authority: 'shop', upstream: '10.0.0.1:80' },
      },
    },
  ],
  [
    'Squid',
    '1764338924.779    180 192.168.0.224 TCP_MISS/503 411 GET http://x/ - DIRECT/1.2.3.4 text/html',
    {
      severity: 17,
      time: '1764338924.779',
      attributes: {
        ...{ milliseconds: '180', client: '192.168.0.224', result: 'TCP_MISS', status: '503', bytes: '411' },
        ...{ method: 'GET', path: 'http://x/', server: 'DIRECT/1.2.3.4', contentType: 'text/html' },
      },
    },
  ],
  [
    'WebSphere',
    '[11/28/26 14:08:44:123 UTC] 0000004a WebGroup      E SRVE0293E: [Servlet Error]-[x]: java.lang.X',
    {
      severity: 17,
      time: '11/28/26 14:08:44:123 UTC',
      thread: '0000004a',
      logger: 'WebGroup',
      attributes: { code: 'SRVE0293E' },
    },
  ],
  [
    'WebSphere, standard error',
    '[1/5/26 4:08:44:123 EST] 0000004a SystemErr     R java.lang.IllegalStateException: x',
    { severity: 13, time: '1/5/26 4:08:44:123 EST', thread: '0000004a', logger: 'SystemErr' },
  ],
  [
    'Open Liberty',
    '[11/28/26, 14:08:44:123 UTC] 00000031 com.ibm.ws.kernel.FeatureManager            A CWWKF0012I: The server installed',
    {
      severity: 10,
      time: '11/28/26, 14:08:44:123 UTC',
      thread: '00000031',
      logger: 'com.ibm.ws.kernel.FeatureManager',
      attributes: { code: 'CWWKF0012I' },
    },
  ],
  ['Open Liberty, console', '[AUDIT   ] CWWKF0011I: The server is ready', { severity: 10 }],
  [
    'WebLogic',
    "####<Nov 28, 2026, 2:08:44,123 PM Coordinated Universal Time> <Error> <Log Management> <host> <srv> <[STANDBY] ExecuteThread: '1' for queue: 'x'> <<anonymous>> <> <> <1764338924123> <[severity-value: 8] > <BEA-170027> <The Server>",
    {
      severity: 17,
      time: 'Nov 28, 2026, 2:08:44,123 PM',
      logger: 'Log Management',
      thread: "[STANDBY] ExecuteThread: '1' for queue: 'x'",
      attributes: { code: 'BEA-170027' },
    },
  ],
  [
    'WebLogic, console',
    '<Nov 28, 2026 2:08:44 PM UTC> <Warning> <HTTP> <BEA-101017> <message>',
    { severity: 13, time: 'Nov 28, 2026 2:08:44 PM UTC', logger: 'HTTP', attributes: { code: 'BEA-101017' } },
  ],
  [
    'IIS',
    '2026-11-28 14:08:44 10.0.0.1 GET /a q=1 80 - 1.2.3.4 Mozilla/5.0 - 500 0 64 12',
    {
      severity: 17,
      time: '2026-11-28 14:08:44',
      attributes: {
        server: '10.0.0.1',
        method: 'GET',
        path: '/a',
        query: 'q=1',
        port: '80',
        client: '1.2.3.4',
        userAgent: 'Mozilla/5.0',
        status: '500',
        substatus: '0',
        win32Status: '64',
        milliseconds: '12',
      },
    },
  ],
  [
    'pino',
    '{"level":30,"time":1700000000000,"pid":1,"hostname":"h","name":"shop","msg":"x"}',
    { severity: 9, time: 1700000000000, logger: 'shop' },
  ],
  [
    'logstash',
    '{"@timestamp":"2026-11-28T14:08:44Z","logger_name":"com.example.Shop","thread_name":"main","level":"ERROR"}',
    { severity: 17, time: '2026-11-28T14:08:44Z', logger: 'com.example.Shop', thread: 'main' },
  ],
  [
    'ECS',
    `{"@timestamp":"2026-11-28T14:08:44Z","log.level":"warn","log":{"logger":"a.B"},"trace":{"id":"${TRACE}"},"span.id":"${SPAN}"}\r`,
    { severity: 13, time: '2026-11-28T14:08:44Z', logger: 'a.B', traceId: TRACE, spanId: SPAN },
  ],
  [
    'Datadog',
    '{"level":"info","dd":{"trace_id":"255","span_id":"256"}}',
    { severity: 9, traceId: `${'0'.repeat(30)}ff`, spanId: `${'0'.repeat(13)}100` },
  ],
  [
    'traceparent',
    `{"severity":"INFO","traceparent":"00-${TRACE}-${SPAN}-01"}`,
    { severity: 9, traceId: TRACE, spanId: SPAN },
  ],
  [
    'Serilog compact',
    `{"@t":"2026-11-28T14:08:44Z","@mt":"x","@tr":"${TRACE}","SourceContext":"A.B"}`,
    { severity: 9, time: '2026-11-28T14:08:44Z', traceId: TRACE, logger: 'A.B' },
  ],
  ['JSON with a prefix', 'web-1  | {"level":"error","logger":"a"}', { severity: 17, logger: 'a' }],
  [
    'JSON behind a time',
    '2026-11-28T14:08:44Z stdout F {"level":"error"}',
    { severity: 17, time: '2026-11-28T14:08:44Z' },
  ],
  [
    'MDC of Logback',
    `2026-11-28 14:08:44,123 [main] INFO com.example.Shop - paid trace_id=${TRACE} span_id=${SPAN}`,
    {
      severity: 9,
      time: '2026-11-28 14:08:44,123',
      thread: 'main',
      logger: 'com.example.Shop',
      traceId: TRACE,
      spanId: SPAN,
    },
  ],
  [
    'Sleuth',
    `2026-11-28 14:08:44.123  INFO [shop,${SPAN},${SPAN},true] 1 --- [main] c.e.Shop : x`,
    {
      severity: 9,
      time: '2026-11-28 14:08:44.123',
      thread: 'main',
      logger: 'c.e.Shop',
      traceId: `${'0'.repeat(16)}${SPAN}`,
      spanId: SPAN,
      attributes: { pid: '1' },
    },
  ],
];
