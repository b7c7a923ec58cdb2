/** Requests to the nodes of one cluster: who is asked, as whom, over which TLS, in which encoding. */

import type { Secrets } from '../../secrets.js';
import type { AwsSigner } from '../aws/signer.js';
import { HttpClient, type HttpResponse } from '../http/client.js';
import { compress } from '../http/compress.js';
import { Network } from '../http/network.js';
import type { TlsIdentity } from '../http/tls-identity.js';
import { ReloadedFile } from '../reloaded-file.js';
import type { SinkContext } from '../sink-context.js';
import type { OpenSearchSettings } from './settings.js';

/** The requests to the service. */
interface Operation {
  readonly path: string;
  /** Parts of the answer to get. */
  readonly filter: string;
  readonly contentType: string;
  /** For errors. */
  readonly operation: string;
}

const BULK: Operation = {
  path: '/_bulk',
  // One status per item, and the names of errors.
  filter: 'errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.index',
  contentType: 'application/x-ndjson',
  operation: 'bulk request',
};
const GET: Operation = {
  path: '/_mget',
  filter: 'docs.found,docs._source,docs.error.type',
  contentType: 'application/json',
  operation: 'look at what is stored',
};
/** How something that does not inflate may answer. */
const NOT_INFLATED: ReadonlySet<number> = new Set([400, 406, 415]);
/** Statuses of a node, or of the proxy before it, that another node may not have. */
const NODE_FAILURES: ReadonlySet<number> = new Set([502, 503, 504]);

export class OpenSearchConnection {
  /** The present user and certificates, for the client of the set-up. */
  readonly identity: Identity;
  readonly network: Network;
  readonly #clients: readonly HttpClient[];
  readonly #urls: readonly URL[];
  readonly #openSigner: (() => Promise<AwsSigner>) | undefined;
  readonly #onNotice: (message: string) => void;
  #isCompressed: boolean;
  #node = 0;
  #signer: AwsSigner | undefined;

  /** Throws a ConfigError when a file that a setting names cannot be read. */
  constructor({ settings, secrets, onRequest, onNotice }: SinkContext<OpenSearchSettings>) {
    const network = new Network(settings, secrets);
    this.network = network;
    const { opensearchUrls: urls, opensearchSigv4, awsRegion, opensearchGzip } = settings;
    this.identity = new Identity(settings, secrets, opensearchSigv4 === undefined ? undefined : network);
    this.#urls = urls;
    this.#clients = urls.map((url) => new HttpClient({ url, tls: () => this.identity.tls, network, onRequest }));
    if (opensearchSigv4 !== undefined) {
      this.#openSigner = async () => {
        const { AwsSigner } = await import('../aws/signer.js');
        return new AwsSigner(awsRegion!, opensearchSigv4, network);
      };
    }
    this.#isCompressed = opensearchGzip;
    this.#onNotice = onNotice;
  }

  /** For logs: all nodes. */
  get target(): string {
    return this.#clients.map(({ target }) => target).join(',');
  }

  /** One whole answer to a `_bulk` request, with any status. Throws a NoAnswerError when no node answered. */
  async bulk(body: Buffer, signal: AbortSignal, onProgress?: () => void): Promise<HttpResponse> {
    const response = await this.#post(BULK, body, signal, onProgress);
    if (!this.#isCompressed || !NOT_INFLATED.has(response.status)) return response;
    // A service that does not inflate reads garbage, and blames the request.
    this.#isCompressed = false;
    const plain = await this.#post(BULK, body, signal, onProgress);
    this.#isCompressed = plain.status !== 200;
    if (this.#isCompressed) return response;
    this.#onNotice(`${this.target} takes no gzip: LOGTAP_OPENSEARCH_GZIP is ignored from now on`);
    return plain;
  }

  /** The same of `_mget`. */
  get(body: Buffer, signal: AbortSignal): Promise<HttpResponse> {
    return this.#post(GET, body, signal);
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  /** Each node is asked at most once. */
  async #post(operation: Operation, body: Buffer, signal: AbortSignal, onProgress?: () => void): Promise<HttpResponse> {
    const bytes = this.#isCompressed ? await compress(body) : body;
    for (let asked = 1; ; asked++) {
      try {
        const response = await this.#request(operation, bytes, signal, onProgress);
        if (NODE_FAILURES.has(response.status)) this.#nextNode();
        return asked === 1 ? response : { ...response, isRepeated: true };
      } catch (error) {
        this.#nextNode();
        if (asked === this.#clients.length || signal.aborted) throw error;
      }
    }
  }

  #nextNode(): void {
    this.#node = (this.#node + 1) % this.#clients.length;
  }

  async #request(
    { path, filter, contentType, operation }: Operation,
    body: Buffer,
    signal: AbortSignal,
    onProgress?: () => void,
  ): Promise<HttpResponse> {
    const client = this.#clients[this.#node]!;
    const url = this.#urls[this.#node]!;
    const request = {
      method: 'POST',
      path,
      query: { filter_path: filter },
      headers: {
        'content-type': contentType,
        ...(this.#isCompressed ? { 'content-encoding': 'gzip' } : {}),
        ...this.identity.headers,
      },
      body,
      operation,
    };
    if (this.#openSigner === undefined) return client.request(request, signal, onProgress);
    this.#signer ??= await this.#openSigner();
    const signer = this.#signer;
    const send = async () => {
      const headers = await signer.sign({ ...request, url });
      return client.request({ ...request, headers }, signal, onProgress);
    };
    const response = await send();
    if (signer.followClock(response)) return send();
    if (response.status === 401 || response.status === 403) signer.renewCredentials();
    return response;
  }
}

/** As whom the cluster is asked. Files are read again when they change. */
export class Identity {
  readonly #ca: ReloadedFile | undefined;
  readonly #cert: ReloadedFile | undefined;
  readonly #key: ReloadedFile | undefined;
  readonly #username: string | undefined;
  readonly #password: ReloadedFile | undefined;
  readonly #secrets: Secrets;
  readonly #aws: Network | undefined;

  /** `aws` where the cluster is one of AWS. */
  constructor(settings: OpenSearchSettings, secrets: Secrets, aws?: Network) {
    this.#aws = aws;
    const { opensearchCaFile, opensearchCertFile, opensearchKeyFile, opensearchPasswordFile } = settings;
    const file = (setting: string, path: string | undefined) =>
      path === undefined ? undefined : new ReloadedFile(`LOGTAP_OPENSEARCH_${setting}`, path);
    this.#ca = file('CA_FILE', opensearchCaFile);
    this.#cert = file('CERT_FILE', opensearchCertFile);
    this.#key = file('KEY_FILE', opensearchKeyFile);
    this.#username = settings.opensearchUsername;
    this.#password = file('PASSWORD_FILE', opensearchPasswordFile);
    this.#secrets = secrets;
  }

  get tls(): TlsIdentity {
    const ca = this.#ca?.content ?? this.#aws?.awsCa;
    return {
      ...(ca === undefined ? {} : { ca }),
      ...(this.#cert === undefined ? {} : { cert: this.#cert.content }),
      ...(this.#key === undefined ? {} : { key: this.#key.content }),
    };
  }

  /** User and password, where there are such. */
  get credentials(): { readonly username: string; readonly password: string } | undefined {
    if (this.#username === undefined || this.#password === undefined) return undefined;
    const password = this.#password.content.toString().replace(/\r?\n$/, '');
    this.#secrets.hide(password);
    return { username: this.#username, password };
  }

  get headers(): Readonly<Record<string, string>> {
    const { credentials } = this;
    if (credentials === undefined) return {};
    const encoded = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
    this.#secrets.hide(encoded);
    return { authorization: `Basic ${encoded}` };
  }
}
