/** Hosts of AWS, compared with those that the AWS SDK comes to. */
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { cloudWatchLogsHost, firehoseHost, s3Host } from '../../../src/catalog/values/service-names.js';

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

// As the SDK's rules for its endpoints have them; its client is no dependency of ours.
test.each([
  ['eu-central-1', {}, 'firehose.eu-central-1.amazonaws.com'],
  ['us-east-1', { isFips: true }, 'firehose-fips.us-east-1.amazonaws.com'],
  ['us-east-1', { isFips: true, isDualstack: true }, 'firehose-fips.us-east-1.api.aws'],
  ['us-gov-west-1', { isFips: true }, 'firehose-fips.us-gov-west-1.amazonaws.com'],
  ['cn-north-1', { isDualstack: true }, 'firehose.cn-north-1.api.amazonwebservices.com.cn'],
])('Firehose in %s, %j', (region, form, host) => {
  expect(firehoseHost(region, form)).toBe(host);
});

test.each([
  ['eu-central-1', {}, 's3.eu-central-1.amazonaws.com'],
  ['us-east-1', { isFips: true }, 's3-fips.us-east-1.amazonaws.com'],
  ['us-gov-west-1', { isFips: true, isDualstack: true }, 's3-fips.dualstack.us-gov-west-1.amazonaws.com'],
  ['cn-north-1', { isDualstack: true }, 's3.dualstack.cn-north-1.amazonaws.com.cn'],
])('S3 in %s, %j', (region, form, host) => {
  expect(s3Host(region, form)).toBe(host);
});
