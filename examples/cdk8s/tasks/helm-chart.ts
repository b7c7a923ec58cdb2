/** The Helm chart of another team: its workloads are tapped as Helm renders them, and the chart stays as it is. */
import { Chart, Helm } from 'cdk8s';
import { LogTap, Sink } from 'cdk8s-logtap';
import type { Construct } from 'constructs';

export class HelmChart extends Chart {
  constructor(scope: Construct, id: string) {
    super(scope, id, { namespace: 'wiki' });
    const wiki = new Helm(this, 'wiki', {
      // A directory, or the name of a chart with its `repo` and `version`.
      chart: 'tasks/wiki',
      releaseName: 'wiki',
      namespace: 'wiki',
      values: { replicas: 2 },
    });
    LogTap.tap(wiki, {
      sink: Sink.cloudWatch({ logGroup: '/wiki', region: 'eu-central-1' }),
      excludeContainers: ['metrics'],
    });
  }
}
