/**
 * A bucket of S3, as far as PutObject with `If-None-Match: *` goes: a key is written once, a second request for it gets 412, or 409 while
 * the first is under way. What it can check of a request is checked at once.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { Answer } from './http.js';
import type { Machine } from './machine.js';
import { type HttpRequest, LATE_MS, type Mood, type OnStored, type Service } from './service.js';

export interface ArchivePlan {
  readonly kind: 's3';
}

export interface ArchiveEvents {
  readonly onStored: OnStored;
  /** A request breaks the rules of S3, or of the shipper: another content under a key that is there. */
  readonly onBroken: (problem: string) => void;
}

interface Line {
  readonly id: string;
  readonly message: string;
}

const BUCKET = '/archive';
const KEY_BYTES_MAX = 1024;
const PARTLY_BUSY = 0.5;
/** A request that was cut off may be carried out until then. */
const BELATED_MS = 3500;

export class ArchiveService implements Service {
  mood: Mood = 'well';
  readonly #machine: Machine;
  readonly #events: ArchiveEvents;
  /** The lines of each object, by key. */
  readonly #objects = new Map<string, string>();
  /** Keys for which a request is carried out later. */
  readonly #underWay = new Map<string, number>();

  constructor(machine: Machine, events: ArchiveEvents) {
    this.#machine = machine;
    this.#events = events;
  }

  answer(request: HttpRequest): Answer {
    const { mood } = this;
    const { random, scheduler } = this.#machine;
    const { method, path, body } = request;
    this.#machine.trace(`request ${method} ${path} ${body.length} ${mood}`);
    const afterMs = random.between(1, 15);
    if (mood === 'down') return { afterMs, code: random.of(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND']) };
    if (mood === 'failing') return { afterMs, ...random.of(FAILURES) };
    if (mood === 'closed') return { afterMs, ...random.of(CLOSED) };
    if (method === 'HEAD') return { afterMs, status: random.of([200, 403]) };
    const lines = this.#linesIn(request);
    if (mood === 'busy' && random.chance(PARTLY_BUSY))
      return { afterMs, ...random.of([SLOW_DOWN, SLOW_DOWN, CONFLICT]) };
    if (this.#underWay.has(path) && random.chance(PARTLY_BUSY)) return { afterMs, ...CONFLICT };
    if (mood === 'lost' || mood === 'lying' || mood === 'misshapen') {
      if (random.chance(0.5)) this.#putLater(path, lines, random.between(0, BELATED_MS));
      if (mood === 'lost') return { afterMs, code: 'ECONNRESET' };
      return { afterMs, ...random.of(mood === 'lying' ? BROKEN : MISSHAPEN) };
    }
    const answer = { afterMs, ...this.#put(path, lines) };
    if (mood === 'slow') return { ...answer, afterMs: random.between(500, 5000) };
    if (mood === 'late') return { ...answer, afterMs: random.between(LATE_MS.least, LATE_MS.most) };
    // What is between repeats the request.
    if (mood === 'twice') scheduler.after(random.between(1, 5000), undefined, () => this.#put(path, lines));
    return answer;
  }

  #linesIn({ method, path, headers, body }: HttpRequest): readonly Line[] {
    const broken = (problem: string) => this.#events.onBroken(`${method} ${path}: ${problem}`);
    try {
      const key = decodeURIComponent(path.slice(BUCKET.length + 1));
      if (method !== 'PUT' || !path.startsWith(`${BUCKET}/`)) broken('it is no PutObject');
      if (Buffer.byteLength(key) > KEY_BYTES_MAX || key.split('/').some((part) => /^\.{0,2}$/.test(part)))
        broken('its key');
      if (headers['if-none-match'] !== '*') broken('it may replace an object');
      if (headers['x-amz-checksum-sha256'] !== createHash('sha256').update(body).digest('base64'))
        broken('its checksum');
      if (!/^AWS4-HMAC-SHA256 .*if-none-match/.test(headers.authorization ?? '')) broken('its signature');
      const text = gunzipSync(body).toString();
      return text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Line);
    } catch (error) {
      broken((error as Error).message);
      return [];
    }
  }

  #putLater(path: string, lines: readonly Line[], afterMs: number): void {
    this.#underWay.set(path, (this.#underWay.get(path) ?? 0) + 1);
    this.#machine.scheduler.after(afterMs, undefined, () => {
      const left = this.#underWay.get(path)! - 1;
      if (left > 0) this.#underWay.set(path, left);
      else this.#underWay.delete(path);
      this.#put(path, lines);
    });
  }

  #put(path: string, lines: readonly Line[]): Omit<Answer, 'afterMs'> {
    const content = JSON.stringify(lines.map(({ id, message }) => [id, message]));
    const known = this.#objects.get(path);
    if (known === undefined) {
      this.#objects.set(path, content);
      for (const { id, message } of lines) this.#events.onStored(message, id);
      return { status: 200, headers: { etag: '"0"' } };
    }
    if (known !== content) this.#events.onBroken(`${path} has other records`);
    return errorOf(412, 'PreconditionFailed');
  }
}

const errorOf = (status: number, code: string, more = ''): Omit<Answer, 'afterMs'> => ({
  status,
  body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>simulated</Message>${more}</Error>`,
  headers: { 'content-type': 'application/xml' },
});
const page = (status: number, headers: Readonly<Record<string, string>> = {}): Omit<Answer, 'afterMs'> => ({
  ...{ status, body: '<html>no</html>', headers: { 'content-type': 'text/html', ...headers } },
});

const SLOW_DOWN = errorOf(503, 'SlowDown');
const CONFLICT = errorOf(409, 'ConditionalRequestConflict');
/** They do not say whether the request was carried out. */
const BROKEN = [
  ...[errorOf(500, 'InternalError'), errorOf(503, 'ServiceUnavailable'), errorOf(400, 'RequestTimeout')],
  ...[page(502), page(504), page(412), SLOW_DOWN, CONFLICT],
];
const FAILURES = [errorOf(500, 'InternalError'), errorOf(503, 'ServiceUnavailable'), SLOW_DOWN, page(502)];
/** Of a setting, or of another program. */
const CLOSED = [
  ...[errorOf(403, 'AccessDenied'), errorOf(404, 'NoSuchBucket'), errorOf(400, 'ExpiredToken')],
  ...[errorOf(301, 'PermanentRedirect'), page(200), page(403), page(501)],
];
/** Answers with a status that looks well. */
const MISSHAPEN = [
  ...[errorOf(200, 'InternalError'), errorOf(200, 'SlowDown'), page(200, { etag: '"1"' })],
  ...[{ status: 200 }, { status: 204 }, { status: 200, headers: { etag: '"1"' }, body: '<Error>' }],
];
