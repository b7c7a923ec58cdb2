/** One application, two services: each has its own acknowledgements, so one that is down does not hold up the other. */
import { Chart } from 'cdk8s';
import { Sink, TappedStatefulSet } from 'cdk8s-logtap';
import { Service } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';

export class SeveralSinks extends Chart {
  constructor(scope: Construct, id: string) {
    super(scope, id, { namespace: 'audit', disableResourceNameHashes: true });
    new TappedStatefulSet(this, 'journal', {
      service: new Service(this, 'service', { ports: [{ port: 80 }] }),
      containers: [{ name: 'journal', image: 'registry.example/journal:1.1', portNumber: 80 }],
      tap: {
        sink: Sink.all([
          Sink.cloudWatch({ logGroup: '/audit/journal', region: 'eu-central-1' }),
          Sink.openSearch({
            url: 'https://opensearch.example:9200',
            index: 'audit',
            username: 'shipper',
            passwordSecret: { name: 'opensearch', key: 'password' },
          }),
        ]),
      },
    });
  }
}
