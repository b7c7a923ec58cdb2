/**
 * The product in a real Kubernetes: an API server, a kubelet and containerd, in namespaces of their own. One cluster for all tests,
 * which run side by side, as most of their time is waiting; so all are in one block.
 */
import { describeWith } from '../support/capability.js';
import { TestCluster } from '../support/cluster.js';
import { arrival } from './arrival.js';
import { auditedTest } from './audits.js';
import { chart } from './chart.js';
import { disruptions } from './disruptions.js';
import { example } from './example.js';
import { exec } from './exec.js';
import { imageVolume } from './image-volume.js';
import { manifests } from './manifests.js';
import { observe } from './observe.js';
import { policy } from './policy.js';
import { proof } from './proof.js';
import { restricted } from './restricted.js';
import { runbook } from './runbook.js';
import { secret } from './secret.js';
import { shapes } from './shapes.js';
import { starts } from './starts.js';
import { termination } from './termination.js';
import { upgrade } from './upgrade.js';

jest.setTimeout(900_000);

describeWith(
  [
    'root',
    'cgroup v1',
    'cluster',
    'podman',
    'image parts',
    'aarch64',
    'opensearch',
    'cloudwatch',
    'musl',
    'busybox',
    'jq',
  ],
  'in a cluster',
  () => {
    let starting: Promise<TestCluster> | undefined;
    const cluster = () => {
      starting ??= TestCluster.start();
      return starting;
    };
    afterAll(async () => (await starting)?.stop());
    const audited = auditedTest(cluster);

    arrival(audited);
    chart(audited);
    disruptions(audited);
    example(audited);
    exec(audited);
    imageVolume(audited);
    manifests(audited);
    observe(audited);
    policy(audited);
    // It has no sidecar, and audits itself.
    proof(cluster);
    restricted(audited);
    runbook(audited);
    secret(audited);
    shapes(audited);
    starts(audited);
    termination(audited);
    upgrade(audited);
  },
);
