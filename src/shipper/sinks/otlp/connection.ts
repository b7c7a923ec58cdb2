/** Requests to one OTLP endpoint: with which headers and certificates, signed or not, in which encoding. */
import type { OTLP_SETTINGS } from '../../../catalog/sinks/otlp.js';
import { headersOf } from '../../../catalog/values/setting-values.js';
import { ConfigError, messageOf } from '../../errors.js';
import type { AwsSigner } from '../aws/signer.js';
import { HttpClient, type HttpResponse } from '../http/client.js';
import { compress } from '../http/compress.js';
import { Network } from '../http/network.js';
import type { TlsIdentity } from '../http/tls-identity.js';
import { ReloadedFile } from '../reloaded-file.js';
import type { SettingsOf, SinkContext } from '../sink-context.js';

export type OtlpSettings = SettingsOf<keyof typeof OTLP_SETTINGS, 'otlpUrl'>;

const DEFAULT_PATH = '/v1/logs';

export class OtlpConnection {
  readonly #settings: OtlpSettings;
  readonly #client: HttpClient;
  readonly #secretHeaders: () => Readonly<Record<string, string>>;
  readonly #openSigner: (() => Promise<AwsSigner>) | undefined;
  #signer: AwsSigner | undefined;

  /** Throws a ConfigError when a file that a setting names cannot be read, or does not hold headers. */
  constructor({ settings, secrets, onRequest }: SinkContext<OtlpSettings>) {
    this.#settings = settings;
    const { otlpUrl: url, otlpSigv4, otlpHeadersFile, awsRegion } = settings;
    const network = new Network(settings, secrets);
    const file = (setting: string, path: string | undefined) =>
      path === undefined ? undefined : new ReloadedFile(`LOGTAP_OTLP_${setting}`, path);
    const ca = file('CA_FILE', settings.otlpCaFile);
    const cert = file('CERT_FILE', settings.otlpCertFile);
    const key = file('KEY_FILE', settings.otlpKeyFile);
    const tls = (): TlsIdentity => {
      const trusted = ca?.content ?? (otlpSigv4 === undefined ? undefined : network.awsCa);
      return {
        ...(trusted === undefined ? {} : { ca: trusted }),
        ...(cert === undefined ? {} : { cert: cert.content }),
        ...(key === undefined ? {} : { key: key.content }),
      };
    };
    this.#client = new HttpClient({ url, tls, network, onRequest });
    const headers = file('HEADERS_FILE', otlpHeadersFile);
    this.#secretHeaders = () => {
      const read = headers === undefined ? {} : headersIn(headers.content, otlpHeadersFile!);
      for (const value of Object.values(read)) secrets.hide(value);
      return read;
    };
    this.#secretHeaders();
    if (otlpSigv4 === undefined) return;
    this.#openSigner = async () => {
      const { AwsSigner } = await import('../aws/signer.js');
      return new AwsSigner(awsRegion!, otlpSigv4, network);
    };
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
    if (this.#openSigner === undefined) return this.#client.request(request, signal, onProgress);
    this.#signer ??= await this.#openSigner();
    const signer = this.#signer;
    const send = async () => {
      const headers = await signer.sign({ ...request, url });
      return this.#client.request({ ...request, headers }, signal, onProgress);
    };
    const response = await send();
    if (signer.followClock(response)) return send();
    if (response.status === 401 || response.status === 403) signer.renewCredentials();
    return response;
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
