/** The bundle dist/cluster/main.js: what commands do in a cluster. */
import type { ClusterModule, UpgradeRequest } from '../cli/cluster/cluster-module.js';
import { Cluster } from './cluster.js';
import { upgrade as upgradePods } from './upgrade/upgrade.js';

export const upgrade: ClusterModule['upgrade'] = (request: UpgradeRequest) => upgradePods(Cluster.current(), request);
