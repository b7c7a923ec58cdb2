/** Where the shipper sends records, one of several services, behind static factories. */
import { mustHaveProperties } from './known-properties.js';
import type { SinkConfig, SinkIamStatement } from './sink-config.js';
import { all } from './sinks/all.js';
import { type CloudWatchSinkProps, cloudWatch } from './sinks/cloudwatch.js';
import { type FileSinkProps, file } from './sinks/file.js';
import { type ModuleSinkProps, userModule } from './sinks/module.js';
import { type OpenSearchSinkProps, openSearch } from './sinks/opensearch.js';
import { type ForwardSinkProps, forward, type TcpSinkProps, tcp } from './sinks/peer.js';

/** Where the shipper sends records. */
export class Sink {
  /**
   * Amazon CloudWatch Logs.
   *
   * @throws if a name breaks the rules of CloudWatch Logs
   */
  public static cloudWatch(props: CloudWatchSinkProps): Sink {
    mustHaveProperties('CloudWatchSinkProps', props);
    return new Sink(cloudWatch(props));
  }

  /**
   * OpenSearch, through `_bulk`.
   *
   * @throws if the URL or the index breaks the rules of OpenSearch, or if a user name comes without a password
   */
  public static openSearch(props: OpenSearchSinkProps): Sink {
    mustHaveProperties('OpenSearchSinkProps', props);
    return new Sink(openSearch(props));
  }

  /** One JSON object a line on the shipper's standard output, for collectors that read the containers' logs. */
  public static stdout(): Sink {
    return new Sink({ name: 'stdout', settings: {}, secretFiles: [], iam: [], egress: [] });
  }

  /**
   * A file on a volume of the pod, one JSON object a line.
   *
   * @throws if the path is not absolute, or right below the root
   */
  public static file(props: FileSinkProps): Sink {
    mustHaveProperties('FileSinkProps', props);
    return new Sink(file(props));
  }

  /**
   * A peer that reads one JSON object a line over TCP. It never answers: records count as delivered when its network has
   * them. `Sink.forward` is answered.
   *
   * @throws if host or port cannot be one
   */
  public static tcp(props: TcpSinkProps): Sink {
    mustHaveProperties('TcpSinkProps', props);
    return new Sink(tcp(props));
  }

  /**
   * A peer that speaks the Forward protocol: Fluentd, Fluent Bit, the OpenTelemetry Collector.
   *
   * @throws if host or port cannot be one, or if a user comes without password or shared key
   */
  public static forward(props: ForwardSinkProps): Sink {
    mustHaveProperties('ForwardSinkProps', props);
    return new Sink(forward(props));
  }

  /**
   * A JavaScript module of your own, from a ConfigMap: docs/module-sink.md says what it has to do.
   *
   * @throws if the key is not that of a module, or a variable is the shipper's own
   */
  public static module(props: ModuleSinkProps): Sink {
    mustHaveProperties('ModuleSinkProps', props);
    return new Sink(userModule(props));
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
