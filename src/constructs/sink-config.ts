/** What a sink is to injection: plain data, whichever service it stands for. */

/** A value of a Secret that the shipper reads from a file, so that it appears in no manifest and no environment. */
export interface SecretFile {
  /** Setting of the shipper that is given the file's path. */
  readonly setting: string;

  /** Name of the Secret, in the namespace of the workload. */
  readonly secretName: string;

  /** Key in the Secret. */
  readonly key: string;
}

/** What a sink adds to the shipper. */
export interface SinkConfig {
  /** Name of the sink in `LOGTAP_SINK`. */
  readonly name: string;

  /** Environment of the shipper. */
  readonly settings: { readonly [name: string]: string };

  /** Values of Secrets, mounted as files into the shipper alone. */
  readonly secretFiles: SecretFile[];
}
