/** The audit ledgers of pods: of a running shipper from its status port, of one that has ended from its log. */
import type { V1Pod } from '@kubernetes/client-node';
import type { LedgersRequest, PodLedger } from '../../cli/cluster/cluster-module.js';
import { type Cluster, ClusterError } from '../cluster.js';
import { type PodShipper, shipperOf, statusOf } from '../upgrade/shipper-of.js';
import { type PodHttp, PodProblem, textOf } from './pod-http.js';
import { eachPod, notRunning, unanswered } from './status.js';

/** A ledger may have 2 MiB. */
const ANSWER_MS = 60_000;
/** Of the end of a log: the ledger is the last that a shipper prints, and has far fewer. */
const LOG_LINES = 20_000;
const NOT_TAPPED = 'it is not tapped, so nothing is known of its lines. `logtap inject` adds a shipper';

/** One per tapped pod. Where pods are named or have labels, one that is not tapped is a problem. @throws ClusterError */
export async function ledgers(
  cluster: Pick<Cluster, 'pods' | 'logEnd'>,
  http: PodHttp,
  { pods: selection }: LedgersRequest,
): Promise<readonly PodLedger[]> {
  const pods = await cluster.pods(selection);
  const isChosen = selection.names.length > 0 || selection.labels !== undefined;
  return eachPod(
    pods.filter((pod) => isChosen || shipperOf(pod) !== undefined),
    (pod) => ledgerOf(cluster, http, pod),
  );
}

async function ledgerOf(cluster: Pick<Cluster, 'logEnd'>, http: PodHttp, pod: V1Pod): Promise<PodLedger> {
  const { namespace = '', name = '' } = pod.metadata ?? {};
  try {
    const shipper = shipperOf(pod);
    if (shipper === undefined) throw new PodProblem(NOT_TAPPED);
    const text = hasEnded(pod, shipper)
      ? withLedger(await cluster.logEnd(pod, shipper.container.name, LOG_LINES))
      : await asked(http, pod);
    return { namespace, pod: name, text };
  } catch (error) {
    if (error instanceof PodProblem || error instanceof ClusterError)
      return { namespace, pod: name, problem: error.message };
    throw error;
  }
}

/** For good: a shipper that has ended in a pod that goes on starts again. */
function hasEnded(pod: V1Pod, shipper: PodShipper): boolean {
  if (['Succeeded', 'Failed'].includes(pod.status?.phase ?? '')) return true;
  const isLast = pod.metadata?.deletionTimestamp !== undefined || pod.spec?.restartPolicy === 'Never';
  return isLast && !shipper.isNative && statusOf(pod, shipper)?.state?.terminated !== undefined;
}

function withLedger(log: string): string {
  if (log.includes('{"audit":["run"')) return log;
  throw new PodProblem(
    'it has ended, and its log has no audit ledger: it was killed, its log is cut, or LOGTAP_AUDIT is off',
  );
}

async function asked(http: PodHttp, pod: V1Pod): Promise<string> {
  const why = notRunning(pod);
  if (why !== undefined) throw new PodProblem(why);
  const answer = await http.get(pod, '/audit', AbortSignal.timeout(ANSWER_MS));
  const text = await textOf(answer).catch((error: Error) => {
    throw new PodProblem(`its answer broke off: ${error.message}`);
  });
  if (answer.status !== 200) throw new PodProblem(unanswered(answer.status, text));
  return text;
}
