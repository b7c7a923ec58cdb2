/** A plain Deployment, as `cdk8s import` and Include make them, to OpenSearch: an index per day, and a password. */
import { Chart } from 'cdk8s';
import { LogTap, OpenSearchSchema, Sink } from 'cdk8s-logtap';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';

export class OpenSearch extends Chart {
  constructor(scope: Construct, id: string) {
    super(scope, id, { namespace: 'billing', disableResourceNameHashes: true });
    new k8s.KubeDeployment(this, 'invoices', {
      spec: {
        selector: { matchLabels: { app: 'invoices' } },
        template: {
          metadata: { labels: { app: 'invoices' } },
          spec: { containers: [{ name: 'java', image: 'registry.example/invoices:4.2' }] },
        },
      },
    });
    // The Secret is mounted into the shipper alone.
    LogTap.tap(this, {
      sink: Sink.openSearch({
        url: 'https://opensearch.example:9200',
        index: 'billing-{yyyy.MM.dd}',
        schema: OpenSearchSchema.ECS,
        username: 'shipper',
        passwordSecret: { name: 'opensearch', key: 'password' },
        caSecret: { name: 'opensearch', key: 'ca.crt' },
      }),
    });
  }
}
