/** What a sink is to injection and to those who grant rights: plain data, whichever service it stands for. */

/** A key of a Secret in the namespace of the workload. */
export interface SecretKey {
  /** Name of the Secret. */
  readonly name: string;

  /** Key in the Secret. */
  readonly key: string;
}

/** A value of a Secret that the shipper reads from a file, so that it appears in no manifest and no environment. */
export interface SecretFile {
  /** Setting of the shipper that is given the file's path. */
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

  /** Where it is mounted into the shipper. */
  readonly mountPath: string;
}

/** A right in AWS that the shipper needs: a statement of an IAM policy, with the effect `Allow`. */
export interface SinkIamStatement {
  /** Actions, such as `logs:PutLogEvents`. */
  readonly actions: string[];

  /** ARNs of what the actions are for. */
  readonly resources: string[];
}

/** A connection that the shipper opens, for rules of networks. */
export interface SinkEgress {
  /** Name or address of the host. A token of AWS CDK stays as it is. */
  readonly host: string;

  /** TCP port. */
  readonly port: number;
}

/** A log group of CloudWatch Logs. */
export interface SinkLogGroup {
  /** Its name. */
  readonly name: string;

  /** AWS region that it is in. */
  readonly region: string;

  /** Whether the shipper creates it when it is missing. */
  readonly createdByShipper: boolean;

  /**
   * Days that it keeps its logs.
   *
   * @default - for ever
   */
  readonly retentionDays?: number;

  /**
   * Its class.
   *
   * @default - `STANDARD`
   */
  readonly groupClass?: string;

  /**
   * ARN of the KMS key that encrypts it.
   *
   * @default - a key of AWS
   */
  readonly kmsKeyArn?: string;

  /**
   * Its tags.
   *
   * @default - none
   */
  readonly tags?: { readonly [key: string]: string };
}

/** What a sink adds to the shipper. */
export interface SinkConfig {
  /** `LOGTAP_SINK`: name of the sink, or those of several, separated by commas. */
  readonly name: string;

  /** Environment of the shipper. */
  readonly settings: { readonly [name: string]: string };

  /** Values of Secrets, mounted as files into the shipper alone. */
  readonly secretFiles: SecretFile[];

  /** Rights in AWS that the shipper needs, and no more. */
  readonly iam: SinkIamStatement[];

  /** Connections that the shipper opens. */
  readonly egress: SinkEgress[];

  /**
   * Keys of ConfigMaps, mounted as files into the shipper alone.
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
   * The log group that records go to.
   *
   * @default - they go to none
   */
  readonly logGroup?: SinkLogGroup;
}
