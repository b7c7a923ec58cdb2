/** Where the shipper sends records, one of several services, behind static factories. */
import type { SinkConfig, SinkIamStatement } from './sink-config.js';
import { all } from './sinks/all.js';
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
    return new Sink({ name: 'stdout', settings: {}, secretFiles: [], iam: [], egress: [] });
  }

  /**
   * Several sinks at once. Each gets every record through a queue of its own, so that none waits for another.
   *
   * @throws if there is none, if a kind of sink is there twice, or if they need different values of one setting, such as
   * `AWS_REGION`
   */
  public static all(sinks: Sink[]): Sink {
    return new Sink(all(sinks.map((sink) => sink.bind())));
  }

  private constructor(private readonly config: SinkConfig) {}

  /** Statements for the policy of the role that the shipper runs with; empty where it needs nothing of AWS. */
  public get iam(): SinkIamStatement[] {
    return this.config.iam;
  }

  /** The settings as plain data. */
  public bind(): SinkConfig {
    return this.config;
  }
}
