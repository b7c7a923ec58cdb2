/** The bundle dist/cluster/main.js: what commands do in a cluster. */
import type { ClusterModule } from '../cli/cluster/cluster-module.js';
import { Cluster } from './cluster.js';
import { ledgers as ledgersOfPods } from './observe/ledgers.js';
import { ForwardedHttp } from './observe/pod-http.js';
import { status as statusOfPods } from './observe/status.js';
import { tail as tailPods } from './observe/tail.js';
import { pause } from './pause.js';
import { upgrade as upgradePods } from './upgrade/upgrade.js';

export const upgrade: ClusterModule['upgrade'] = (request) => upgradePods(Cluster.current(), request);

export const status: ClusterModule['status'] = (request) => {
  const cluster = Cluster.current();
  return statusOfPods(cluster, new ForwardedHttp(cluster), request);
};

export const ledgers: ClusterModule['ledgers'] = (request) => {
  const cluster = Cluster.current();
  return ledgersOfPods(cluster, new ForwardedHttp(cluster), request);
};

export const tail: ClusterModule['tail'] = (request) => {
  const cluster = Cluster.current();
  return tailPods(cluster, new ForwardedHttp(cluster), request, { sleep: pause });
};
