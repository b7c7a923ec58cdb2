/** An app of the AWS CDK that deploys a tapped application: cluster, log group, rights and workload from one place. */
import { KubectlV34Layer } from '@aws-cdk/lambda-layer-kubectl-v34';
import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as eks from 'aws-cdk-lib/aws-eks';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as cdk8s from 'cdk8s';
import { AwsIdentity, CloudWatchFormat, LogTapAws, Sink, TappedDeployment } from 'cdk8s-logtap';

const stack = new Stack(new App(), 'Shop');
const cluster = new eks.Cluster(stack, 'Cluster', {
  version: eks.KubernetesVersion.V1_34,
  kubectlLayer: new KubectlV34Layer(stack, 'Kubectl'),
});
const logGroup = new logs.LogGroup(stack, 'Logs', {
  retention: logs.RetentionDays.ONE_MONTH,
  removalPolicy: RemovalPolicy.RETAIN,
  deletionProtectionEnabled: true,
  fieldIndexPolicies: [new logs.FieldIndexPolicy({ fields: ['severity', 'traceId'] })],
  dataProtectionPolicy: new logs.DataProtectionPolicy({
    identifiers: [logs.DataIdentifier.AWSSECRETKEY, logs.DataIdentifier.CREDITCARDNUMBER],
  }),
});
logGroup.addMetricFilter('Errors', {
  // The second is that of lines that are JSON objects themselves.
  filterPattern: logs.FilterPattern.any(
    logs.FilterPattern.stringValue('$.severity', '=', 'ERROR'),
    logs.FilterPattern.stringValue('$.logtap.severity', '=', 'ERROR'),
  ),
  metricNamespace: 'Shop',
  metricName: 'ErrorsPerMinute',
});

// What the stack makes is not known yet: the names are tokens, and CloudFormation fills them in.
const sink = Sink.cloudWatch({
  logGroup: logGroup.logGroupName,
  region: stack.region,
  account: stack.account,
  createLogGroup: false,
  // The index and the metric filter read fields.
  messageFormat: CloudWatchFormat.JSON,
});
const serviceAccount = cluster.addServiceAccount('Shipper', { namespace: 'default' });
for (const { actions, resources } of sink.iam) {
  serviceAccount.addToPrincipalPolicy(new iam.PolicyStatement({ actions, resources }));
}

const chart = new cdk8s.Chart(new cdk8s.App(), 'shop');
const aws = new LogTapAws(chart, 'Aws', {
  sink,
  identity: AwsIdentity.existing(serviceAccount.serviceAccountName),
});
new TappedDeployment(chart, 'Orders', {
  containers: [{ image: 'registry.example/orders:4.2' }],
  serviceAccount: aws.serviceAccount,
  tap: { sink, shipper: { image: 'registry.example/cdk8s-logtap:0.1.0' } },
});

// Last: this reads the chart, and what is added to it later is missing.
cluster.addCdk8sChart('Shop', chart).node.addDependency(serviceAccount);
