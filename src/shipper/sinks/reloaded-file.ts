/** A file that may be replaced while the shipper runs, as a mounted Secret is: its content is that of now. */
import { readFileSync, type Stats, statSync } from 'node:fs';
import { ConfigError, messageOf } from '../errors.js';
import { withDescriptor } from '../process/descriptor-reserve.js';

export class ReloadedFile {
  readonly #path: string;
  #content: Buffer;
  #version: string;

  /** Throws a ConfigError when the file cannot be read; `setting` is the name of the one that names it. */
  constructor(setting: string, path: string) {
    this.#path = path;
    try {
      this.#version = versionOf(statSync(path));
      this.#content = readFileSync(path);
    } catch (error) {
      throw new ConfigError(
        [
          `${setting}='${path}': cannot be read: ${messageOf(error)}. Mount the file, or let user ${process.getuid?.()} read it.`,
        ],
        { cause: error },
      );
    }
  }

  /** The last one that could be read: a file that is missing for a moment is being replaced. */
  get content(): Buffer {
    try {
      const version = versionOf(statSync(this.#path));
      if (version !== this.#version) {
        this.#content = withDescriptor(() => readFileSync(this.#path));
        this.#version = version;
      }
    } catch {
      return this.#content;
    }
    return this.#content;
  }
}

function versionOf({ dev, ino, size, mtimeMs }: Stats): string {
  return `${dev} ${ino} ${size} ${mtimeMs}`;
}
