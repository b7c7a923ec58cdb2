/** Requests to a service that may be one of AWS: signed for it, or as they are. The signer loads with the first signed request. */
import type { HttpClient, HttpRequest, HttpResponse } from '../http/client.js';
import type { Network } from '../http/network.js';
import type { RoleToAssume } from './role.js';
import type { AwsSigner } from './signer.js';

export class Signing {
  readonly #open: (() => Promise<AwsSigner>) | undefined;
  #signer: AwsSigner | undefined;

  /** Without a service, requests are not signed; with one, the rules of the settings demand a region. */
  constructor(service: string | undefined, region: string | undefined, network: Network, role?: RoleToAssume) {
    if (service === undefined) return;
    this.#open = async () => {
      const { AwsSigner } = await import('./signer.js');
      return new AwsSigner(service, { region: region!, network, role });
    };
  }

  /** Any whole answer of the client's service, at `url`. Throws a NoAnswerError when none came. */
  async send(
    client: HttpClient,
    request: HttpRequest & { readonly url: URL },
    signal: AbortSignal,
    onProgress?: () => void,
  ): Promise<HttpResponse> {
    if (this.#open === undefined) return client.request(request, signal, onProgress);
    this.#signer ??= await this.#open();
    const signer = this.#signer;
    const send = async () => client.request({ ...request, headers: await signer.sign(request) }, signal, onProgress);
    const response = await send();
    if (signer.followClock(response)) return send();
    if (response.status === 401 || response.status === 403 || isExpired(response)) signer.renewCredentials();
    return response;
  }
}

/** Of S3, whose status for it is 400. */
const isExpired = ({ status, body }: HttpResponse): boolean =>
  status === 400 && /ExpiredToken|InvalidToken|TokenRefreshRequired/.test(body.toString('latin1', 0, 1000));
