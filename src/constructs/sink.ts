/** Where the shipper sends records, one of several services, behind static factories. */
import type { SinkConfig } from './sink-config.js';
import { type CloudWatchSinkProps, cloudWatch } from './sinks/cloudwatch.js';
import { type OpenSearchSinkProps, openSearch } from './sinks/opensearch.js';

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
