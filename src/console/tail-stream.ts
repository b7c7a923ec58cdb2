/** The lines of `/tail`, as they come. */
import type { TailLine } from '../shipper/console/wire.js';

export interface TailChoice {
  /** Empty for every record. */
  readonly level: string;
  readonly match: string;
}

/** More than a reader can follow, and few enough for a phone to draw. */
const LINES_PER_SECOND = 200;
const RETRY_MS = 2000;

/** Calls back with lines until the signal aborts; once it follows; and with the text of a trouble, until it follows again. */
export async function followTail(
  { level, match }: TailChoice,
  signal: AbortSignal,
  onLines: (lines: readonly TailLine[]) => void,
  onFollowing: () => void,
  onTrouble: (trouble: string) => void,
): Promise<void> {
  const query = new URLSearchParams({ level, match, max: String(LINES_PER_SECOND) });
  while (!signal.aborted) {
    try {
      const response = await fetch(`/tail?${query}`, { signal });
      if (!response.ok || response.body === null) throw new Error((await response.text()).trim());
      onFollowing();
      await readLines(response.body, onLines);
      throw new Error('The shipper has closed the tail');
    } catch (error) {
      if (signal.aborted) return;
      onTrouble(error instanceof Error ? error.message : String(error));
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

async function readLines(
  body: ReadableStream<Uint8Array>,
  onLines: (lines: readonly TailLine[]) => void,
): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let left = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (left + decoder.decode(value, { stream: true })).split('\n');
    left = parts.pop() ?? '';
    if (parts.length > 0) onLines(parts.map((line) => JSON.parse(line) as TailLine));
  }
}
