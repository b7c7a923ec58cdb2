/**
 * A file that may be replaced while the shipper runs, as a mounted Secret is: its content is that of now. A Secret may also be made
 * after the pod: until then, each request that needs its file fails, and is tried again.
 */
import { readFileSync, type Stats, statSync } from 'node:fs';
import { SECRETS_PATH } from '../../contract.js';
import { ConfigError, codeOf, messageOf, NoAnswerError } from '../errors.js';
import { withDescriptor } from '../process/descriptor-reserve.js';
import { hintText } from './hints.js';

export class ReloadedFile {
  readonly #setting: string;
  readonly #path: string;
  #content: Buffer | undefined;
  #version = '';

  /**
   * Throws a ConfigError when the file cannot be read, unless it may still come.
   *
   * @param setting name of the one that names the file
   * @param secretsPath where files may come later
   */
  constructor(setting: string, path: string, secretsPath = SECRETS_PATH) {
    this.#setting = setting;
    this.#path = path;
    try {
      this.#version = versionOf(statSync(path));
      this.#content = readFileSync(path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT' && path.startsWith(`${secretsPath}/`)) return;
      throw new ConfigError(
        [
          `${setting}='${path}': cannot be read: ${messageOf(error)}. Mount the file, or let user ${process.getuid?.()} read it.`,
        ],
        { cause: error },
      );
    }
  }

  /** Whether there is a content. */
  get isThere(): boolean {
    try {
      return this.content !== undefined;
    } catch {
      return false;
    }
  }

  /**
   * The last one that could be read: a file that is missing for a moment is being replaced.
   *
   * @throws NoAnswerError until there is the first one
   */
  get content(): Buffer {
    try {
      const version = versionOf(statSync(this.#path));
      if (version !== this.#version) {
        this.#content = withDescriptor(() => readFileSync(this.#path));
        this.#version = version;
      }
    } catch (error) {
      if (this.#content === undefined) throw this.#missing(error);
    }
    return this.#content!;
  }

  #missing(cause: unknown): NoAnswerError {
    const [key, secret] = this.#path.split('/').reverse();
    const hint = hintText({
      text: `create the Secret '${secret}' with the key '${key}': the node mounts it within two minutes, and no restart is needed`,
      symptom: 'a-secret-is-missing',
    });
    const detail = `${this.#setting}='${this.#path}': ${messageOf(cause)}${hint}`;
    return new NoAnswerError({ code: 'missing_secret', detail }, { cause });
  }
}

function versionOf({ dev, ino, size, mtimeMs }: Stats): string {
  return `${dev} ${ino} ${size} ${mtimeMs}`;
}
