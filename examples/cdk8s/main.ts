/** Three applications that cannot be modified, and their logs, on Kubernetes: `npx cdk8s synth` in the root directory. */
import { App, Chart, Cron } from 'cdk8s';
import { LogTap, LogTapDefaults, Sink, TappedCronJob, TappedDeployment } from 'cdk8s-logtap';
import * as kplus from 'cdk8s-plus-28';

const app = new App();
// The image that you have built and pushed: no registry has it otherwise.
LogTapDefaults.set(app, { shipper: { image: 'registry.example/cdk8s-logtap:0.1.0' } });

// All of the shop goes to CloudWatch Logs.
const shop = new Chart(app, 'shop', { namespace: 'shop', disableResourceNameHashes: true });
LogTapDefaults.set(shop, { sink: Sink.cloudWatch({ logGroup: '/legacy/shop', region: 'eu-central-1' }) });

// A web shop that writes its access log to a file. The file is tapped and stays empty.
new TappedDeployment(shop, 'web', {
  replicas: 2,
  containers: [{ name: 'web', image: 'shop/web:3.1', portNumber: 80 }],
  tap: { file: '/opt/shop/logs/access.log', suppressFile: true },
});

// A report that is made every night.
new TappedCronJob(shop, 'report', {
  schedule: Cron.schedule({ minute: '0', hour: '3' }),
  containers: [{ name: 'report', image: 'shop/report:1.7' }],
});

// A plain Deployment, as `cdk8s import`, Include and Helm make them, tapped with all that is in its chart.
const billing = new Chart(app, 'billing', { namespace: 'billing', disableResourceNameHashes: true });
LogTap.tap(billing, {
  sink: Sink.openSearch({
    url: 'https://opensearch.example.com:9200',
    index: 'billing-{yyyy.MM.dd}',
    username: 'shipper',
    passwordSecret: { name: 'opensearch', key: 'password' },
  }),
});
new kplus.k8s.KubeDeployment(billing, 'invoices', {
  spec: {
    selector: { matchLabels: { app: 'invoices' } },
    template: {
      metadata: { labels: { app: 'invoices' } },
      spec: { containers: [{ name: 'java', image: 'billing/invoices:4.2' }] },
    },
  },
});

app.synth();
