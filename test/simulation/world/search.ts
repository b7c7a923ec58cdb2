/**
 * OpenSearch, as far as ids and refusals go: `_bulk` with `create`, `_mget`, and ways to fail. Documents are kept by id, and
 * what no real service would have to see is checked at once: a document that no process wrote, a text under two ids.
 */
import type { Answer } from './http.js';
import type { Machine } from './machine.js';
import { type HttpRequest, LATE_MS, type Mood, type OnStored, REFUSED_TEXT, type Service } from './service.js';

const PARTLY_BUSY = 0.3;

export class SearchService implements Service {
  mood: Mood = 'well';
  readonly #machine: Machine;
  readonly #documents = new Map<string, Record<string, unknown>>();
  readonly #onStored: OnStored;

  constructor(machine: Machine, onStored: OnStored) {
    this.#machine = machine;
    this.#onStored = onStored;
  }

  answer({ path, body }: HttpRequest): Answer {
    const { mood } = this;
    const random = this.#machine.random;
    this.#machine.trace(`request ${path.slice(0, 7)} ${body.length} ${mood}`);
    const afterMs = random.between(1, 15);
    if (mood === 'down') return { afterMs, code: random.of(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND']) };
    if (mood === 'failing') return { afterMs, ...random.of(FAILURES) };
    if (path.startsWith('/_mget')) return { afterMs, status: 200, body: this.#mget(body) };
    // It may have stored, or not, what it then says nothing of.
    if (mood === 'misshapen' && random.chance(0.5)) return { afterMs, status: 200, body: random.of(MISSHAPEN) };
    const isBusy = mood === 'busy';
    const answer = { afterMs, ...this.#bulk(body, isBusy) };
    if (mood === 'slow') return { ...answer, afterMs: random.between(500, 5000) };
    if (mood === 'lying') return { afterMs, ...random.of(FAILURES) };
    if (mood === 'lost') return { afterMs, code: 'ECONNRESET' };
    if (mood === 'late') return { ...answer, afterMs: random.between(LATE_MS.least, LATE_MS.most) };
    if (mood === 'misshapen') return { afterMs, status: 200, body: random.of(MISSHAPEN) };
    // What is between repeats the request.
    if (mood === 'twice')
      this.#machine.scheduler.after(random.between(1, 5000), undefined, () => this.#bulk(body, false));
    return answer;
  }

  #bulk(body: Buffer, isBusy: boolean): { readonly status: number; readonly body: string } {
    const lines = body.toString().split('\n');
    if (lines.length < 3) {
      return {
        status: 400,
        body: '{"error":{"type":"parse_exception","reason":"request body is required"},"status":400}',
      };
    }
    const items: object[] = [];
    for (let i = 0; i + 1 < lines.length; i += 2) {
      if (lines[i] === '') break;
      const { create } = JSON.parse(lines[i]!) as { create?: { _id: string } };
      // A probe that is to store nothing asks for a version that is not there.
      if (create === undefined) items.push({ index: this.mood === 'closed' ? CLOSED : CONFLICT });
      else items.push({ create: this.#create(create._id, JSON.parse(lines[i + 1]!), isBusy) });
    }
    const hasErrors = items.some((item) => JSON.stringify(item).includes('"error"'));
    return { status: 200, body: JSON.stringify({ took: 1, errors: hasErrors, items }) };
  }

  #create(id: string, source: Record<string, unknown>, isBusy: boolean): object {
    const text = String(source.body);
    if (this.mood === 'closed') {
      return CLOSED;
    }
    if (isBusy && this.#machine.random.chance(PARTLY_BUSY)) {
      return { status: 429, error: { type: 'circuit_breaking_exception', reason: 'too much' } };
    }
    if (text.includes(REFUSED_TEXT)) {
      return { status: 400, error: { type: 'mapper_parsing_exception', reason: 'not this one' } };
    }
    if (this.#documents.has(id)) {
      return CONFLICT;
    }
    this.#documents.set(id, source);
    if (id !== PROBE_ID) this.#onStored(text, id);
    return { status: 201 };
  }

  #mget(body: Buffer): string {
    const { docs } = JSON.parse(body.toString()) as { docs: { _id: string }[] };
    return JSON.stringify({
      docs: docs.map(({ _id }) => {
        const source = this.#documents.get(_id);
        return source === undefined ? { found: false } : { found: true, _source: source };
      }),
    });
  }
}

/** Of a record that asks whether others would be taken. */
const PROBE_ID = 'logtap-probe';
const CLOSED = { status: 400, error: { type: 'illegal_argument_exception', reason: 'no write index' } };
const CONFLICT = {
  status: 409,
  error: { type: 'version_conflict_engine_exception', reason: 'is there', index: 'logs' },
};

const FAILURES: readonly Pick<Answer, 'status' | 'body'>[] = [
  { status: 500, body: '{"error":{"type":"exception","reason":"simulated"},"status":500}' },
  { status: 503, body: 'no' },
  { status: 429, body: '{"error":{"type":"too_many_requests","reason":"simulated"},"status":429}' },
  { status: 400, body: '{"error":{"type":"index_closed_exception","reason":"closed"},"status":400}' },
  { status: 403, body: '{"message":"forbidden"}' },
];

/** Answers that say nothing of any record. */
const MISSHAPEN: readonly string[] = [
  '{"took":1,"errors":false,"items":[]}',
  '{"took":1,"errors":false}',
  '{}',
  '<html>busy</html>',
  '',
];
