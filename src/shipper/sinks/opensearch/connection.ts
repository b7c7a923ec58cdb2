/** Requests to the nodes of one cluster: who is asked, as whom, over which TLS, in which encoding. */

import type { Secrets } from '../../secrets.js';
import { roleToAssume } from '../aws/role.js';
import { Signing } from '../aws/signing.js';
import { HttpClient, type HttpResponse } from '../http/client.js';
import { compress } from '../http/compress.js';
import { Network } from '../http/network.js';
import { TlsFiles } from '../http/tls-files.js';
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
  // One status per item, the names of errors, and where Elasticsearch put what it refuses.
  filter: 'errors,items.*.status,items.*.failure_store,items.*.error.type,items.*.error.reason,items.*.error.index',
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
  readonly #signing: Signing;
  readonly #onNotice: (message: string) => void;
  #isCompressed: boolean;
  #node = 0;

  /** Throws a ConfigError when a file that a setting names cannot be read. */
  constructor({ settings, secrets, onRequest, onNotice }: SinkContext<OpenSearchSettings>) {
    const network = new Network(settings, secrets);
    this.network = network;
    const { opensearchUrls: urls, opensearchSigv4, awsRegion, opensearchGzip } = settings;
    this.identity = new Identity(settings, secrets, opensearchSigv4 === undefined ? undefined : network);
    this.#urls = urls;
    this.#clients = urls.map((url) => new HttpClient({ url, tls: () => this.identity.tls, network, onRequest }));
    const role = roleToAssume(settings.opensearchRoleArn, settings.opensearchExternalId, settings);
    this.#signing = new Signing(opensearchSigv4, awsRegion, network, role);
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
      url,
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
    return this.#signing.send(client, request, signal, onProgress);
  }
}

/** As whom the cluster is asked. Files are read again when they change. */
export class Identity {
  readonly #tls: TlsFiles;
  readonly #username: string | undefined;
  readonly #password: ReloadedFile | undefined;
  readonly #secrets: Secrets;

  /** `aws` where the cluster is one of AWS. */
  constructor(settings: OpenSearchSettings, secrets: Secrets, aws?: Network) {
    const { opensearchCaFile: ca, opensearchCertFile: cert, opensearchKeyFile: key, opensearchPasswordFile } = settings;
    this.#tls = new TlsFiles('LOGTAP_OPENSEARCH', { ca, cert, key }, aws);
    this.#username = settings.opensearchUsername;
    this.#password =
      opensearchPasswordFile === undefined
        ? undefined
        : new ReloadedFile('LOGTAP_OPENSEARCH_PASSWORD_FILE', opensearchPasswordFile);
    this.#secrets = secrets;
  }

  get tls(): TlsIdentity {
    return this.#tls.identity;
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
