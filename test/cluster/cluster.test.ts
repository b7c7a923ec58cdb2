/** The product in a real Kubernetes: an API server, a kubelet and containerd, in namespaces of their own. */
import { describeWith } from '../support/capability.js';
import { TestCluster } from '../support/cluster.js';
import { arrival } from './arrival.js';
import { exec } from './exec.js';

jest.setTimeout(900_000);

describeWith(['cluster', 'podman', 'image parts', 'aarch64', 'opensearch', 'cloudwatch'], 'in a cluster', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await TestCluster.start();
  });
  afterAll(() => cluster?.stop());

  describe('lines arrive', () => arrival(() => cluster));
  describe('kubectl and the kubelet', () => exec(() => cluster));
});
