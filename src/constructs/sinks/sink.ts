/** Destinations of the shipper, as static factories. */

import { withKnownNames } from '../props/known-names.js';
import { mustHaveProperties } from '../props/known-properties.js';
import { all } from './all.js';
import { type CloudWatchSinkProps, cloudWatch } from './cloudwatch.js';
import { type FileSinkProps, file } from './file.js';
import { type FirehoseSinkProps, firehose } from './firehose.js';
import { type ModuleSinkProps, userModule } from './module.js';
import { type OpenSearchSinkProps, openSearch } from './opensearch.js';
import { type OtlpSinkProps, otlp } from './otlp.js';
import { type ForwardSinkProps, forward, type TcpSinkProps, tcp } from './peer.js';
import { type S3SinkProps, s3 } from './s3.js';
import type { SinkAssumedRole, SinkConfig, SinkIamStatement } from './sink-config.js';

/** The destination of the shipper. */
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

  /**
   * A collector or service that takes the OpenTelemetry protocol over HTTP: the OpenTelemetry Collector, Amazon CloudWatch Logs,
   * Amazon OpenSearch Ingestion. It knows no ids: records that are resent after a lost answer are counted.
   *
   * @throws if the URL or a header is invalid, or if signed requests have no region
   */
  public static otlp(props: OtlpSinkProps): Sink {
    mustHaveProperties('OtlpSinkProps', props);
    return new Sink(otlp(props));
  }

  /**
   * A stream of Amazon Data Firehose, one JSON object per line. It knows no ids: records that are resent after a lost answer are
   * counted, and each has an `id` by which a reader can tell.
   *
   * @throws if a name breaks the rules of Firehose
   */
  public static firehose(props: FirehoseSinkProps): Sink {
    mustHaveProperties('FirehoseSinkProps', props);
    return new Sink(firehose(props));
  }

  /**
   * An archive in Amazon S3: compressed objects of one JSON object per line. Needs `shipper.diskBufferMiB`, as records wait on disk until
   * an object is full.
   *
   * @throws if a name breaks the rules of S3
   */
  public static s3(props: S3SinkProps): Sink {
    mustHaveProperties('S3SinkProps', props);
    return new Sink(s3(props));
  }

  /** Standard output of the shipper, one JSON object per line, for collectors that read container logs. */
  public static stdout(): Sink {
    return new Sink({ name: 'stdout', settings: {}, secretFiles: [], iam: [], egress: [] });
  }

  /**
   * A file on a volume of the pod, one JSON object per line.
   *
   * @throws if the path is not absolute, or directly below the root
   */
  public static file(props: FileSinkProps): Sink {
    mustHaveProperties('FileSinkProps', props);
    return new Sink(file(props));
  }

  /**
   * A peer that reads one JSON object per line over TCP. It sends no acknowledgement: records count as delivered when its
   * kernel has acknowledged them. `Sink.forward` has acknowledgements.
   *
   * @throws if the host or the port is invalid
   */
  public static tcp(props: TcpSinkProps): Sink {
    mustHaveProperties('TcpSinkProps', props);
    return new Sink(tcp(props));
  }

  /**
   * A peer that speaks the Forward protocol: Fluentd, Fluent Bit, the OpenTelemetry Collector.
   *
   * @throws if the host or the port is invalid, or if a user has no password or no shared key
   */
  public static forward(props: ForwardSinkProps): Sink {
    mustHaveProperties('ForwardSinkProps', props);
    return new Sink(forward(props));
  }

  /**
   * Your own JavaScript module, from a ConfigMap. docs/guides/module-sink.md describes its interface.
   *
   * @throws if the key does not name a module, or if a variable name is reserved for the shipper
   */
  public static module(props: ModuleSinkProps): Sink {
    mustHaveProperties('ModuleSinkProps', props);
    return new Sink(userModule(props));
  }

  /**
   * Several sinks. Each gets every record independently, so that none waits for another.
   *
   * @throws if the list is empty, if it contains a kind of sink twice, or if sinks need different values of one setting,
   * such as `AWS_REGION`
   */
  public static all(sinks: Sink[]): Sink {
    return new Sink(all(sinks.map((sink) => sink._config)));
  }

  /**
   * With placeholders in the resources of permissions.
   *
   * @internal
   */
  public readonly _config: SinkConfig;

  private constructor(config: SinkConfig) {
    this._config = config;
  }

  /** IAM policy statements for the shipper's own role; empty if the sink needs no AWS permissions. */
  public get iam(): SinkIamStatement[] {
    return this.bind().iam;
  }

  /** Roles that the shipper assumes, such as those of other accounts, with the IAM policy statements that each needs. */
  public get assumedRoles(): SinkAssumedRole[] {
    return this.bind().assumedRoles ?? [];
  }

  /** The settings as plain data. */
  public bind(): SinkConfig {
    return withKnownNames(this._config);
  }
}
