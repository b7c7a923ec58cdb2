// A chart of 100 Deployments with two containers each; tapped with the argument `tapped`.
const { join } = require('node:path');
const { App, Chart } = require('cdk8s');
const { Deployment } = require('cdk8s-plus-28');

/** @type {typeof import('../../src/constructs/index.js') | undefined} */
const logtap =
  process.argv[2] === 'tapped' ? require(join(__dirname, '../../dist/src/constructs/index.js')) : undefined;
const tap = logtap && {
  sink: logtap.Sink.cloudWatch({ logGroup: '/shop', region: 'eu-central-1' }),
  file: '/var/log/app.log',
  suppressFile: true,
};

const app = new App();
const chart = new Chart(app, 'shop');
for (let i = 0; i < 100; i += 1) {
  const props = { containers: ['web', 'worker'].map((name) => ({ name, image: `${name}:1` })) };
  if (logtap && tap) new logtap.TappedDeployment(chart, `D${i}`, { ...props, tap });
  else new Deployment(chart, `D${i}`, props);
}
app.synth();
