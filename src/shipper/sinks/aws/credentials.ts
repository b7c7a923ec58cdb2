/** Credentials for requests to AWS: from where the SDK finds them, and, with a role, those of the role. */
import { fromNodeProviderChain, fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { CONFIGURATION_RETRY_MS } from '../../delivery/backoff.js';
import { codeOf, messageOf, NoAnswerError } from '../../errors.js';
import { hintText, networkHint } from '../hints.js';
import type { Network } from '../http/network.js';
import type { RoleToAssume } from './role.js';

type Provider = ReturnType<typeof fromNodeProviderChain>;
type Identity = Awaited<ReturnType<Provider>>;

export interface AwsCredentialsOptions {
  readonly region: string;
  readonly network: Network;
  /** Without one, the credentials are the shipper's own. */
  readonly role?: RoleToAssume | undefined;
  /** The clock of the service, in milliseconds since 1970. */
  readonly now?: () => number;
}

/** A role is assumed again so long before its credentials expire. */
const RENEWAL_MS = 5 * 60_000;
/** Between attempts to renew a role whose credentials are still valid. */
const RENEWAL_RETRY_MS = 30_000;

/** Where credentials were found, by the last of the marks that the SDK leaves on them. */
const SOURCES: Readonly<Record<string, string>> = {
  CREDENTIALS_ENV_VARS: 'AWS_ACCESS_KEY_ID',
  CREDENTIALS_ENV_VARS_STS_WEB_ID_TOKEN: "the role of the pod's service account",
  CREDENTIALS_STS_ASSUME_ROLE_WEB_ID: "the role of the pod's service account",
  CREDENTIALS_HTTP: 'the endpoint of Pod Identity or ECS',
  CREDENTIALS_IMDS: 'the role of the node',
  CREDENTIALS_PROFILE: 'a profile',
};

export class AwsCredentials {
  readonly #options: AwsCredentialsOptions;
  #own: Provider;
  #ownSource: string | undefined;
  #role: AssumedRole | undefined;

  constructor(options: AwsCredentialsOptions) {
    this.#options = options;
    this.#own = this.#chain();
    this.#role = this.#assumed();
  }

  /** Throws a NoAnswerError where the role is not assumed, any other error where there are no credentials. */
  readonly provider = async (): Promise<Identity> => {
    const own = await this.#own();
    this.#ownSource = Object.keys((own as { $source?: object }).$source ?? {}).at(-1);
    if (this.#role === undefined) return own;
    return this.#role.credentials().catch((error) => {
      throw error instanceof NoAnswerError ? error : this.#refused(error);
    });
  };

  /** Where the last credentials came from, for errors. */
  get source(): string {
    const { role } = this.#options;
    return role === undefined ? this.#ofOwn : `the role ${role.arn}, assumed with those of ${this.#ofOwn}`;
  }

  /** Asks for new credentials at the next request. */
  renew(): void {
    this.#own = this.#chain();
    this.#role = this.#assumed();
  }

  get #ofOwn(): string {
    return this.#ownSource === undefined ? 'an unknown place' : (SOURCES[this.#ownSource] ?? this.#ownSource);
  }

  #chain(): Provider {
    // A profile's file may be a mounted Secret that changes: it is read again, not kept as the SDK does by default.
    return fromNodeProviderChain({ clientConfig: this.#clientConfig, ignoreCache: true });
  }

  #assumed(): AssumedRole | undefined {
    const { role, now = Date.now } = this.#options;
    if (role === undefined) return undefined;
    const { arn, externalId, sessionName } = role;
    const assume = fromTemporaryCredentials({
      masterCredentials: this.#own,
      params: {
        RoleArn: arn,
        RoleSessionName: sessionName,
        ...(externalId !== undefined && { ExternalId: externalId }),
      },
      clientConfig: this.#clientConfig,
    });
    return new AssumedRole(assume as Provider, now);
  }

  /** The endpoint of the region, in the form that the settings say. */
  get #clientConfig() {
    const { region, network } = this.#options;
    return { region, ...network.awsClient };
  }

  #refused(error: unknown): NoAnswerError {
    const { arn, externalId } = this.#options.role!;
    const code = codeOf(error);
    const words = `the role ${arn} is not assumed with the credentials of ${this.#ofOwn}: ${code}: ${messageOf(error)}`;
    // They may be the reason, and others may be there now.
    this.renew();
    if (!/AccessDenied/.test(code)) {
      const hint = networkHint(code);
      const detail = `${words}${hint === undefined ? '' : hintText(hint)}`;
      return new NoAnswerError({ code, detail }, { cause: error });
    }
    const id = externalId === undefined ? '' : ` with the external ID '${externalId}'`;
    const hint = hintText({
      text: `they need the permissions sts:AssumeRole and sts:TagSession for it, and its trust policy has to grant both to them${id}`,
      symptom: 'the-role-is-not-assumed',
    });
    return new NoAnswerError(
      { code, detail: `${words}${hint}`, retryAfterMs: CONFIGURATION_RETRY_MS },
      { cause: error },
    );
  }
}

/** Keeps the credentials of a role, and asks for new ones before they expire. */
class AssumedRole {
  readonly #assume: Provider;
  readonly #now: () => number;
  #held: Identity | undefined;
  /** The one request that is out: its answer is for all who wait. */
  #asked: Promise<Identity> | undefined;
  #askAgainMs = 0;

  constructor(assume: Provider, now: () => number) {
    this.#assume = assume;
    this.#now = now;
  }

  async credentials(): Promise<Identity> {
    const leftMs = this.#held === undefined ? 0 : (this.#held.expiration?.getTime() ?? Infinity) - this.#now();
    const isValid = this.#held !== undefined && leftMs > 0;
    if (isValid && (leftMs > RENEWAL_MS || this.#now() < this.#askAgainMs)) return this.#held!;
    this.#asked ??= this.#assume().finally(() => {
      this.#asked = undefined;
    });
    try {
      this.#held = await this.#asked;
    } catch (error) {
      if (!isValid) throw error;
      this.#askAgainMs = this.#now() + RENEWAL_RETRY_MS;
    }
    return this.#held!;
  }
}
