/** Read-only HTTP for kubelet and Prometheus: numbers. Log text is for the console alone, which admits its clients itself. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ConfigError, messageOf } from '../errors.js';
import { boundConnections } from './busiest-peer.js';

export interface StatusServerOptions {
  readonly port: number;
  /** All addresses when absent. */
  readonly host: string | undefined;
  /** Whether the socket takes connections: before, nothing that asks may go on. */
  readonly isListening: () => boolean;
  /** Why the shipper is not ready; empty when it is. */
  readonly problems: () => readonly string[];
  /** Which lines are lost, and why; empty when none is. The shipper may be ready all the same. */
  readonly losses?: () => readonly string[];
  /** The ledger, for JSON. */
  readonly ledger: () => unknown;
  /** The audit ledger as lines of JSON. Absent without one. */
  readonly audit?: (() => string) | undefined;
  /** Open connections: they must not take descriptors from delivery. */
  readonly maxConnections: number;
  /** Something about connections, worth a line of log. */
  readonly onProblem: (problem: string) => void;
  readonly metrics: (accept: string) => Promise<{ readonly contentType: string; readonly text: string }>;
  /** Answers for the paths of the console. Absent without one. */
  readonly console?: ((request: IncomingMessage, response: ServerResponse) => Promise<void>) | undefined;
}

const CONSOLE_PATHS: ReadonlySet<string> = new Set(['/', '/status', '/tail']);

/** For a request to arrive, for its answer to be read, and for a connection to be used again. */
const TIMES = {
  headersTimeout: 5000,
  requestTimeout: 5000,
  connectionsCheckingInterval: 1000,
  keepAliveTimeout: 5000,
} as const;
const INACTIVE_MS = 10_000;

/** Listens, or throws a ConfigError. */
export async function startStatusServer(options: StatusServerOptions): Promise<Server> {
  const server = createServer(TIMES, (request, response) => {
    if (options.console !== undefined && CONSOLE_PATHS.has(pathOf(request.url))) {
      options.console(request, response).catch((error) => {
        options.onProblem(`console: ${messageOf(error)}`);
        response.destroy();
      });
      return;
    }
    answer(options, request.method ?? '', request.url ?? '', request.headers.accept ?? '').then(
      ({ status, contentType, text }) => {
        response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' });
        response.end(request.method === 'HEAD' ? undefined : text);
      },
      (error) => {
        response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' });
        response.end(`${messageOf(error)}\n`);
      },
    );
  });
  server.timeout = INACTIVE_MS;
  const { maxConnections, onProblem } = options;
  boundConnections(server, maxConnections, (address) =>
    onProblem(`more than ${maxConnections} connections to the status port: one from ${address} is closed`),
  );
  // A probe must never keep the process from ending.
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const where = `${options.host ?? '*'}:${options.port}`;
      reject(
        new ConfigError(
          [
            `LOGTAP_STATUS_PORT='${options.port}': cannot listen on ${where}: ${messageOf(error)}. Choose another port, or off.`,
          ],
          { cause: error },
        ),
      );
    });
    server.listen({ port: options.port, host: options.host }, resolve);
  });
  // From now on errors are those of accept(2), such as EMFILE: the client asks again.
  server.on('error', (error) => onProblem(`status port: ${messageOf(error)}`));
  return server;
}

const pathOf = (url = '') => url.split('?')[0]!;

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

const PLAIN = 'text/plain; charset=utf-8';

/** The answer to a request. Exported for tests. */
export async function answer(
  {
    isListening,
    problems,
    losses,
    ledger,
    audit,
    metrics,
  }: Omit<StatusServerOptions, 'port' | 'host' | 'maxConnections' | 'onProblem' | 'console'>,
  method: string,
  url: string,
  accept: string,
): Promise<Answer> {
  const plain = (status: number, text: string): Answer => ({ status, contentType: PLAIN, text: `${text}\n` });
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'only GET and HEAD');
  switch (pathOf(url)) {
    case '/livez':
      // A shipper whose sink is down must not be restarted: it would lose its records. The hook that holds the
      // application back asks here too.
      return isListening() ? plain(200, 'ok') : plain(503, 'starting');
    case '/readyz': {
      const reasons = isListening() ? problems() : ['starting'];
      const lost = (losses?.() ?? []).map((text) => `lost: ${text}`);
      return reasons.length === 0
        ? plain(200, ['ok', ...lost].join('\n'))
        : plain(503, [...reasons, ...lost].join('\n'));
    }
    case '/metrics':
      return { status: 200, ...(await metrics(accept)) };
    case '/ledger':
      return { status: 200, contentType: 'application/json', text: `${JSON.stringify(ledger())}\n` };
    case '/audit':
      if (audit === undefined)
        return plain(404, 'there is no audit ledger: LOGTAP_AUDIT=off, or no sink that can be read');
      return { status: 200, contentType: 'application/x-ndjson', text: audit() };
    case '/':
    case '/status':
    case '/tail':
      return plain(404, 'there is no console: LOGTAP_CONSOLE=off');
    default:
      return plain(404, 'there are /livez, /readyz, /metrics, /ledger, /audit, /status, /tail and the console /');
  }
}
