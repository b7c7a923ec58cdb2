/** LogGroupTemplate against the published schemas of CloudFormation, and its filters against the emulator. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DescribeMetricFiltersCommand,
  PutMetricFilterCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { type CloudWatchServer, ensureCloudWatch, startCloudWatch } from '../../scripts/cloudwatch.js';
import { CloudWatchFormat, LogGroupTemplate, Sink } from '../../src/constructs/index.js';
import { describeWith } from '../support/capability.js';
import { run, temporaryDirectory } from '../support/run.js';

jest.setTimeout(600_000);

const everything = () =>
  new LogGroupTemplate(
    Sink.cloudWatch({
      logGroup: '/shop/orders',
      region: 'eu-central-1',
      createLogGroup: false,
      messageFormat: CloudWatchFormat.JSON,
      retentionDays: 30,
      kmsKeyArn: 'arn:aws:kms:eu-central-1:111122223333:key/1234-abcd',
      tags: { team: 'shop' },
    }),
    {
      deletionProtection: true,
      fieldIndexes: ['severity', 'traceId'],
      transformer: [{ ParseJSON: {} }, { AddKeys: { Entries: [{ Key: 'team', Value: 'shop' }] } }],
      masked: ['EmailAddress', 'DriversLicense-US'],
      metrics: [{ name: 'ErrorsPerMinute', metricNamespace: 'Shop' }],
      firehose: {
        deliveryStreamArn: 'arn:aws:firehose:eu-central-1:111122223333:deliverystream/archive',
        roleArn: 'arn:aws:iam::111122223333:role/logs-to-firehose',
      },
    },
  );

describeWith(['cloudwatch'], 'a template of a log group', () => {
  let cloud: CloudWatchServer;
  beforeAll(async () => {
    cloud = await startCloudWatch();
  });
  afterAll(() => cloud?.stop());

  const lint = async (template: unknown) => {
    const file = join(temporaryDirectory(), 'template.json');
    writeFileSync(file, JSON.stringify(template));
    // Comes with the emulator, and has the schemas of the resources.
    return run(join(ensureCloudWatch(), 'cfn-lint'), ['--regions', 'eu-central-1', '--', file]);
  };

  test('follows the schemas of its resources, which would find a mistake', async () => {
    const { template } = everything();
    expect(await lint(template)).toMatchObject({ code: 0, stdout: '' });
    const wrong = JSON.parse(JSON.stringify(template).replace('ParseJSON', 'ParseJson'));
    expect((await lint(wrong)).stdout).toContain("'ParseJson' was unexpected");
  });

  test('the emulator takes its metric filter', async () => {
    const client = new CloudWatchLogsClient({
      endpoint: cloud.url,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
    const logGroupName = '/shop/orders';
    await client.send(new CreateLogGroupCommand({ logGroupName }));
    const { properties } = everything().resources.find(({ resourceType }) => resourceType.endsWith('MetricFilter'))!;
    const { FilterName: filterName, FilterPattern: filterPattern, MetricTransformations: made } = properties;
    const [{ MetricName: metricName, MetricNamespace: metricNamespace, MetricValue: metricValue }] = made;
    const metricTransformations = [{ metricName, metricNamespace, metricValue }];
    await client.send(new PutMetricFilterCommand({ logGroupName, filterName, filterPattern, metricTransformations }));
    const { metricFilters } = await client.send(new DescribeMetricFiltersCommand({ logGroupName }));
    expect(metricFilters).toMatchObject([{ filterName: 'ErrorsPerMinute', filterPattern }]);
  });
});
