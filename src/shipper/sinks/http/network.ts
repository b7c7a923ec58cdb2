/** The way to services over HTTP: proxies, and whom to trust at AWS. */
import type { Secrets } from '../../secrets.js';
import type { Settings } from '../../settings.js';
import { ReloadedFile } from '../reloaded-file.js';
import { type ProxyFor, proxyHeaders, TunnelHttpAgent, TunnelHttpsAgent } from './proxy-agent.js';
import type { TlsIdentity } from './tls-identity.js';

export type NetworkSettings = Pick<
  Settings,
  'httpProxy' | 'httpsProxy' | 'noProxy' | 'awsCaBundle' | 'awsUseFips' | 'awsUseDualstack'
>;

const DIRECT: NetworkSettings = {
  httpProxy: undefined,
  httpsProxy: undefined,
  noProxy: undefined,
  awsCaBundle: undefined,
  awsUseFips: false,
  awsUseDualstack: false,
};

/** A service that gives credentials answers within moments, or it is asked again with the next attempt. */
const CREDENTIALS_TIMEOUTS = { connectionTimeout: 5000, requestTimeout: 5000, throwOnRequestTimeout: true } as const;

export class Network {
  readonly #settings: NetworkSettings;
  readonly #awsCa: ReloadedFile | undefined;

  /** Without a proxy. */
  static get direct(): Network {
    return new Network(DIRECT);
  }

  /** Throws a ConfigError when a file that a setting names cannot be read. */
  constructor(settings: NetworkSettings, secrets?: Secrets) {
    this.#settings = settings;
    const { awsCaBundle } = settings;
    this.#awsCa = awsCaBundle === undefined ? undefined : new ReloadedFile('AWS_CA_BUNDLE', awsCaBundle);
    for (const proxy of [settings.httpProxy, settings.httpsProxy]) {
      if (proxy === undefined) continue;
      secrets?.hide(decodeURIComponent(proxy.password));
      for (const header of Object.values(proxyHeaders(proxy))) secrets?.hide(header.replace('Basic ', ''));
    }
  }

  /** The proxy that requests to this `http://` service are given to. */
  httpProxyFor(url: URL): URL | undefined {
    if (url.protocol !== 'http:') return undefined;
    return this.#proxy(this.#settings.httpProxy)(url.hostname.replace(/^\[|\]$/g, ''), Number(url.port || 80));
  }

  /** The authorities to trust at AWS; undefined for Node's. */
  get awsCa(): Buffer | undefined {
    return this.#awsCa?.content;
  }

  /** For `https://` services. `tls` is for clients that say none of it with a request. */
  httpsAgent(tls: TlsIdentity = {}): TunnelHttpsAgent {
    return new TunnelHttpsAgent(this.#proxy(this.#settings.httpsProxy), tls);
  }

  /** For `http://` services, by clients that cannot give a request to a proxy: through a tunnel. */
  httpAgent(): TunnelHttpAgent {
    return new TunnelHttpAgent(this.#proxy(this.#settings.httpProxy));
  }

  /** For clients of the AWS SDK that find the endpoint of their service themselves. */
  get awsClient() {
    const { awsUseFips, awsUseDualstack } = this.#settings;
    return {
      requestHandler: { ...this.awsHandler, ...CREDENTIALS_TIMEOUTS },
      // The second one has the service's time, should the first be refused for ours.
      maxAttempts: 2,
      useFipsEndpoint: awsUseFips,
      useDualstackEndpoint: awsUseDualstack,
    };
  }

  /** For clients of the AWS SDK. */
  get awsHandler() {
    const ca = this.awsCa;
    return { httpsAgent: this.httpsAgent(ca === undefined ? {} : { ca }), httpAgent: this.httpAgent() };
  }

  #proxy(proxy: URL | undefined): ProxyFor {
    return (host, port) => (this.#settings.noProxy?.(host, port) === true ? undefined : proxy);
  }
}
