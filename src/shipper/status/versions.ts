/** Which release this shipper is, and which releases of the library the processes have that write to it now. */
import { version } from '../../../package.json';
import { FRAME_VERSION } from '../../contract.js';
import type { Hello } from '../source/frames/decoder.js';

export { version };

/** Of `processes`: the counts by library go on. */
const PROCESSES_MAX = 500;

export interface VersionStatement {
  readonly shipper: {
    readonly version: string /** It reads all versions of frames up to this. */;
    readonly frames: number;
  };
  /** Processes by the release of their library and the version of their frames. */
  readonly libraries: readonly { readonly library: string; readonly frames: number; readonly processes: number }[];
  readonly processes: readonly Omit<Hello, 'lost'>[];
}

/** A process may write over more than one connection. */
export function versionStatement(writers: readonly Hello[]): VersionStatement {
  const processes = [...new Map(writers.map((writer) => [writer.instance, writer])).values()];
  const counts = new Map<string, { library: string; frames: number; processes: number }>();
  for (const { library, frames } of processes) {
    const key = `${library} ${frames}`;
    const count = counts.get(key) ?? { library, frames, processes: 0 };
    count.processes += 1;
    counts.set(key, count);
  }
  return {
    shipper: { version, frames: FRAME_VERSION },
    libraries: [...counts.values()],
    processes: processes.slice(0, PROCESSES_MAX).map(({ instance, pid, process, container, library, frames }) => ({
      ...{ instance, pid, process, container, library, frames },
    })),
  };
}
