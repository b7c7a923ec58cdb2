/** The chart of examples/cdk8s, synthesised by the command of a user. Only the services and the programs are the test's own. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { podTemplate } from '../../src/constructs/injection/workload.js';
import { PATIENCE, type TestCluster } from '../support/cluster.js';
import { root, temporaryDirectory } from '../support/run.js';
import { readCloudWatch } from '../support/sinks-read-back.js';
import { type AuditedTest, expectWhole, NUMBERED } from './audits.js';

/** The images are an example's: this is what their programs do. */
const SCRIPTS: Readonly<Record<string, string>> = {
  'shop/web:3.1': `mkdir -p /opt/shop/logs; exec >> /opt/shop/logs/access.log; ${NUMBERED}`,
  'shop/report:1.7': 'seq 70',
  'billing/invoices:4.2': NUMBERED,
};

/** cdk8s-plus pulls anew, asks for a whole processor, and for an answer on the port of the web shop. */
const HERE = { imagePullPolicy: 'Never', resources: {}, startupProbe: undefined };

function synthesised(k8s: TestCluster): readonly object[] {
  const directory = temporaryDirectory();
  const command = [process.execPath, '--import', 'tsx', 'examples/cdk8s/main.ts'];
  execFileSync(command[0]!, command.slice(1), { cwd: root, env: { ...process.env, CDK8S_OUTDIR: directory } });
  return readdirSync(directory).flatMap((file) => {
    const text = readFileSync(join(directory, file), 'utf8');
    const here = text.replaceAll('https://opensearch.example.com:9200', k8s.within(k8s.search.url));
    return parseAllDocuments(here).map((document) => {
      const manifest = k8s.connected(document.toJS());
      for (const container of podTemplate(manifest).spec.containers) {
        const script = SCRIPTS[String(container.image)];
        if (script === undefined) continue;
        Object.assign(container, { command: ['sh', '-c', script], ...HERE });
      }
      return manifest;
    });
  });
}

export function chart(test: AuditedTest): void {
  test('the chart of examples/cdk8s: a file that stays empty, a CronJob, and a plain Deployment of another team', async (k8s) => {
    const secret = {
      metadata: { name: 'opensearch', namespace: 'billing' },
      stringData: { password: 'correct horse' },
    };
    const namespaces = ['shop', 'billing'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
    await k8s.apply(...namespaces, { apiVersion: 'v1', kind: 'Secret', ...secret });
    await k8s.apply(...synthesised(k8s));
    const inShop = (...args: string[]) => k8s.tell(['--namespace=shop', ...args]);
    const inBilling = (...args: string[]) => k8s.tell(['--namespace=billing', ...args]);
    await inShop('create', 'job', 'shop-report-now', '--from=cronjob/shop-report');
    await inShop('wait', 'job/shop-report-now', '--for=condition=Complete', PATIENCE);

    const namesOf = async (get: typeof inShop, prefix: string) => {
      const names = (await get('get', 'pods', '-o', 'name')).split('\n').map((name) => name.replace('pod/', ''));
      return names.filter((name) => name.startsWith(prefix));
    };
    const ofPod = (pod: string) => readCloudWatch(k8s.cloud.url, '/legacy/shop', `shop/${pod}`);
    const invoices = () => k8s.stored('billing-*');
    await inShop('rollout', 'status', 'deployment/shop-web', PATIENCE);
    await inBilling('rollout', 'status', 'deployment/billing-invoices', PATIENCE);
    const web = await namesOf(inShop, 'shop-web-');
    expect(web).toHaveLength(2);
    await k8s.until('each pod has written', async () => {
      const stored = await Promise.all([...web.map(ofPod), invoices()]);
      return stored.every(({ length }) => length > 5);
    });
    for (const pod of web) {
      const size = await inShop('exec', pod, '-c', 'web', '--', 'stat', '-c', '%s', '/opt/shop/logs/access.log');
      expect(size).toBe('0\n');
    }
    const [report = ''] = await namesOf(inShop, 'shop-report-now-');
    await inShop('delete', 'deployment/shop-web', PATIENCE);
    await inBilling('delete', 'deployment/billing-invoices', PATIENCE);
    await k8s.until('no pod is left', async () => {
      const left = [await namesOf(inShop, 'shop-web-'), await namesOf(inBilling, 'billing-')];
      return left.flat().length === 0;
    });
    expect(expectWhole((await Promise.all(web.map(ofPod))).flat())).toEqual(web.sort());
    expect(expectWhole(await invoices())).toHaveLength(1);
    expect(await ofPod(report)).toEqual(Array.from({ length: 70 }, (_, i) => String(i + 1)));
  });
}
