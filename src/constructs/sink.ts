/** Where the shipper sends records, as plain settings: the union of all sinks, behind static factories. */
import { type CloudWatchSinkProps, cloudWatch } from './sinks/cloudwatch.js';
import { type OpenSearchSinkProps, openSearch } from './sinks/opensearch.js';

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

/** Where the shipper sends records. */
export class Sink {
  /**
   * Amazon CloudWatch Logs.
   *
   * @throws if a name breaks the rules of CloudWatch Logs
   */
  public static cloudWatch(props: CloudWatchSinkProps): Sink {
    return new Sink(cloudWatch(props));
  }

  /**
   * OpenSearch, through `_bulk`.
   *
   * @throws if the URL or the index breaks the rules of OpenSearch, or if a user name comes without a password
   */
  public static openSearch(props: OpenSearchSinkProps): Sink {
    return new Sink(openSearch(props));
  }

  /** One JSON object a line on the shipper's standard output, for collectors that read the containers' logs. */
  public static stdout(): Sink {
    return new Sink({ name: 'stdout', settings: {}, secretFiles: [] });
  }

  private constructor(private readonly config: SinkConfig) {}

  /** The settings as plain data. */
  public bind(): SinkConfig {
    return this.config;
  }
}
