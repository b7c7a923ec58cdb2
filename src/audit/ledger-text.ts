/** The text of one ledger, from where a user named it. */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { ConfigError, codeOf, messageOf } from '../shipper/errors.js';
import { hintText, networkHint } from '../shipper/sinks/hints.js';

/** A ledger has 2 MiB; the log of a shipper, in which it is, may be long. A device has no end. */
const BYTES_MAX = 256 * 1024 * 1024;
/** Of a URL. */
const ANSWER_MS = 60_000;

/** Throws a ConfigError that names the place. */
export async function ledgerText(place: string): Promise<string> {
  try {
    if (place === '-') return decoded(await read(process.stdin));
    if (!/^https?:\/\//i.test(place)) return decoded(await read(createReadStream(place)));
    return await answerOf(place);
  } catch (error) {
    throw new ConfigError([
      `--ledger ${place} cannot be read: ${wordsOf(error)}. Name a file, the URL of /audit, or -.`,
    ]);
  }
}

async function answerOf(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
  if (!response.ok) throw new Error(`the answer is ${response.status}: ${(await response.text()).slice(0, 200)}`);
  return await response.text();
}

async function read(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > BYTES_MAX) throw new Error(`it has more than ${BYTES_MAX} bytes, so it is no ledger`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** PowerShell writes `kubectl logs > FILE` in UTF-16. A mark of the byte order is no part of the text. */
function decoded(bytes: Buffer): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(bytes);
}

/** `fetch` says why it failed in the cause of its error. */
function wordsOf(error: unknown): string {
  const { cause, name } = error as { readonly cause?: unknown; readonly name?: unknown };
  if (name === 'TimeoutError') return `no answer within ${ANSWER_MS / 1000} s`;
  const hint = networkHint(codeOf(cause));
  return `${messageOf(cause ?? error)}${hint === undefined ? '' : hintText(hint)}`;
}
