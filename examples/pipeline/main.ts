/** The workloads, without their logs: logtap.yaml says what becomes of these. */
import { App, Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';

const app = new App();
const shop = new Chart(app, 'shop', { namespace: 'shop', disableResourceNameHashes: true });

function deployment(name: string, container: k8s.Container): void {
  const labels = { app: name };
  new k8s.KubeDeployment(shop, name, {
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [container] } } },
  });
}

deployment('web', { name: 'web', image: 'registry.example/web:3.1' });
deployment('orders', {
  name: 'orders',
  image: 'registry.example/orders:4.2',
  envFrom: [{ configMapRef: { name: 'orders' } }],
});
app.synth();
