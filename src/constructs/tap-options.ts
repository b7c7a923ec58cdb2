/** What to tap of a container, and the rules that each option keeps by itself. */
import { must } from './must.js';

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

/** What happens to a preload list (`LD_PRELOAD`) that a container has already. */
export enum ExistingPreload {
  /** It stays, behind the library. */
  CHAIN = 'chain',
  /** The library takes its place. */
  REPLACE = 'replace',
  /** Finding LT003: the workload is not injected. */
  ERROR = 'error',
}

/** What to tap of a container. */
export interface TapOptions {
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
   * What happens to a preload list that the container has already.
   *
   * @default ExistingPreload.CHAIN
   */
  readonly existingPreload?: ExistingPreload;

  /**
   * Whether the library writes messages of its own to standard error.
   *
   * @default false
   */
  readonly debug?: boolean;
}

/** The options of a struct that extends `TapOptions`, without the rest, and without what was not given. */
export function tapOptions(options: TapOptions): TapOptions {
  const { streams, file, suppressStreams, suppressFile, existingPreload, debug } = options;
  return {
    ...(streams !== undefined && { streams }),
    ...(file !== undefined && { file }),
    ...(suppressStreams !== undefined && { suppressStreams }),
    ...(suppressFile !== undefined && { suppressFile }),
    ...(existingPreload !== undefined && { existingPreload }),
    ...(debug !== undefined && { debug }),
  };
}

/** Throws unless `value` is one of an enumeration. */
export function mustBeOneOf(values: object, name: string, value: unknown): void {
  const known = Object.values(values);
  must(value === undefined || known.includes(value), name, value, `be one of ${known.join(', ')}`);
}

/** Throws unless `value` can be a list of log files. `name` stands for it in the message. */
export function mustBeFiles(name: string, value: string): void {
  // They cannot stand in a variable that tools print and parse.
  must(!/[\0\n\r]/.test(value), name, value, 'be without line ends: tap a path without them');
  for (const path of value.split(':')) {
    const rule = "be absolute paths and patterns, separated by ':': start each with '/'";
    must(path.startsWith('/'), name, value, rule);
    must(!path.endsWith('/'), name, value, 'name files, not a directory: name the file, or end it with /*');
  }
}

/** Throws unless each option makes sense by itself; together they are judged when they are known for a container. */
export function checkTapOptions(options: TapOptions, prefix = ''): void {
  mustBeOneOf(TapStreams, `${prefix}streams`, options.streams);
  mustBeOneOf(ExistingPreload, `${prefix}existingPreload`, options.existingPreload);
  if (options.file !== undefined) mustBeFiles(`${prefix}file`, options.file);
}
