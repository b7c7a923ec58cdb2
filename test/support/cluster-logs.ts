/**
 * Logs of shippers outlive their pods. The kubelet removes a log with its pod, and `kubectl logs --follow` may end before the last
 * line; so each log gets a second name while its pod is there, and is read under that name.
 */
import { linkSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SHIPPER } from '../../src/constructs/injection/shipper.js';

export class ShipperLogs {
  readonly #pods: string;
  readonly #kept: string;

  /** @param pods the kubelet's directory of logs @param kept a directory of the same file system */
  constructor(pods: string, kept: string) {
    this.#pods = pods;
    this.#kept = kept;
    mkdirSync(kept);
  }

  /** Keeps the logs of all pods that are there now. */
  keep(): void {
    const known = new Set(readdirSync(this.#kept));
    for (const pod of namesIn(this.#pods)) {
      const directory = join(this.#pods, pod, SHIPPER);
      for (const file of namesIn(directory)) {
        const name = `${pod}_${file}`;
        if (!known.has(name)) ifThere(() => linkSync(join(directory, file), join(this.#kept, name)));
      }
    }
  }

  /** The logs of the pods of a workload, by pod: all its shippers, the last one at the end. */
  of(workload: string): readonly (readonly string[])[] {
    const pods = new Map<string, { start: number; text: string }[]>();
    for (const name of readdirSync(this.#kept)) {
      const [, pod = '', uid = '', file = ''] = name.split('_');
      if (pod !== workload && !pod.startsWith(`${workload}-`)) continue;
      const text = messagesOf(readFileSync(join(this.#kept, name), 'utf8'));
      pods.set(uid, [...(pods.get(uid) ?? []), { start: Number.parseInt(file, 10), text }]);
    }
    return [...pods.values()].map((logs) => logs.sort((a, b) => a.start - b.start).map(({ text }) => text));
  }
}

/** The runtime writes TIME STREAM P|F MESSAGE, where P is a part of a line. */
const messagesOf = (log: string): string =>
  log.replaceAll(/^\S+ \S+ ([PF]) (.*)\n/gm, (_, tag: string, message: string) => message + (tag === 'F' ? '\n' : ''));

const namesIn = (directory: string): readonly string[] => ifThere(() => readdirSync(directory)) ?? [];

/** A pod may go at any moment. */
function ifThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
