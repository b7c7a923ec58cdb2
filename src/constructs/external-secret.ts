/** Credentials of a sink from a store outside of the cluster, through the External Secrets operator. */
import type { ApiObjectMetadata } from 'cdk8s';
import { Construct } from 'constructs';
import { ExternalSecret, type ExternalSecretSpecSecretStoreRefKind } from '../../imports/external-secrets.io.js';
import { must } from './must.js';
import type { SecretKey } from './sink-config.js';

/** Whether a store is for one namespace or for all. */
export enum SecretStoreKind {
  /** For every namespace. */
  CLUSTER = 'ClusterSecretStore',
  /** For the namespace of the workload. */
  NAMESPACE = 'SecretStore',
}

/** Where a value lies in a store. */
export interface RemoteSecretKey {
  /** Its name there, such as the name of a secret of AWS Secrets Manager. */
  readonly key: string;

  /**
   * The property of it that is meant, where it holds several, such as a key of its JSON.
   *
   * @default - all of it
   */
  readonly property?: string;

  /**
   * Its version.
   *
   * @default - the newest
   */
  readonly version?: string;
}

/** What comes from which store. */
export interface ShipperExternalSecretProps {
  /** Name of the store. */
  readonly store: string;

  /**
   * Kind of the store.
   *
   * @default SecretStoreKind.CLUSTER
   */
  readonly storeKind?: SecretStoreKind;

  /** Keys of the Secret that is made, and where the value of each lies: letters, digits and `- _ .`, at most 253. */
  readonly keys: { readonly [key: string]: RemoteSecretKey };

  /**
   * Time between two looks at the store, as a duration of Go such as `15m`. The shipper reads changed values without a restart.
   *
   * @default - that of the operator, one hour
   */
  readonly refreshInterval?: string;

  /**
   * Metadata of the ExternalSecret. The Secret has its name, and its namespace is that of the workload.
   *
   * @default - a name of the construct's path, in the namespace of the chart
   */
  readonly metadata?: ApiObjectMetadata;
}

/** An ExternalSecret for the credentials of a sink. The cluster needs the External Secrets operator, version 0.16 or newer. */
export class ShipperExternalSecret extends Construct {
  /** Name of the Secret that the operator makes. */
  public readonly secretName: string;

  /** @throws if there is no key, or one that no Secret can have */
  public constructor(
    scope: Construct,
    id: string,
    private readonly props: ShipperExternalSecretProps,
  ) {
    super(scope, id);
    const { store, storeKind = SecretStoreKind.CLUSTER, keys, refreshInterval, metadata } = props;
    must(Object.keys(keys).length > 0, 'keys', keys, 'have a key: say which values the Secret gets');
    for (const key of Object.keys(keys)) {
      must(
        /^[-._a-zA-Z0-9]{1,253}$/.test(key),
        'keys',
        key,
        'have letters, digits and - _ . only, at most 253: rename it',
      );
    }
    const secret = new ExternalSecret(this, 'Default', {
      ...(metadata !== undefined && { metadata }),
      spec: {
        secretStoreRef: { name: store, kind: storeKind as string as ExternalSecretSpecSecretStoreRefKind },
        ...(refreshInterval !== undefined && { refreshInterval }),
        data: Object.entries(keys).map(([secretKey, remoteRef]) => ({ secretKey, remoteRef })),
      },
    });
    this.secretName = secret.name;
  }

  /**
   * A key of the Secret, for a property such as `passwordSecret`.
   *
   * @throws if it is not one of `keys`
   */
  public key(name: string): SecretKey {
    const names = Object.keys(this.props.keys);
    must(names.includes(name), 'key', name, `be one of ${names.join(', ')}: add it to \`keys\`, or correct it`);
    return { name: this.secretName, key: name };
  }
}
