/** The guide to GitOps: its commands with Helm and kustomize themselves, its objects before the schemas of Argo CD and Flux. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { ensureSchemas } from '../../scripts/kubernetes-schemas.js';
import { type KubernetesObject, podTemplate } from '../../src/constructs/injection/workload.js';
import { describeWith } from '../support/capability.js';
import { directoryOfGoPrograms } from '../support/go-programs.js';
import { NEWEST_VERSION, schemaErrors } from '../support/kubernetes-schemas.js';
import { runPage, stepsOf } from '../support/page.js';
import { logtap, root, run, temporaryDirectory } from '../support/run.js';

jest.setTimeout(600_000);

const PAGE = 'docs/guides/gitops.md';
const steps = stepsOf(PAGE);
const fileOf = (name: string) => {
  const step = steps.find((each) => 'file' in each && each.file === name);
  if (step === undefined || !('file' in step)) throw new Error(`${PAGE} has no ${name}`);
  return step.text;
};

/** A directory with the chart of an example, and the command where npm installs it. */
function workplace(): string {
  const directory = temporaryDirectory();
  cpSync(join(root, 'examples/cdk8s/tasks/wiki'), join(directory, 'chart'), { recursive: true });
  mkdirSync(join(directory, 'node_modules/.bin'), { recursive: true });
  const program = `#!/bin/sh\nexec '${process.execPath}' '${logtap}' "$@"\n`;
  writeFileSync(join(directory, 'node_modules/.bin/logtap'), program, { mode: 0o755 });
  return directory;
}

const objectsIn = (text: string) => parseAllDocuments(text).map((each) => each.toJS() as KubernetesObject);
const namesOf = (object: KubernetesObject) => podTemplate(object).spec.initContainers?.map(({ name }) => name);

describeWith(['helm', 'kustomize', 'kubernetes schemas'], 'the guide to GitOps', () => {
  const programs = directoryOfGoPrograms('helm', 'kustomize');
  beforeAll(() => ensureSchemas());

  test('each command prints what the page says, and Kubernetes accepts each object that was written', async () => {
    const cwd = workplace();
    const home = temporaryDirectory();
    await runPage(steps, { cwd, env: { HOME: home, PATH: `${programs}:${process.env.PATH}` } });
    for (const [file, names] of Object.entries({
      'orders.yaml': ['orders'],
      'job.yaml': ['migrate'],
      'shop.yaml': ['shop'],
      'eu.yaml': ['eu-orders'],
      'eu-function.yaml': ['eu-orders'],
    })) {
      const objects = objectsIn(readFileSync(join(cwd, 'deploy', file), 'utf8'));
      expect(objects.map(({ metadata }) => metadata?.name)).toEqual(names);
      for (const object of objects) {
        expect(namesOf(object)).toEqual(['logtap-install', 'logtap']);
        expect(schemaErrors(object, NEWEST_VERSION)).toEqual([]);
      }
    }
  });

  test('Helm 4 gives the hooks of a chart to the plugin', async () => {
    const cwd = workplace();
    const job = 'spec: { template: { spec: { restartPolicy: Never, containers: [{ name: a, image: x }] } } }';
    const hook = `metadata: { name: migrate, annotations: { helm.sh/hook: pre-upgrade } }\n${job}\n`;
    writeFileSync(join(cwd, 'chart/templates/hook.yaml'), `apiVersion: batch/v1\nkind: Job\n${hook}`);
    const post = steps.filter((step) => 'file' in step || /^helm plugin/.test(step.command));
    const output = { command: 'helm template shop ./chart --post-renderer logtap > out.yaml', prints: '' };
    await runPage([...post, output], {
      cwd,
      env: { HOME: temporaryDirectory(), PATH: `${programs}:${process.env.PATH}` },
    });
    const objects = objectsIn(readFileSync(join(cwd, 'out.yaml'), 'utf8'));
    expect(objects.map((object) => [object.kind, namesOf(object)])).toEqual([
      ['Deployment', ['logtap-install', 'logtap']],
      ['Job', ['logtap-install', 'logtap']],
    ]);
  });

  test("Helm 3's post-renderer is a program that reads the manifests: with the arguments of the page it injects them", async () => {
    const page = readFileSync(join(root, PAGE), 'utf8');
    const [, command = ''] = /```sh\n(helm upgrade .*?)```/s.exec(page) ?? [];
    const args = [...command.matchAll(/--post-renderer-args (\S+)/g)].map(([, arg = '']) => arg);
    const cwd = workplace();
    writeFileSync(join(cwd, 'logtap.yaml'), fileOf('logtap.yaml'));
    const rendered = await run(join(programs, 'helm'), ['template', 'shop', './chart'], { cwd });
    const { code, stdout } = await run('node_modules/.bin/logtap', args, { cwd, input: rendered.stdout });
    expect([code, objectsIn(stdout).map(namesOf)]).toEqual([0, [['logtap-install', 'logtap']]]);
  });

  test("Argo CD's plugin writes nothing but the tapped manifests, and runs by paths that the image has", async () => {
    const [node, program, ...args] = parse(fileOf('plugin.yaml')).spec.generate.command as string[];
    const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
    expect(dockerfile).toContain(`ENTRYPOINT ["${node}"`);
    expect(dockerfile).toContain(`"${program}"]`);
    const cwd = temporaryDirectory();
    mkdirSync(join(cwd, 'manifests'));
    writeFileSync(join(cwd, 'manifests/app.yaml'), fileOf('app.yaml'));
    writeFileSync(join(cwd, 'logtap.yaml'), fileOf('logtap.yaml'));
    const { code, stdout } = await run(process.execPath, [logtap, ...args], { cwd });
    expect(code).toBe(0);
    expect(objectsIn(stdout).map(namesOf)).toEqual([['logtap-install', 'logtap']]);
  });

  test('the patch gives the repo-server of Argo CD a valid sidecar, whose volumes exist', async () => {
    const cwd = temporaryDirectory();
    const volumes = ['var-files', 'plugins'].map((name) => ({ name, emptyDir: {} }));
    const server = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'argocd-repo-server', namespace: 'argocd' },
      spec: {
        selector: { matchLabels: { app: 'a' } },
        template: {
          metadata: { labels: { app: 'a' } },
          spec: { containers: [{ name: 'argocd-repo-server', image: 'x' }], volumes },
        },
      },
    };
    writeFileSync(join(cwd, 'server.json'), JSON.stringify(server));
    writeFileSync(join(cwd, 'repo-server.yaml'), fileOf('repo-server.yaml'));
    writeFileSync(join(cwd, 'kustomization.yaml'), 'resources: [server.json]\npatches: [{ path: repo-server.yaml }]\n');
    const { stdout, stderr } = await run(join(programs, 'kustomize'), ['build', '.'], { cwd });
    expect(stderr).toBe('');
    const [patched] = objectsIn(stdout);
    expect(schemaErrors(patched!, NEWEST_VERSION)).toEqual([]);
    const { spec } = podTemplate(patched!);
    const known = spec.volumes?.map(({ name }) => name);
    const mounted = spec.containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name));
    expect(mounted).toHaveLength(4);
    expect(mounted.filter((name) => !known?.includes(name))).toEqual([]);
  });
});
