/** Credentials of a sink from a store outside the cluster, through the External Secrets operator. */
import type { ApiObjectMetadata } from 'cdk8s';
import { Construct } from 'constructs';
import { ExternalSecret, type ExternalSecretSpecSecretStoreRefKind } from '../../imports/external-secrets.io.js';
import { must } from './props/must.js';
import type { SecretKey } from './sinks/sink-config.js';

/** Scope of a store: one namespace, or all. */
export enum SecretStoreKind {
  /** For every namespace. */
  CLUSTER = 'ClusterSecretStore',
  /** For the namespace of the workload. */
  NAMESPACE = 'SecretStore',
}

/** Location of a value in a store. */
export interface RemoteSecretKey {
  /** Name in the store, such as the name of a secret in AWS Secrets Manager. */
  readonly key: string;

  /**
   * Property of a value that has several, such as a key of its JSON.
   *
   * @default - the whole value
   */
  readonly property?: string;

  /**
   * Version of the value.
   *
   * @default - the newest
   */
  readonly version?: string;
}

/** Properties of a `ShipperExternalSecret`. */
export interface ShipperExternalSecretProps {
  /** Name of the store. */
  readonly store: string;

  /**
   * Kind of the store.
   *
   * @default SecretStoreKind.CLUSTER
   */
  readonly storeKind?: SecretStoreKind;

  /** Keys of the created Secret, each with the location of its value. A key has at most 253 letters, digits and `- _ .`. */
  readonly keys: { readonly [key: string]: RemoteSecretKey };

  /**
   * Interval between two reads of the store, as a Go duration such as `15m`. The shipper reads changed values without a restart.
   *
   * @default - the operator's default, one hour
   */
  readonly refreshInterval?: string;

  /**
   * Metadata of the ExternalSecret. The Secret gets the same name. The namespace must be that of the workload.
   *
   * @default - a name derived from the construct's path, in the namespace of the chart
   */
  readonly metadata?: ApiObjectMetadata;
}

/** An ExternalSecret for the credentials of a sink. The cluster needs the External Secrets operator, version 0.16 or newer. */
export class ShipperExternalSecret extends Construct {
  /** Name of the Secret that the operator creates. */
  public readonly secretName: string;

  /** @throws if there is no key, or if a key is not valid in a Secret */
  public constructor(
    scope: Construct,
    id: string,
    private readonly props: ShipperExternalSecretProps,
  ) {
    super(scope, id);
    const { store, storeKind = SecretStoreKind.CLUSTER, keys, refreshInterval, metadata } = props;
    must(Object.keys(keys).length > 0, 'keys', keys, 'have a key: list the values of the Secret');
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
