/** One chart per task. Take the file of yours, and leave the others. */
import { App } from 'cdk8s';
import { LogTapDefaults } from 'cdk8s-logtap';
import { CloudWatch } from './cloudwatch.js';
import { HelmChart } from './helm-chart.js';
import { NightlyJob } from './nightly-job.js';
import { OpenSearch } from './opensearch.js';
import { SeveralSinks } from './several-sinks.js';
import { TeamDefaults } from './team-defaults.js';

const app = new App();
// The image that you have built and pushed: no registry has it otherwise.
LogTapDefaults.set(app, { shipper: { image: 'registry.example/cdk8s-logtap:0.1.0' } });

new CloudWatch(app, 'cloudwatch');
new OpenSearch(app, 'opensearch');
new NightlyJob(app, 'nightly-job');
new HelmChart(app, 'helm-chart');
new TeamDefaults(app, 'team-defaults');
new SeveralSinks(app, 'several-sinks');
app.synth();
