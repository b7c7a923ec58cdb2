/** GET requests to the status port of a shipper, through a port-forward of the API server. Nothing listens on this machine. */
import { type IncomingMessage, request } from 'node:http';
import { Duplex, PassThrough } from 'node:stream';
import { PortForward, type V1Pod } from '@kubernetes/client-node';
import { STATUS_PORT } from '../../contract.js';
import { type Cluster, ClusterError } from '../cluster.js';
import { shipperOf } from '../upgrade/shipper-of.js';

/** A pod that cannot be asked now, with the remedy. Others can. */
export class PodProblem extends Error {
  /** @param isLasting whether another attempt gets the same answer */
  constructor(
    message: string,
    readonly isLasting = false,
  ) {
    super(message);
  }
}

const CONNECT_MS = 15_000;
/** Of an answer that is no stream. */
const ANSWER_MAX_BYTES = 4 * 1024 * 1024;

export interface PodAnswer {
  readonly status: number;
  readonly body: IncomingMessage;
}

export interface PodHttp {
  /** @throws PodProblem, or ClusterError where the user may not forward ports */
  get(pod: V1Pod, path: string, signal: AbortSignal): Promise<PodAnswer>;
}

/** Port of the shipper's status server. @throws PodProblem if it has none */
export function statusPortOf(pod: V1Pod): number {
  const shipper = shipperOf(pod);
  const value = shipper?.container.env?.find(({ name }) => name === 'LOGTAP_STATUS_PORT')?.value;
  if (value === 'off') {
    throw new PodProblem(
      'its status port is off: remove LOGTAP_STATUS_PORT=off from the settings of its shipper',
      true,
    );
  }
  return value === undefined || !/^\d+$/.test(value) ? STATUS_PORT : Number(value);
}

/** A whole answer as text. */
export async function textOf({ body }: PodAnswer): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += (chunk as Buffer).length;
    if (bytes > ANSWER_MAX_BYTES) throw new PodProblem(`it answers with more than ${ANSWER_MAX_BYTES} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}

export class ForwardedHttp implements PodHttp {
  readonly #cluster: Pick<Cluster, 'config'>;

  constructor(cluster: Pick<Cluster, 'config'>) {
    this.#cluster = cluster;
  }

  async get(pod: V1Pod, path: string, signal: AbortSignal): Promise<PodAnswer> {
    const port = statusPortOf(pod);
    const stream = await this.#forward(pod, port);
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        stream.destroy();
        reject(error instanceof PodProblem ? error : new PodProblem(`port ${port} does not answer: ${error.message}`));
      };
      const sent = request({
        createConnection: () => stream,
        // The shipper answers only those that mean its own machine.
        headers: { host: `localhost:${port}`, connection: 'close' },
        path,
        signal,
      });
      const timer = setTimeout(() => fail(new Error(`no answer within ${CONNECT_MS / 1000} s`)), CONNECT_MS);
      sent.once('response', (body) => {
        clearTimeout(timer);
        body.once('close', () => stream.destroy());
        resolve({ status: body.statusCode ?? 0, body });
      });
      sent.once('error', (error) => {
        clearTimeout(timer);
        fail(error);
      });
      sent.end();
    });
  }

  /** A connection to a port of a pod. */
  async #forward(pod: V1Pod, port: number): Promise<Duplex> {
    const { namespace = '', name = '' } = pod.metadata ?? {};
    const [input, output, problems] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const stream = Duplex.from({ readable: output, writable: input });
    problems.on('data', (text: Buffer) => stream.destroy(new PodProblem(refusedBy(port, text.toString()))));
    try {
      const forward = new PortForward(this.#cluster.config);
      const socket = await forward.portForward(namespace, name, [port], output, problems, input);
      const { onclose } = socket as { onclose: unknown };
      Object.assign(socket, {
        onclose: (...args: unknown[]) => {
          if (typeof onclose === 'function') onclose(...args);
          output.end();
        },
      });
      stream.once('close', () => (socket as { close(): void }).close());
      return stream;
    } catch (error) {
      stream.on('error', () => {}).destroy();
      throw problemOf(`${namespace}/${name}`, error);
    }
  }
}

function refusedBy(port: number, text: string): string {
  if (/connection refused/i.test(text)) {
    return `nothing listens on port ${port}: its shipper starts, ends, or has another LOGTAP_STATUS_PORT`;
  }
  return `port ${port} cannot be forwarded: ${text.trim().slice(0, 300)}`;
}

/** The web socket's error event has the API server's status in its words alone. */
function problemOf(pod: string, error: unknown): Error {
  const { message = String(error) } = (error ?? {}) as { readonly message?: string };
  const [, status] = /response: (\d{3})/.exec(message) ?? [];
  if (status === '401' || status === '403') {
    return new ClusterError(
      'ClusterForbids',
      `cannot forward a port of pod ${pod}: the user of the kubeconfig lacks the rights 'get' and 'create' on pods/portforward. docs/guides/see-a-cluster.md#rights has a role with them`,
    );
  }
  if (status === '404') return new PodProblem('it is gone', true);
  return new PodProblem(`its port cannot be forwarded: ${message}`);
}
