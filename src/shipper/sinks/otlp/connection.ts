/** Requests to one OTLP endpoint: with which headers and certificates, signed or not, in which encoding. */
import type { OTLP_SETTINGS } from '../../../catalog/sinks/otlp.js';
import { headersOf } from '../../../catalog/values/setting-values.js';
import { ConfigError, messageOf } from '../../errors.js';
import { roleToAssume } from '../aws/role.js';
import { Signing } from '../aws/signing.js';
import { HttpClient, type HttpResponse } from '../http/client.js';
import { compress } from '../http/compress.js';
import { Network } from '../http/network.js';
import { TlsFiles } from '../http/tls-files.js';
import { ReloadedFile } from '../reloaded-file.js';
import type { SettingsOf, SinkContext } from '../sink-context.js';

export type OtlpSettings = SettingsOf<keyof typeof OTLP_SETTINGS, 'otlpUrl'>;

const DEFAULT_PATH = '/v1/logs';

export class OtlpConnection {
  readonly #settings: OtlpSettings;
  readonly #client: HttpClient;
  readonly #secretHeaders: () => Readonly<Record<string, string>>;
  readonly #signing: Signing;

  /** Throws a ConfigError when a file that a setting names cannot be read, or does not hold headers. */
  constructor({ settings, secrets, onRequest }: SinkContext<OtlpSettings>) {
    this.#settings = settings;
    const { otlpUrl: url, otlpSigv4, otlpHeadersFile, awsRegion } = settings;
    const network = new Network(settings, secrets);
    const { otlpCaFile: ca, otlpCertFile: cert, otlpKeyFile: key } = settings;
    const files = new TlsFiles('LOGTAP_OTLP', { ca, cert, key }, otlpSigv4 === undefined ? undefined : network);
    this.#client = new HttpClient({ url, tls: () => files.identity, network, onRequest });
    const role = roleToAssume(settings.otlpRoleArn, settings.otlpExternalId, settings);
    this.#signing = new Signing(otlpSigv4, awsRegion, network, role);
    const headers =
      otlpHeadersFile === undefined ? undefined : new ReloadedFile('LOGTAP_OTLP_HEADERS_FILE', otlpHeadersFile);
    this.#secretHeaders = () => {
      const read = headers === undefined ? {} : headersIn(headers.content, otlpHeadersFile!);
      for (const value of Object.values(read)) secrets.hide(value);
      return read;
    };
    if (headers?.isThere === true) this.#secretHeaders();
  }

  /** For logs. */
  get target(): string {
    return `${this.#client.target}${this.#path}`;
  }

  /** One whole answer, with any status. Throws a NoAnswerError when none came. */
  async post(body: Buffer, signal: AbortSignal, onProgress?: () => void): Promise<HttpResponse> {
    const { otlpGzip, otlpHeaders = {}, otlpUrl: url } = this.#settings;
    const request = {
      method: 'POST',
      url,
      path: this.#path,
      headers: {
        ...otlpHeaders,
        ...this.#secretHeaders(),
        'content-type': 'application/x-protobuf',
        ...(otlpGzip && { 'content-encoding': 'gzip' }),
      },
      body: otlpGzip ? await compress(body) : body,
      operation: 'OTLP request',
      // It knows no ids: the sink counts each record that it resends.
      isOnce: true as const,
    };
    return this.#signing.send(this.#client, request, signal, onProgress);
  }

  close(): void {
    this.#client.close();
  }

  get #path(): string {
    return this.#settings.otlpUrl.pathname === '/' ? DEFAULT_PATH : '';
  }
}

/** Throws a ConfigError without the content, which is secret. */
function headersIn(content: Buffer, path: string): Readonly<Record<string, string>> {
  const lines = content.toString().split(/\r?\n/);
  const pairs = lines.filter((line) => line.trim() !== '');
  try {
    return headersOf(pairs);
  } catch (error) {
    throw new ConfigError([`LOGTAP_OTLP_HEADERS_FILE='${path}': its lines ${messageOf(error)}`], { cause: error });
  }
}
