/** What to tap and where to send it: the one set of properties that constructs, injection and command line share. */
import { must } from './must.js';
import type { Sink } from './sink.js';

/** Standard streams of the application that are tapped. */
export enum TapStreams {
  /** Neither: only a file. */
  NONE = 'none',
  /** Standard output. */
  STDOUT = 'stdout',
  /** Standard error. */
  STDERR = 'stderr',
  /** Standard output and standard error. */
  BOTH = 'both',
}

/** What to tap and where to send it. */
export interface LogTapProps {
  /** Where the shipper sends the records. */
  readonly sink: Sink;

  /**
   * Standard streams to tap.
   *
   * @default TapStreams.BOTH
   */
  readonly streams?: TapStreams;

  /**
   * Log files to tap: absolute paths, as the application opens them, and patterns, separated by `:`. In a pattern `*`,
   * `?` and `[a-z]` stand for characters of a name, `**` for any directories: `/var/log/app.log:/opt/shop/logs/*.log`.
   *
   * @default - no file
   */
  readonly file?: string;

  /**
   * Whether bytes of the tapped streams that were handed to the shipper are kept out of the container's own log. Bytes
   * that could not be handed over are written there, so nothing is lost while the shipper is away.
   *
   * @default false
   */
  readonly suppressStreams?: boolean;

  /**
   * Whether bytes of the tapped file that were handed to the shipper are kept out of the file. The application does
   * not notice.
   *
   * @default false
   */
  readonly suppressFile?: boolean;

  /**
   * Names of the containers to tap. Init containers may be named, too: the shipper starts before them.
   *
   * @default - every container, and no init container
   */
  readonly containers?: string[];

  /**
   * Image of the injected containers.
   *
   * @default - `cdk8s-logtap` with the version of this package as its tag
   */
  readonly image?: string;

  /**
   * Seconds that the shipper has to deliver what it holds after the application has ended. The pod's grace period grows
   * by them and by 5 seconds for the containers to stop, so that the application keeps all of its own.
   *
   * @default 25
   */
  readonly drainSeconds?: number;
}

/** Default of `LogTapProps.drainSeconds`. */
export const DEFAULT_DRAIN_SECONDS = 25;

/** Throws unless the properties, each by itself and together, make sense for any workload. */
export function checkProps(props: LogTapProps): void {
  const { file, streams, suppressStreams, suppressFile, containers, image, drainSeconds } = props;
  if (streams !== undefined) {
    const known = Object.values(TapStreams);
    must(known.includes(streams), 'streams', streams, `be one of ${known.join(', ')}`);
  }
  if (file !== undefined) {
    // They cannot stand in a variable that tools print and parse.
    must(!/[\0\n\r]/.test(file), 'file', file, 'be without line ends: tap a path without them');
    for (const path of file.split(':')) {
      const rule = "be absolute paths and patterns, separated by ':': start each with '/'";
      must(path.startsWith('/'), 'file', file, rule);
      must(!path.endsWith('/'), 'file', file, 'name files, not a directory: name the file, or end it with /*');
    }
  }
  const noStream = streams === TapStreams.NONE;
  must(
    !noStream || file !== undefined,
    'streams',
    streams,
    "leave something to tap: name a 'file', or tap stdout, stderr or both",
  );
  must(
    !(suppressStreams && noStream),
    'suppressStreams',
    suppressStreams,
    "come with a tapped stream: leave it out, or set 'streams'",
  );
  must(
    !(suppressFile && file === undefined),
    'suppressFile',
    suppressFile,
    "come with a tapped file: leave it out, or set 'file'",
  );
  must(
    containers === undefined || containers.length > 0,
    'containers',
    containers,
    'name a container: leave it out to tap every container',
  );
  must(image === undefined || /^\S+$/.test(image), 'image', image, 'be an image reference without spaces');
  must(
    drainSeconds === undefined || (Number.isInteger(drainSeconds) && drainSeconds >= 1),
    'drainSeconds',
    drainSeconds,
    'be a whole number of seconds, 1 or more',
  );
}
