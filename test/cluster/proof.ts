/** A ProofJob in a namespace that enforces the strictest standard: it completes, and its log has the certificate twice. */
import { Chart, Testing } from 'cdk8s';
import type { Certificate } from '../../src/cli/prove/prove-module.js';
import { ProofJob } from '../../src/constructs/proof-job.js';
import { ImagePullPolicy } from '../../src/constructs/props/shipper-options.js';
import { PATIENCE, type TestCluster } from '../support/cluster.js';
import { IMAGE } from '../support/image.js';

const LABELS = {
  'pod-security.kubernetes.io/enforce': 'restricted',
  'pod-security.kubernetes.io/enforce-version': 'latest',
};

export function proof(cluster: () => Promise<TestCluster>): void {
  test.concurrent('a ProofJob completes, and its log has the certificate as text and as JSON', async () => {
    const k8s = await cluster();
    const name = k8s.name('proof');
    const chart = new Chart(Testing.app(), 'proof', { namespace: name });
    const settings = { LOGTAP_BATCH_LINGER_MS: '50' };
    const shipper = { image: IMAGE, imagePullPolicy: ImagePullPolicy.NEVER, settings };
    new ProofJob(chart, 'Proof', { tap: { sink: k8s.toOpenSearch(name), shipper }, lines: 2000, metadata: { name } });
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: LABELS } };
    await k8s.apply(namespace, ...Testing.synth(chart));
    const within = (...args: string[]) => k8s.tell(['--namespace', name, ...args]);
    // It may have failed: then the log says why.
    await k8s.until('the Job has ended', async () => {
      const { status } = JSON.parse(await within('get', 'job', name, '-o', 'json'));
      return (status.succeeded ?? 0) + (status.failed ?? 0) > 0;
    });
    const log = await within('logs', `job/${name}`);
    expect(log).toMatch(/^PROVEN {2}proof /m);
    const certificate: Certificate = JSON.parse(log.trimEnd().split('\n').at(-1) ?? '');
    expect(certificate).toMatchObject({ verdict: 'proven', audit: { verdict: 'proven' } });
    expect(certificate.faults).toHaveLength(6);
    expect(certificate.sums.stored).toBeGreaterThan(2000);
    await within('wait', `job/${name}`, '--for=condition=Complete', PATIENCE);
    const stored = await k8s.stored(name);
    expect(stored.filter((body) => body.includes(certificate.proof))).toHaveLength(certificate.sums.stored);
  });
}
