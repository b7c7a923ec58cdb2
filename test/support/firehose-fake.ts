/**
 * A referee for the documented limits of PutRecordBatch, which no emulator enforces. It decodes requests by itself and shares no code
 * with the shipper. Faults can be scripted.
 *
 * Limits: https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isSigned } from './aws-signature.js';
import { AWS_ENV } from './sinks-read-back.js';

export type FirehoseFault =
  | {
      readonly status: number;
      readonly type?: string;
      readonly message?: string;
      readonly body?: string;
      readonly headers?: Record<string, string>;
    }
  | 'cut'
  /** After the request was carried out. */
  | 'served, cut'
  /** It is carried out, and no answer comes. */
  | 'served, silent';

export class FirehoseFake {
  /** Data of the records that are stored, in their order. */
  readonly stored: string[] = [];
  readonly faults: FirehoseFault[] = [];
  /** Of each request, the sizes of its records. */
  readonly requests: number[][] = [];
  /** Ids of the keys that requests were signed with. */
  readonly keys: string[] = [];
  /** A limit that was passed, or a signature that is wrong: nothing of that kind may be sent. */
  readonly refusals: string[] = [];
  /** The error code of the record with this data; `undefined` for one that is stored. */
  failing: (data: string) => string | undefined = () => undefined;
  /** Whether this data makes the service refuse the whole request. */
  poison: (data: string) => boolean = () => false;
  stream: object = { DeliveryStreamStatus: 'ACTIVE', DeliveryStreamType: 'DirectPut' };
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async start(): Promise<FirehoseFake> {
    const fake = new FirehoseFake();
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The stored lines of all records. */
  get lines(): { message: string; id: string }[] {
    return this.stored
      .join('')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const send = (status: number, text: string, headers: Record<string, string> = {}) => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', ...headers });
      response.end(text);
    };
    const operation = String(request.headers['x-amz-target']);
    const isPut = operation === 'Firehose_20150804.PutRecordBatch';
    this.keys.push(/Credential=(\w+)/.exec(request.headers.authorization ?? '')?.[1] ?? '');
    const fault = this.faults.shift();
    if (fault === 'cut') return void request.socket.destroy();
    if (typeof fault === 'object') {
      const { status, type, message = 'scripted', body: text = JSON.stringify({ __type: type, message }) } = fault;
      const named = type === undefined ? { 'content-type': 'text/plain' } : { 'x-amzn-errortype': type };
      return send(status, text, { ...named, ...fault.headers });
    }
    const signed = { method: 'POST', path: '/', headers: request.headers, body };
    if (!isSigned('firehose', AWS_ENV.AWS_REGION, signed)) {
      this.refusals.push('the signature is wrong');
      return send(400, JSON.stringify({ __type: 'InvalidSignatureException', message: 'signature' }));
    }
    if (!isPut) return send(200, JSON.stringify({ DeliveryStreamDescription: this.stream }));
    const { Records: records } = JSON.parse(body.toString()) as { Records: { Data: string }[] };
    const data = records.map(({ Data }) => Buffer.from(Data, 'base64'));
    this.requests.push(data.map(({ length }) => length));
    const refused = this.#rule(body, data);
    if (refused !== undefined) {
      this.refusals.push(refused);
      return send(400, JSON.stringify({ __type: 'InvalidArgumentException', message: refused }));
    }
    const texts = data.map(String);
    if (texts.some(this.poison)) {
      return send(400, JSON.stringify({ __type: 'InvalidArgumentException', message: 'poison' }));
    }
    const entries = texts.map((text, i) => {
      const code = this.failing(text);
      if (code !== undefined) return { ErrorCode: code, ErrorMessage: 'Slow down.' };
      this.stored.push(text);
      return { RecordId: `id-${i}` };
    });
    if (fault === 'served, cut') return void request.socket.destroy();
    if (fault === 'served, silent') return;
    const failures = entries.filter((entry) => 'ErrorCode' in entry).length;
    send(200, JSON.stringify({ FailedPutCount: failures, Encrypted: false, RequestResponses: entries }));
  }

  #rule(body: Buffer, data: readonly Buffer[]): string | undefined {
    if (data.length < 1 || data.length > 500) return `${data.length} records`;
    if (body.length > 4 * 1024 * 1024) return `a request of ${body.length} bytes`;
    const long = data.find(({ length }) => length > 1000 * 1024);
    return long && `a record of ${long.length} bytes`;
  }
}
