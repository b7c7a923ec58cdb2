/** Hosts of AWS, compared with those that the AWS SDK comes to. */
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { cloudWatchLogsHost } from '../../../src/catalog/values/service-names.js';

const REGIONS = [
  ...['us-east-1', 'eu-central-1', 'ap-southeast-7', 'mx-central-1', 'il-central-1', 'af-south-1'],
  ...['cn-north-1', 'cn-northwest-1', 'us-gov-west-1', 'us-gov-east-1', 'eusc-de-east-1'],
  ...['us-iso-east-1', 'us-iso-west-1', 'us-isob-east-1', 'eu-isoe-west-1', 'us-isof-south-1'],
];

const { endpointProvider } = new CloudWatchLogsClient({ region: 'us-east-1' }).config;

test.each(REGIONS)('CloudWatch Logs in %s', (region) => {
  for (const [isFips, isDualstack] of [
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ] as const) {
    const { url } = endpointProvider({ Region: region, UseFIPS: isFips, UseDualStack: isDualstack });
    expect(cloudWatchLogsHost(region, { isFips, isDualstack })).toBe(url.host);
  }
});
