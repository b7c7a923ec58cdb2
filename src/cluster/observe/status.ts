/** One row of `logtap status` per tapped pod: the state of its shipper, or why that is not known. */
import type { V1Pod } from '@kubernetes/client-node';
import type { PodStatus, StatusRequest } from '../../cli/cluster/cluster-module.js';
import { type Cluster, ClusterError } from '../cluster.js';
import { shipperOf, statusOf } from '../upgrade/shipper-of.js';
import { type PodHttp, PodProblem, textOf } from './pod-http.js';

/** Pods that are asked at the same time. */
const PARALLEL = 8;
const ANSWER_MS = 15_000;

/** @throws ClusterError for an answer that concerns all pods */
export async function status(
  cluster: Pick<Cluster, 'pods'>,
  http: PodHttp,
  { pods: selection }: StatusRequest,
): Promise<readonly PodStatus[]> {
  const pods = await cluster.pods(selection);
  const isNamed = selection.names.length > 0;
  const chosen = pods.filter((pod) => isNamed || (shipperOf(pod) !== undefined && !hasEnded(pod)));
  return eachPod(chosen, (pod) => rowOf(http, pod));
}

/** A few at the same time; the results are in the order of the pods. */
export async function eachPod<T>(pods: readonly V1Pod[], ask: (pod: V1Pod) => Promise<T>): Promise<readonly T[]> {
  const results = new Array<T>(pods.length);
  let next = 0;
  const work = async () => {
    while (next < pods.length) {
      const i = next++;
      results[i] = await ask(pods[i]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, pods.length) }, work));
  return results;
}

/** The pods of a Job stay after their end. */
const hasEnded = ({ status: of }: V1Pod) => ['Succeeded', 'Failed'].includes(of?.phase ?? '');

async function rowOf(http: PodHttp, pod: V1Pod): Promise<PodStatus> {
  const { namespace = '', name = '' } = pod.metadata ?? {};
  const shipper = shipperOf(pod);
  const base = {
    namespace,
    pod: name,
    restarts: shipper === undefined ? 0 : (statusOf(pod, shipper)?.restartCount ?? 0),
  };
  try {
    return { ...base, ...(await asked(http, pod)) };
  } catch (error) {
    // A user who may list pods and not forward ports learns it for each pod; others of them may be in other namespaces.
    if (error instanceof PodProblem || error instanceof ClusterError) return { ...base, problem: error.message };
    throw error;
  }
}

async function asked(http: PodHttp, pod: V1Pod): Promise<Pick<PodStatus, 'state'>> {
  const why = notRunning(pod);
  if (why !== undefined) throw new PodProblem(why);
  const answer = await http.get(pod, '/status', AbortSignal.timeout(ANSWER_MS));
  const text = await textOf(answer).catch((error: Error) => {
    throw new PodProblem(`its answer broke off: ${error.message}`);
  });
  if (answer.status !== 200) throw new PodProblem(unanswered(answer.status, text));
  try {
    return { state: JSON.parse(text) };
  } catch {
    throw new PodProblem('its answer is not that of a shipper: does another container of the pod listen on the port?');
  }
}

/** Why a shipper cannot be asked, in the words of the pod's status; `undefined` if it can. */
export function notRunning(pod: V1Pod): string | undefined {
  const shipper = shipperOf(pod);
  if (shipper === undefined) return 'it is not tapped: it has no container logtap. `logtap inject` adds one';
  const { state, lastState } = statusOf(pod, shipper) ?? {};
  if (state?.running !== undefined) return undefined;
  const { namespace = '', name = '' } = pod.metadata ?? {};
  const exit = state?.terminated?.exitCode ?? lastState?.terminated?.exitCode;
  const after = exit === undefined ? '' : ` after exit code ${exit}`;
  const reason = state?.waiting?.reason ?? state?.terminated?.reason ?? 'not started';
  return `its shipper does not run: ${reason}${after}. See kubectl -n ${namespace} logs ${name} -c ${shipper.container.name} --previous`;
}

/** An answer of the status port that is none of what was asked for. */
export function unanswered(status: number, text: string): string {
  const words = text.trim().slice(0, 300);
  // A shipper of this release says so itself where it is switched off.
  if (status === 404 && !/LOGTAP_(CONSOLE|AUDIT)/.test(words)) {
    return 'its shipper is of an older release, which cannot show this. Replace it: logtap upgrade --image IMAGE';
  }
  return `its shipper answers ${status}: ${words}`;
}
