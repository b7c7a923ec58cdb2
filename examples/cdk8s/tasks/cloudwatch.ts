/** A web shop that writes its access log to a file: the lines go to CloudWatch Logs, and the file stays empty. */
import { Chart } from 'cdk8s';
import { AwsIdentity, LogTapAws, Sink, TappedDeployment } from 'cdk8s-logtap';
import type { Construct } from 'constructs';

export class CloudWatch extends Chart {
  constructor(scope: Construct, id: string) {
    super(scope, id, { namespace: 'shop', disableResourceNameHashes: true });
    const sink = Sink.cloudWatch({ logGroup: '/shop/web', region: 'eu-central-1', retentionDays: 30 });
    // The role has to allow what `sink.iam` lists.
    const aws = new LogTapAws(this, 'aws', {
      sink,
      identity: AwsIdentity.irsa('arn:aws:iam::111122223333:role/shop-logs'),
    });
    new TappedDeployment(this, 'web', {
      containers: [{ name: 'web', image: 'registry.example/web:3.1', portNumber: 80 }],
      serviceAccount: aws.serviceAccount,
      tap: {
        sink,
        file: '/opt/shop/logs/access.log',
        suppressFile: true,
        // The role is for the shipper alone: this application does not use AWS.
        keepAwsCredentials: false,
        accept: ['LT030'],
      },
    });
  }
}
