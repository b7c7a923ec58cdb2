/** Options of a tapped container, and the rules for each of them. */
import { must } from './must.js';

/** Standard streams of the application that are tapped. */
export enum TapStreams {
  /** Neither; taps only files. */
  NONE = 'none',
  /** Standard output. */
  STDOUT = 'stdout',
  /** Standard error. */
  STDERR = 'stderr',
  /** Standard output and standard error. */
  BOTH = 'both',
}

/** Treatment of a container's existing preload list (`LD_PRELOAD`). */
export enum ExistingPreload {
  /** The list stays, behind the library. */
  CHAIN = 'chain',
  /** The library replaces the list. */
  REPLACE = 'replace',
  /** The workload is not injected: finding LT003. */
  ERROR = 'error',
}

/** Options of a tapped container. */
export interface TapOptions {
  /**
   * Standard streams to tap.
   *
   * @default TapStreams.BOTH
   */
  readonly streams?: TapStreams;

  /**
   * Log files to tap: absolute paths, as the application opens them, and patterns, separated by `:`. In a pattern, `*`,
   * `?` and `[a-z]` match characters of a name, and `**` matches any directories: `/var/log/app.log:/opt/shop/logs/*.log`.
   *
   * @default - no file
   */
  readonly file?: string;

  /**
   * Whether bytes of the tapped streams that the shipper receives are kept out of the container's own log. Other bytes are
   * still written there, so nothing is lost while the shipper is not running.
   *
   * @default false
   */
  readonly suppressStreams?: boolean;

  /**
   * Whether bytes of the tapped file that the shipper receives are kept out of the file. The application does not notice.
   *
   * @default false
   */
  readonly suppressFile?: boolean;

  /**
   * Treatment of an existing preload list of the container.
   *
   * @default ExistingPreload.CHAIN
   */
  readonly existingPreload?: ExistingPreload;

  /**
   * Whether the library writes diagnostic messages to standard error.
   *
   * @default false
   */
  readonly debug?: boolean;
}

/** Only the `TapOptions` of a struct that extends them, without absent ones. */
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

/** Throws unless `value` is a valid list of log files. The message uses `name`. */
export function mustBeFiles(name: string, value: string): void {
  // A variable that tools print and parse cannot contain them.
  must(!/[\0\n\r]/.test(value), name, value, 'not contain line ends: tap a path without them');
  for (const path of value.split(':')) {
    const rule = "be absolute paths and patterns, separated by ':': start each with '/'";
    must(path.startsWith('/'), name, value, rule);
    must(!path.endsWith('/'), name, value, 'name files, not a directory: name the file, or end it with /*');
  }
}

/** Throws unless each option is valid by itself. Combinations are checked later, per container. */
export function checkTapOptions(options: TapOptions, prefix = ''): void {
  if (options.file !== undefined) mustBeFiles(`${prefix}file`, options.file);
}
