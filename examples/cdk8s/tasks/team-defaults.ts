/** What a team decides once: every workload below the chart has it, and one of them overrides a part. */
import { Chart } from 'cdk8s';
import { LogTapDefaults, RedactionKind, Sink, TappedDeployment } from 'cdk8s-logtap';
import type { Construct } from 'constructs';

export class TeamDefaults extends Chart {
  constructor(scope: Construct, id: string) {
    super(scope, id, { namespace: 'payments', disableResourceNameHashes: true });
    LogTapDefaults.set(this, {
      sink: Sink.cloudWatch({ logGroup: '/payments', region: 'eu-central-1' }),
      redact: { kinds: [RedactionKind.CARD, RedactionKind.IBAN] },
      shipper: { imagePullSecrets: ['mirror'], memoryLimitMiB: 320 },
    });
    new TappedDeployment(this, 'cards', {
      containers: [{ name: 'cards', image: 'registry.example/cards:2.0' }],
    });
    new TappedDeployment(this, 'ledger', {
      containers: [{ name: 'ledger', image: 'registry.example/ledger:5.3' }],
      // Of the options of the shipper, only this one differs.
      tap: { shipper: { memoryLimitMiB: 512 } },
    });
  }
}
