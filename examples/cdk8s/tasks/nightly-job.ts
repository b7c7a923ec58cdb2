/** A report that is made every night: the pod ends once its last line has been delivered. */
import { Chart, Cron } from 'cdk8s';
import { Sink, TappedCronJob } from 'cdk8s-logtap';
import type { Construct } from 'constructs';

export class NightlyJob extends Chart {
  constructor(scope: Construct, id: string) {
    super(scope, id, { namespace: 'reports', disableResourceNameHashes: true });
    new TappedCronJob(this, 'report', {
      schedule: Cron.schedule({ minute: '0', hour: '3' }),
      containers: [{ name: 'report', image: 'registry.example/report:1.7' }],
      tap: {
        sink: Sink.cloudWatch({ logGroup: '/reports', region: 'eu-central-1' }),
        // If the service is down at three in the morning, the pod stays up to ten minutes longer to deliver.
        shipper: { drainSeconds: 600, diskBufferMiB: 512 },
      },
    });
  }
}
