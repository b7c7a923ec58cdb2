/** The first steps of a user: a new cdk8s app, the package from its archive, the README's example. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { ensureSchemas } from '../../scripts/kubernetes-schemas.js';
import { ensureLocked } from '../../scripts/locked-packages.js';
import type { KubernetesObject } from '../../src/constructs/injection/workload.js';
import { describeWith } from '../support/capability.js';
import { NEWEST_VERSION, schemaErrors } from '../support/kubernetes-schemas.js';
import { firstBlock } from '../support/readme.js';
import { root, run, temporaryDirectory } from '../support/run.js';
import { container } from '../support/workloads.js';

/** Paths below node_modules of everything that is installed in an app. */
function installed(app: string): string[] {
  const { packages } = JSON.parse(readFileSync(join(app, 'package-lock.json'), 'utf8'));
  return Object.keys(packages).filter((path) => path !== '');
}

describeWith(['typescript app', 'kubernetes schemas'], 'a new user', () => {
  let app: string;
  let before: string[];

  /** Runs a command in the app; its output is shown when it fails. */
  async function inApp(command: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await run(command, args, { cwd: app, env: { CDK8S_CHECK_UPGRADE: 'false' } });
    if (code !== 0) throw new Error(`\`${[command, ...args].join(' ')}\` ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  beforeAll(async () => {
    await ensureSchemas();
    app = temporaryDirectory();
    cpSync(ensureLocked('typescript-app'), app, { recursive: true, verbatimSymlinks: true });
    const template = join(app, 'node_modules', 'cdk8s-cli', 'templates', 'typescript-app');
    for (const file of ['cdk8s.yaml', 'tsconfig.json']) cpSync(join(template, file), join(app, file));
    writeFileSync(join(app, 'main.ts'), firstBlock('ts'));
    before = installed(app);
    // Without its scripts, which would build anew under the tests that run at the same time.
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', app], { cwd: root });
    const archive = readdirSync(app).find((file) => file.endsWith('.tgz'));
    // The versions of the peers are looked up where npm has not seen them: a new machine has an empty cache.
    await inApp('npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', `./${archive}`);
  });

  test('gets the package and nothing else: no library of the shipper', () => {
    expect(installed(app).filter((path) => !before.includes(path))).toEqual(['node_modules/cdk8s-logtap']);
    expect(before).toContain('node_modules/cdk8s');
    expect(before.filter((path) => /@aws-sdk|@smithy|@opensearch-project/.test(path))).toEqual([]);
  });

  test('synthesises the example of the README with what `cdk8s init` writes, and Kubernetes accepts it', async () => {
    await inApp('npx', 'cdk8s', 'synth');
    const [file = ''] = readdirSync(join(app, 'dist'));
    const manifests = parseAllDocuments(readFileSync(join(app, 'dist', file), 'utf8')).map(
      (document) => document.toJS() as KubernetesObject,
    );
    expect(manifests.map(({ kind }) => kind)).toEqual(['Deployment']);
    expect(manifests.flatMap((manifest) => schemaErrors(manifest, NEWEST_VERSION))).toEqual([]);
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(container(manifests[0]!, 'logtap').image).toBe(`registry.example/cdk8s-logtap:${version}`);
  });

  test('compiles it with the types of the package checked', async () => {
    await inApp('npx', 'tsc', '--build');
  });

  test('imports every public name from an ES module', async () => {
    const required: string[] = JSON.parse(
      await inApp('node', '--print', "JSON.stringify(Object.keys(require('cdk8s-logtap')))"),
    );
    expect(required).toContain('TappedDeployment');
    const script = `import { ${required.join(', ')} } from 'cdk8s-logtap'; console.log(typeof TappedDeployment);`;
    expect(await inApp('node', '--input-type=module', '--eval', script)).toBe('function\n');
  });

  test('has the command line', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(await inApp('npx', 'logtap', '--version')).toContain(version);
  });
});
