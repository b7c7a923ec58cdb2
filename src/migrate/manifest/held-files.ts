/** The files of ConfigMaps, as a configuration in one of them includes them. */
import { posix } from 'node:path';
import type { Files } from '../input.js';
import { pathPattern } from '../tags/match.js';
import { type KeyFile, type Mounted, pathOf } from './config-maps.js';

/**
 * Keys of a ConfigMap have no directories. The mounts of the containers give them, and without a container in the stream the name of
 * the file decides.
 */
export class HeldFiles implements Files {
  /** Paths of the keys that were read. */
  readonly opened = new Set<string>();
  readonly remedy = 'Give a stream that has the file in a ConfigMap, too, or remove the line';

  /**
   * @param main the file that includes others; absent for an environment
   * @param missing text of a file that does not exist
   */
  constructor(
    readonly main: KeyFile | undefined,
    readonly files: readonly KeyFile[],
    readonly mounted: readonly Mounted[],
    readonly missing?: string,
  ) {}

  read(path: string): string | undefined {
    const [file] = this.#at(path);
    if (file === undefined) return this.missing;
    this.opened.add(pathOf(file));
    return file.text;
  }

  match(pattern: string): string[] {
    return [...new Set(this.#at(pattern).map(pathOf))].sort();
  }

  /** Files of a path, whose name may have `*` and `?`. */
  #at(path: string): KeyFile[] {
    const byKey = this.files.filter((file) => pathOf(file) === path);
    if (byKey.length > 0) return byKey;
    const patterns = this.#absolute(path).map(pathPattern);
    const byMount = this.mounted.flatMap(({ files }) =>
      [...files].filter(([at]) => patterns.some((pattern) => pattern.test(at))).map(([, file]) => file),
    );
    return byMount.length > 0 ? byMount : this.#byName(path);
  }

  /** A path relative to the main file is one in each directory that has the main file. */
  #absolute(path: string): string[] {
    if (path.startsWith('/')) return [path];
    const beside = this.main === undefined ? undefined : `${this.main.holder}/`;
    if (beside === undefined || !path.startsWith(beside)) return [];
    return this.mounted.flatMap(({ files }) =>
      [...files]
        .filter(([, file]) => file === this.main)
        .map(([at]) => posix.join(posix.dirname(at), path.slice(beside.length))),
    );
  }

  /** The ConfigMap of the main file comes first, unless the path leads to another directory. The main file never includes itself so. */
  #byName(path: string): KeyFile[] {
    const name = pathPattern(posix.basename(path));
    const found = this.files.filter((file) => file !== this.main && name.test(file.key));
    const own = found.filter(({ holder }) => holder === this.main?.holder);
    const others = found.filter((file) => !own.includes(file));
    const isBeside = posix.dirname(path) === this.main?.holder;
    const [first, second] = isBeside ? [own, others] : [others, own];
    return first.length > 0 ? first : second;
  }
}
