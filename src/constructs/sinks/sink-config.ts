/** A sink as plain data, for injection and for granting permissions. */

/** A key of a Secret in the namespace of the workload. */
export interface SecretKey {
  /** Name of the Secret. */
  readonly name: string;

  /** Key in the Secret. */
  readonly key: string;
}

/** A value of a Secret that the shipper reads from a file, so that it appears in no manifest and no environment. */
export interface SecretFile {
  /** Setting of the shipper that receives the file's path. */
  readonly setting: string;

  /** Name of the Secret, in the namespace of the workload. */
  readonly secretName: string;

  /** Key in the Secret. */
  readonly key: string;
}

/** A key of a ConfigMap that the shipper reads as a file. */
export interface ConfigMapFile {
  /** Name of the ConfigMap, in the namespace of the workload. */
  readonly configMapName: string;

  /** Key in the ConfigMap. */
  readonly key: string;
}

/** A volume of the pod that the shipper writes to. */
export interface SinkVolumeMount {
  /** Name of the volume in the pod. */
  readonly volume: string;

  /** Mount path in the shipper. */
  readonly mountPath: string;
}

/** An AWS permission that the shipper needs: a statement of an IAM policy with the effect `Allow`. */
export interface SinkIamStatement {
  /** Actions, such as `logs:PutLogEvents`. */
  readonly actions: string[];

  /** ARNs of the resources. */
  readonly resources: string[];
}

/** A role that the shipper assumes with its own credentials. */
export interface SinkAssumedRole {
  /** Its ARN. */
  readonly roleArn: string;

  /** The permissions that it needs. */
  readonly iam: SinkIamStatement[];

  /**
   * External ID that its trust policy demands.
   *
   * @default - none
   */
  readonly externalId?: string;
}

/** A connection that the shipper opens, for network policies. */
export interface SinkEgress {
  /** Name or address of the host. An AWS CDK token stays unchanged. */
  readonly host: string;

  /** TCP port. */
  readonly port: number;
}

/** A log group of CloudWatch Logs. */
export interface SinkLogGroup {
  /** Its name. */
  readonly name: string;

  /** Its AWS region. */
  readonly region: string;

  /** Whether the shipper creates a missing log group. */
  readonly createdByShipper: boolean;

  /**
   * Role that the shipper assumes, in whose account the log group is.
   *
   * @default - none: it is in the account of the shipper's own role
   */
  readonly roleArn?: string;

  /**
   * Retention in days.
   *
   * @default - the logs never expire
   */
  readonly retentionDays?: number;

  /**
   * Its class.
   *
   * @default - `STANDARD`
   */
  readonly groupClass?: string;

  /**
   * ARN of the KMS key that encrypts the log group.
   *
   * @default - a key owned by AWS
   */
  readonly kmsKeyArn?: string;

  /**
   * Its tags.
   *
   * @default - none
   */
  readonly tags?: { readonly [key: string]: string };
}

/** The configuration that a sink adds to the shipper. */
export interface SinkConfig {
  /** Value of `LOGTAP_SINK`: the name of the sink, or several names separated by commas. */
  readonly name: string;

  /** Environment variables of the shipper. */
  readonly settings: { readonly [name: string]: string };

  /** Values of Secrets, mounted as files only into the shipper. */
  readonly secretFiles: SecretFile[];

  /** The minimum AWS permissions of the shipper's own role. */
  readonly iam: SinkIamStatement[];

  /**
   * Roles that the shipper assumes, with their permissions.
   *
   * @default - none
   */
  readonly assumedRoles?: SinkAssumedRole[];

  /** Connections that the shipper opens. */
  readonly egress: SinkEgress[];

  /**
   * Keys of ConfigMaps, mounted as files only into the shipper.
   *
   * @default - none
   */
  readonly configMapFiles?: ConfigMapFile[];

  /**
   * Volumes of the pod that the shipper writes to.
   *
   * @default - none
   */
  readonly volumeMounts?: SinkVolumeMount[];

  /**
   * Log group of the records.
   *
   * @default - no log group
   */
  readonly logGroup?: SinkLogGroup;
}
