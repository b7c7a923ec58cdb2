/** `node:http` for the shipper in a simulated process: requests go to the simulated service. */
import { EventEmitter } from 'node:events';
import { systemError } from './files.js';
import type { MachineProcess } from './machine.js';

/** What becomes of a request: an answer, or the code of an error, after so long. */
export interface Answer {
  readonly afterMs: number;
  readonly status?: number;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly code?: string;
}

interface RequestOptions {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** No connection is made. */
const UNCONNECTED: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND']);

class Agent extends EventEmitter {
  readonly #process: MachineProcess;

  constructor(process: MachineProcess) {
    super();
    this.#process = process;
  }

  get freeSockets() {
    const closed = { destroy: () => (this.#process.idleConnections = 0) };
    return { service: this.#process.idleConnections > 0 ? [closed] : [] };
  }

  keepSocketAlive(): boolean {
    return true;
  }

  destroy(): void {}
}

class SimulatedRequest extends EventEmitter {
  reusedSocket = false;
  readonly #process: MachineProcess;
  readonly #options: RequestOptions;
  readonly #parts: Buffer[] = [];
  readonly #onAbort = () => this.destroy();
  #isOver = false;

  constructor(process: MachineProcess, options: RequestOptions) {
    super();
    this.#process = process;
    this.#options = options;
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (options.signal?.aborted) this.#after(0, () => this.destroy());
  }

  write(part: Buffer, done: (error?: Error) => void): void {
    this.#parts.push(Buffer.from(part));
    this.#after(0, () => done());
  }

  end(part: Buffer): void {
    // A process that was killed in the middle of a call asks no more, even if it catches what the call throws.
    if (this.#isOver || !this.#process.isAlive) return;
    this.#parts.push(Buffer.from(part));
    this.#after(0, () => this.#isOver || this.#send());
  }

  /** Over a connection of an earlier request, if one is idle. */
  #send(): void {
    const { method = 'GET', path, headers = {} } = this.#options;
    const answer = this.#process.machine.service.answer({ method, path, headers, body: Buffer.concat(this.#parts) });
    if (!UNCONNECTED.has(answer.code ?? '')) {
      this.reusedSocket = this.#process.idleConnections > 0;
      if (this.reusedSocket) this.#process.idleConnections -= 1;
      const socket = new EventEmitter();
      this.emit('socket', socket);
      socket.emit('connect');
    }
    this.#after(answer.afterMs, () => this.#answered(answer));
  }

  /** The service goes on with what it has got. */
  destroy(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.emit('error', Object.assign(new Error('aborted'), { code: 'ABORT_ERR', name: 'AbortError' }));
  }

  #answered({ status, body = '', headers = {}, code }: Answer): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#process.machine.trace(`${this.#process.pid} answer ${status ?? code} ${body.length}`);
    if (code !== undefined) {
      this.emit('error', systemError(code, 'request'));
      return;
    }
    this.#process.idleConnections += 1;
    const response = Object.assign(new EventEmitter(), { statusCode: status, headers, destroy() {} });
    this.emit('response', response);
    response.emit('data', typeof body === 'string' ? Buffer.from(body) : body);
    response.emit('end');
  }

  #after(ms: number, call: () => void): void {
    this.#process.machine.scheduler.after(ms, this.#process, call);
  }
}

export function httpOf(process: MachineProcess) {
  return {
    Agent: class extends Agent {
      constructor() {
        super(process);
      }
    },
    request: (options: RequestOptions) => new SimulatedRequest(process, options),
  };
}
