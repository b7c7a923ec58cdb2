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

/** Where processes write a later version of the frames: their lines are dropped, or wait for a later shipper. */
interface LaterSources {
  readonly socket: { readonly laterVersions: number };
  readonly rings?: { readonly laterVersions: number } | undefined;
}

/** Absent while there are none. */
export interface LaterStatement {
  /** `connections`: of the last minute. */
  readonly laterVersions?: { readonly rings: number; readonly connections: number };
}

export function laterStatement({ socket, rings }: LaterSources): LaterStatement {
  const counts = { rings: rings?.laterVersions ?? 0, connections: socket.laterVersions };
  return counts.rings + counts.connections > 0 ? { laterVersions: counts } : {};
}

const REMEDY = `of frames than ${FRAME_VERSION}: replace the shipper by one of the library's release (logtap upgrade)`;

/** One reason for each kind. */
export function laterText(sources: LaterSources): string[] {
  const { rings = 0, connections = 0 } = laterStatement(sources).laterVersions ?? {};
  return [
    ...(rings > 0 ? [`${rings} rings wait for a shipper that reads a later version ${REMEDY}`] : []),
    ...(connections > 0
      ? [`${connections} connections were refused in the last minute, which have a later version ${REMEDY}`]
      : []),
  ];
}
