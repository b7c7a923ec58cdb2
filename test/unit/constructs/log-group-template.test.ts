/** LogGroupTemplate: the resources, and each rule of CloudWatch Logs at synthesis. */

import { Chart, Testing } from 'cdk8s';
import {
  AwsIdentity,
  CloudWatchFormat,
  type CloudWatchSinkProps,
  LogGroupClass,
  LogGroupTemplate,
  type LogGroupTemplateProps,
  LogTapAws,
  Sink,
} from '../../../src/constructs/index.js';

const sinkWith = (props: Partial<CloudWatchSinkProps> = {}) =>
  Sink.cloudWatch({
    logGroup: '/shop/orders',
    region: 'eu-central-1',
    createLogGroup: false,
    messageFormat: CloudWatchFormat.JSON,
    ...props,
  });
const made = (props: LogGroupTemplateProps, sink = sinkWith()) => new LogGroupTemplate(sink, props);
const propertiesOf = (props: LogGroupTemplateProps, type: string) =>
  made(props).resources.find((each) => each.resourceType === `AWS::Logs::${type}`)?.properties;
const firehose = {
  deliveryStreamArn: 'arn:aws:firehose:eu-central-1:111122223333:deliverystream/archive',
  roleArn: 'arn:aws:iam::111122223333:role/logs-to-firehose',
};

test('the log group has what the sink says, and stays when the stack goes', () => {
  const sink = sinkWith({ retentionDays: 30, tags: { team: 'shop' } });
  expect(made({ deletionProtection: true, fieldIndexes: ['severity'] }, sink).template).toEqual({
    AWSTemplateFormatVersion: '2010-09-09',
    Resources: {
      LogGroup: {
        Type: 'AWS::Logs::LogGroup',
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
        Properties: {
          LogGroupName: '/shop/orders',
          RetentionInDays: 30,
          Tags: [{ Key: 'team', Value: 'shop' }],
          DeletionProtectionEnabled: true,
          FieldIndexPolicies: [{ Fields: ['severity'] }],
        },
      },
    },
  });
});

test('what reads events refers to the log group, so that it is made after it', () => {
  const props = {
    transformer: [{ ParseJSON: {} }],
    metrics: [{ name: 'ErrorsPerMinute', metricNamespace: 'Shop' }],
    firehose,
  };
  for (const { properties, resourceType: type } of made(props).resources.slice(1)) {
    expect([type, properties.LogGroupName ?? properties.LogGroupIdentifier]).toEqual([type, { Ref: 'LogGroup' }]);
  }
  expect(propertiesOf(props, 'MetricFilter')).toMatchObject({
    FilterPattern:
      '{ ($.severity = "ERROR") || ($.severity = "FATAL") || ($.logtap.severity = "ERROR") || ($.logtap.severity = "FATAL") }',
    MetricTransformations: [{ MetricName: 'ErrorsPerMinute', MetricValue: '1', DefaultValue: 0 }],
  });
  expect(propertiesOf(props, 'SubscriptionFilter')).toMatchObject({
    FilterName: 'logtap-firehose',
    FilterPattern: '',
    DestinationArn: firehose.deliveryStreamArn,
  });
});

test('masking audits and masks the same identifiers, of the partition of the stack', () => {
  const { DataProtectionPolicy: policy } = propertiesOf({ masked: ['EmailAddress'] }, 'LogGroup');
  const [audit, mask] = policy.Statement;
  expect(audit.DataIdentifier).toEqual(mask.DataIdentifier);
  expect(audit.DataIdentifier[0]['Fn::Sub']).toMatch(/AWS::Partition}:dataprotection::aws:data-identifier\/Email/);
});

const fields = (count: number) => Array.from({ length: count }, (_, i) => `f${i}`);
const metric = { name: 'Errors', metricNamespace: 'Shop' };

test.each<[string, LogGroupTemplateProps]>([
  ['20 indexes', { fieldIndexes: fields(20) }],
  ['a field of 100 characters', { fieldIndexes: ['x'.repeat(100)] }],
  ['20 processors', { transformer: [{ ParseJSON: {} }, ...Array(19).fill({ TrimString: {} })] }],
  ['5 parsers', { transformer: Array(5).fill({ ParseKeyValue: {} }) }],
  ['100 metrics', { metrics: fields(100).map((name) => ({ ...metric, name })) }],
  ['a pattern of 1024 characters', { metrics: [{ ...metric, filterPattern: 'x'.repeat(1024) }] }],
])('%s are in the limit', (_, props) => {
  expect(() => made(props)).not.toThrow();
});

test.each<[string, LogGroupTemplateProps, RegExp]>([
  ['21 indexes', { fieldIndexes: fields(21) }, /at most 20/],
  ['no index', { fieldIndexes: [] }, /one entry or more/],
  ['an index twice', { fieldIndexes: ['a', 'a'] }, /once/],
  ['a field of 101 characters', { fieldIndexes: ['x'.repeat(101)] }, /1 to 100 characters/],
  ['21 processors', { transformer: Array(21).fill({ ParseJSON: {} }) }, /1 to 20 processors/],
  ['6 parsers', { transformer: Array(6).fill({ ParseJSON: {} }) }, /at most 5 parsers/],
  ['no parser first', { transformer: [{ AddKeys: {} }] }, /begin with a parser/],
  ['a late parser of AWS', { transformer: [{ ParseJSON: {} }, { ParseVPC: {} }] }, /first processor/],
  ['grok twice', { transformer: [{ Grok: {} }, { Grok: {} }] }, /once/],
  ['a processor as text', { transformer: ['ParseJSON'] }, /object with one processor/],
  ['two in one', { transformer: [{ ParseJSON: {}, Grok: {} }] }, /object with one processor/],
  ['an ARN as identifier', { masked: ['arn:aws:dataprotection::aws:data-identifier/EmailAddress'] }, /not the ARN/],
  ['101 metrics', { metrics: fields(101).map((name) => ({ ...metric, name })) }, /at most 100/],
  ['a metric twice', { metrics: [metric, metric] }, /once/],
  ['a namespace of AWS', { metrics: [{ ...metric, metricNamespace: 'AWS/Logs' }] }, /AWS\//],
  ['a name with a colon', { metrics: [{ ...metric, name: 'a:b' }] }, /without ':'/],
  ['a long pattern', { metrics: [{ ...metric, filterPattern: 'x'.repeat(1025) }] }, /1024/],
  ['a stream that is none', { firehose: { ...firehose, deliveryStreamArn: 'archive' } }, /Data Firehose/],
])('%s is refused', (_, props, says) => {
  expect(() => made(props)).toThrow(says);
});

test.each<[string, Sink, RegExp]>([
  ['another sink', Sink.stdout(), /be a sink of CloudWatch Logs/],
  ['a group that the shipper makes', sinkWith({ createLogGroup: true }), /createLogGroup: false/],
  ['a group of an unknown name', sinkWith({ logGroup: '/{label:app}' }), /without placeholders/],
])('%s is refused', (_, sink, says) => {
  expect(() => made({}, sink)).toThrow(says);
});

test('errors of text have no severity: a pattern is asked for', () => {
  const text = sinkWith({ messageFormat: CloudWatchFormat.TEXT });
  expect(() => made({ metrics: [metric] }, text)).toThrow(/\?ERROR \?FATAL/);
  expect(() => made({ metrics: [{ ...metric, filterPattern: '?ERROR' }] }, text)).not.toThrow();
});

test.each<LogGroupTemplateProps>([
  { fieldIndexes: ['a'] },
  { transformer: [{ ParseJSON: {} }] },
  { masked: ['EmailAddress'] },
  { metrics: [metric] },
  { firehose },
])('a cheaper class does not have %j', (props) => {
  const cheap = sinkWith({ groupClass: LogGroupClass.INFREQUENT_ACCESS });
  expect(() => made(props, cheap)).toThrow(/class STANDARD, not INFREQUENT_ACCESS/);
  expect(() => made({ deletionProtection: true }, cheap)).not.toThrow();
});

test('what the LogGroup of ACK has no field for is refused there, with the remedy', () => {
  const props = { sink: sinkWith(), identity: AwsIdentity.existing(), logGroup: true, fieldIndexes: ['a'] };
  expect(() => new LogTapAws(new Chart(Testing.app(), 'c'), 'Aws', props)).toThrow(/'fieldIndexes'.*LogGroupTemplate/);
});
