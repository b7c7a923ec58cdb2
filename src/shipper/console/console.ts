/** The console of a shipper: its page, its state, and the live tail. Loaded with the first request for one of them. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { messageOf } from '../errors.js';
import { refusalOf } from './admission.js';
import { type Condition, type ConsoleParts, stateOf } from './state.js';
import { TailLines } from './tail-lines.js';
import { type TailQuery, tailQuery } from './tail-query.js';

/** Each costs the shipper some percent of a core while records match. */
const TAILS_MAX = 4;
const URL_MAX = 2048;
/** Between two writes to a client. */
const FLUSH_MS = 100;
/** A client that takes nothing for so long is gone. */
const STUCK_MS = 30_000;
const PAGE = join(__dirname, 'console.html');

const COMMON_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
} as const;
const PLAIN = 'text/plain; charset=utf-8';

export class Console {
  readonly #parts: ConsoleParts;
  readonly #condition: Condition;

  constructor(parts: ConsoleParts, condition: Condition) {
    this.#parts = parts;
    this.#condition = condition;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path, search] = partsOf(request.url);
    const refused = refusedBefore(request);
    if (refused !== undefined) end(request, response, refused);
    else if (path === '/tail') this.#tail(request, response, search);
    else if (path === '/') await servePage(request, response);
    else end(request, response, { status: 200, contentType: 'application/json', text: this.#state });
  }

  get #state(): string {
    return `${JSON.stringify(stateOf(this.#parts, this.#condition))}\n`;
  }

  #tail(request: IncomingMessage, response: ServerResponse, search: string): void {
    const { settings, live, now } = this.#parts;
    const query = queryOf(search);
    if (typeof query === 'string') {
      end(request, response, refusal(400, query));
    } else if (live.clients >= TAILS_MAX) {
      end(request, response, refusal(503, `${TAILS_MAX} clients are tailing already: end one of them`));
    } else {
      response.writeHead(200, { ...COMMON_HEADERS, 'content-type': 'application/x-ndjson' });
      if (request.method === 'HEAD') {
        response.end();
        return;
      }
      response.flushHeaders();
      const lines = new TailLines(query, settings, now);
      const unwatch = live.watch((batch) => lines.add(batch));
      follow(response, lines, unwatch, now);
    }
  }
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

const refusal = (status: number, why: string): Answer => ({ status, contentType: PLAIN, text: `${why}\n` });

function refusedBefore({ url = '', method, headers, socket }: IncomingMessage): Answer | undefined {
  const why = refusalOf({ address: socket.remoteAddress, headers });
  if (why !== undefined) return refusal(403, why);
  if (method !== 'GET' && method !== 'HEAD') return refusal(405, 'only GET and HEAD');
  if (url.length > URL_MAX) return refusal(414, `the address has more than ${URL_MAX} characters`);
  return undefined;
}

function partsOf(url = ''): readonly [path: string, search: string] {
  const mark = url.indexOf('?');
  return mark === -1 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
}

/** The query, or what is wrong with it. */
function queryOf(search: string): TailQuery | string {
  try {
    return tailQuery(search);
  } catch (error) {
    return messageOf(error);
  }
}

/** Writes the lines to a client until it is gone. A client that does not read keeps nothing but its own lines waiting. */
function follow(response: ServerResponse, lines: TailLines, unwatch: () => void, now: () => number): void {
  // The server's bound on inactivity is for requests.
  response.socket?.setTimeout(0);
  let tookMs = now();
  const timer = setInterval(() => {
    if (!response.writableNeedDrain) {
      tookMs = now();
      const text = lines.take();
      if (text !== '') response.write(text);
    } else if (now() - tookMs > STUCK_MS) response.destroy();
  }, FLUSH_MS);
  // A client must not keep the process from ending.
  timer.unref();
  response.once('close', () => {
    clearInterval(timer);
    unwatch();
  });
  response.on('error', () => {});
}

async function servePage(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const page = await readFile(PAGE, 'utf8');
  response.setHeader('content-security-policy', policyOf(page));
  end(request, response, { status: 200, contentType: 'text/html; charset=utf-8', text: page });
}

/** Nothing but the script and the style that are in the page itself, and requests to this shipper. */
export function policyOf(page: string): string {
  const hashesOf = (element: 'script' | 'style') =>
    [...page.matchAll(new RegExp(`<${element}>(.*?)</${element}>`, 'gs'))]
      .map(([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`)
      .join(' ');
  return [
    "default-src 'none'",
    `script-src ${hashesOf('script')}`,
    `style-src ${hashesOf('style')}`,
    "connect-src 'self'",
    'img-src data:',
    ...['base-uri', 'form-action', 'frame-ancestors'].map((directive) => `${directive} 'none'`),
  ].join('; ');
}

function end({ method }: IncomingMessage, response: ServerResponse, { status, contentType, text }: Answer): void {
  response.writeHead(status, { ...COMMON_HEADERS, 'content-type': contentType });
  response.end(method === 'HEAD' ? undefined : text);
}
