/** `logtap status`: one line per tapped pod, from what its shipper says of itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseCommand } from '../command-line/parse-command.js';
import { STATUS } from '../commands/cluster.js';
import { type CommandStreams, write } from '../streams.js';
import { structured } from '../structured.js';
import { EXIT } from '../usage.js';
import type { PodStatus } from './cluster-module.js';
import { untilInterrupted } from './ended.js';
import { inCluster } from './load.js';
import { noTappedPod, selectionOf } from './selection.js';
import { lostOf, statusTable } from './status-table.js';

const WATCH_MS = 2000;
/** Clears a terminal, and what it has scrolled out of sight. */
const CLEAR = '\u001b[H\u001b[2J\u001b[3J';

/**
 * Runs the command and resolves to its exit code.
 *
 * @throws UsageError, or CommandError when the cluster does not answer or no pod is tapped
 */
export async function statusCommand(args: readonly string[], io: CommandStreams): Promise<number> {
  const { values, args: names } = parseCommand(STATUS, args);
  const pods = selectionOf(values, names);
  const show = async (rows: readonly PodStatus[]) => {
    const isTerminal = (io.stdout as { readonly isTTY?: boolean }).isTTY === true;
    const clear = values.watch && isTerminal && values.output === 'text' ? CLEAR : '';
    const text = values.output === 'text' ? statusTable(rows) : structured(values.output, rows);
    await write(io.stdout, clear + text);
  };
  return inCluster(async (cluster) => {
    let rows = await cluster.status({ pods });
    if (rows.length === 0) throw noTappedPod();
    await show(rows);
    if (values.watch) {
      await untilInterrupted(async (signal) => {
        while (!signal.aborted) {
          await sleep(WATCH_MS, undefined, { signal }).catch(() => {});
          if (signal.aborted) return;
          rows = await cluster.status({ pods });
          await show(rows);
        }
      });
    }
    return rows.every(isWell) ? EXIT.OK : EXIT.IN_PART;
  });
}

const isWell = (row: PodStatus) =>
  row.state !== undefined && (row.state.problems ?? []).length === 0 && lostOf(row) === 0;
