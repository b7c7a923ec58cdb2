/** Requests to Amazon Data Firehose, signed with the shipper's credentials or those of a role. */
import type { FIREHOSE_SETTINGS } from '../../../catalog/sinks/firehose.js';
import { firehoseHost } from '../../../catalog/values/service-names.js';
import { roleToAssume } from '../aws/role.js';
import { AwsSigner } from '../aws/signer.js';
import { HttpClient, type HttpResponse } from '../http/client.js';
import { Network } from '../http/network.js';
import type { SettingsOf, SinkContext } from '../sink-context.js';

export type FirehoseSettings = SettingsOf<keyof typeof FIREHOSE_SETTINGS, 'firehoseStream' | 'awsRegion'>;

export class FirehoseConnection {
  readonly #url: URL;
  readonly #stream: string;
  readonly #http: HttpClient;
  readonly #signer: AwsSigner;

  /** Throws a ConfigError when a file that a setting names cannot be read. */
  constructor({ settings, secrets, onRequest }: SinkContext<FirehoseSettings>) {
    const { awsRegion: region, awsUseFips: isFips, awsUseDualstack: isDualstack, firehoseEndpoint } = settings;
    const network = new Network(settings, secrets);
    const url = firehoseEndpoint ?? new URL(`https://${firehoseHost(region, { isFips, isDualstack })}`);
    const tls = () => (network.awsCa === undefined ? {} : { ca: network.awsCa });
    const role = roleToAssume(settings.firehoseRoleArn, settings.firehoseExternalId, settings);
    this.#url = url;
    this.#stream = settings.firehoseStream;
    this.#http = new HttpClient({ url, tls, network, onRequest });
    this.#signer = new AwsSigner('firehose', { region, network, role });
  }

  /** For logs. */
  get target(): string {
    return `${this.#stream} at ${this.#http.target}`;
  }

  /** Where the credentials came from. */
  get credentialSource(): string {
    return this.#signer.source;
  }

  /** Asks for new credentials at the next request. */
  renewCredentials(): void {
    this.#signer.renewCredentials();
  }

  /** Any whole answer. Throws a NoAnswerError when none came. */
  putRecordBatch(body: Buffer, signal: AbortSignal, onProgress?: () => void): Promise<HttpResponse> {
    return this.#call('PutRecordBatch', body, signal, onProgress);
  }

  describe(signal: AbortSignal): Promise<HttpResponse> {
    const body = Buffer.from(JSON.stringify({ DeliveryStreamName: this.#stream }));
    return this.#call('DescribeDeliveryStream', body, signal);
  }

  close(): void {
    this.#http.close();
  }

  async #call(
    operation: 'PutRecordBatch' | 'DescribeDeliveryStream',
    body: Buffer,
    signal: AbortSignal,
    onProgress?: () => void,
  ): Promise<HttpResponse> {
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `Firehose_20150804.${operation}`,
    };
    // It knows no ids: a repeated PutRecordBatch stores its records twice.
    const request = { method: 'POST', url: this.#url, path: '', headers, body, operation, isOnce: true } as const;
    const send = async () =>
      this.#http.request({ ...request, headers: await this.#signer.sign(request) }, signal, onProgress);
    const response = await send();
    return this.#signer.followClock(response) ? send() : response;
  }
}
