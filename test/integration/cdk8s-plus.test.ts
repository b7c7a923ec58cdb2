/** The package beside every published version of cdk8s-plus, each alone: its own, cdk8s-plus-28, is an optional peer. */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureLocked } from '../../scripts/locked-packages.js';
import { describeWith } from '../support/capability.js';
import { root, run, temporaryDirectory } from '../support/run.js';

const { dependencies } = JSON.parse(readFileSync(join(root, 'scripts/cdk8s-plus/package.json'), 'utf8'));
const VERSIONS = Object.keys(dependencies).filter((name) => name.startsWith('cdk8s-plus-'));

/** Prints what synthesis gives of every kind of workload, tapped and not, with the relaxed defaults. */
const APP = `
const { App, Chart, Cron, Testing } = require('cdk8s');
const kplus = require(process.argv[2]);
const { LogTap, RelaxedDefaults, Sink } = require('cdk8s-logtap');
const props = { sink: Sink.stdout(), shipper: { image: 'registry.example/logtap:1' } };
function chart() {
  const chart = new Chart(new App(), 'shop');
  const pod = RelaxedDefaults.pod({ containers: [{ name: 'app', image: 'orders:4.2' }] });
  new kplus.Deployment(chart, 'deployment', pod).addContainer(RelaxedDefaults.container({ name: 'more', image: 'more:1' }));
  new kplus.StatefulSet(chart, 'set', { ...pod, service: new kplus.Service(chart, 'service', { ports: [{ port: 80 }] }) });
  new kplus.DaemonSet(chart, 'daemon', pod);
  new kplus.Job(chart, 'job', pod);
  new kplus.CronJob(chart, 'cron', { ...pod, schedule: Cron.hourly() });
  new kplus.Pod(chart, 'pod', pod);
  return chart;
}
const plain = Testing.synth(chart());
const tapped = chart();
LogTap.tap(tapped, props);
console.log(JSON.stringify({ plain, tapped: Testing.synth(tapped), injected: plain.map((object) => LogTap.inject(object, props)) }));
`;

describeWith(['cdk8s-plus'], 'cdk8s-plus', () => {
  /** An app with one version of cdk8s-plus, and the package as it is installed: nothing else is found from there. */
  function appWith(...versions: readonly string[]): string {
    const app = temporaryDirectory();
    const packages = join(ensureLocked('cdk8s-plus'), 'node_modules');
    mkdirSync(join(app, 'node_modules'));
    for (const name of ['cdk8s', 'constructs', ...versions])
      symlinkSync(join(packages, name), join(app, 'node_modules', name));
    const own = join(app, 'node_modules', 'cdk8s-logtap');
    for (const part of ['package.json', 'dist/src', 'dist/imports'])
      cpSync(join(root, part), join(own, part), { recursive: true });
    writeFileSync(join(app, 'main.js'), APP);
    return app;
  }

  async function node(app: string, ...args: readonly string[]) {
    const { code, stdout, stderr } = await run(process.execPath, args, { cwd: app });
    return { code, stdout, stderr };
  }

  test.each(VERSIONS)('%s: a tap on its workloads gives what injection into their manifests gives', async (version) => {
    const { stdout, stderr } = await node(appWith(version), 'main.js', version);
    expect(stderr).toBe('');
    const { plain, tapped, injected } = JSON.parse(stdout);
    expect(plain.map(({ kind }: { kind: string }) => kind).sort()).toEqual(
      ['CronJob', 'DaemonSet', 'Deployment', 'Job', 'Pod', 'Service', 'StatefulSet'].sort(),
    );
    expect(tapped).toEqual(injected);
    const text = JSON.stringify(tapped);
    expect(text.match(/"name":"logtap-install"/g)).toHaveLength(6);
    // Of each application's container, and of the two injected ones.
    expect(JSON.stringify(plain).match(/"readOnlyRootFilesystem":false/g)).toHaveLength(7);
    expect(JSON.stringify(plain)).not.toContain('"runAsNonRoot":true');
    expect(text.match(/"readOnlyRootFilesystem":true/g)).toHaveLength(12);
  });

  test('without cdk8s-plus-28, a name that needs it says so when it is used, and no other does', async () => {
    const app = appWith();
    const script = `const logtap = require('cdk8s-logtap');
      for (const name of Object.keys(logtap)) {
        try { console.log(name, typeof logtap[name]); } catch (error) { console.log(name, error.message); }
      }`;
    const { stdout, stderr } = await node(app, '--eval', script);
    expect(stderr).toBe('');
    const needs = stdout.split('\n').filter((line) => line.includes('cdk8s-plus-28'));
    expect(needs.map((line) => line.split(' ')[0]).sort()).toEqual(
      ['LogTapAws', 'TappedCronJob', 'TappedDaemonSet', 'TappedDeployment', 'TappedJob', 'TappedStatefulSet'].sort(),
    );
    expect(needs[0]).toContain('install it, or tap workloads of your version of cdk8s-plus with LogTap.tap()');
    expect(stdout).toMatch(/^LogTap function$/m);
    expect(stdout).toMatch(/^RelaxedDefaults function$/m);
    const module = "import { LogTap } from 'cdk8s-logtap'; console.log(typeof LogTap.tap);";
    expect(await node(app, '--input-type=module', '--eval', module)).toEqual({
      code: 0,
      stdout: 'function\n',
      stderr: '',
    });
  });
});
