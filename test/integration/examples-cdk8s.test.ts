/** The charts of examples/cdk8s, run by the commands of their page, and what Kubernetes says about the manifests. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { ensureSchemas } from '../../scripts/kubernetes-schemas.js';
import type { KubernetesObject } from '../../src/constructs/injection/workload.js';
import { describeWith } from '../support/capability.js';
import { directoryOfGoPrograms } from '../support/go-programs.js';
import { NEWEST_VERSION, schemaErrors } from '../support/kubernetes-schemas.js';
import { runPage, stepsOf } from '../support/page.js';
import { root } from '../support/run.js';

const example = join(root, 'examples', 'cdk8s');
const written = join(example, 'dist');

describeWith(['helm', 'kubernetes schemas'], 'the charts by task', () => {
  beforeAll(async () => {
    await ensureSchemas();
    rmSync(written, { recursive: true, force: true });
  });
  afterAll(() => rmSync(written, { recursive: true, force: true }));

  test('are synthesised as their page shows, and Kubernetes accepts every object', async () => {
    await runPage(stepsOf('examples/cdk8s/README.md'), {
      cwd: example,
      env: { CDK8S_CHECK_UPGRADE: 'false', PATH: `${directoryOfGoPrograms('helm')}:${process.env.PATH}` },
    });
    const objects = readdirSync(written).flatMap((file) =>
      parseAllDocuments(readFileSync(join(written, file), 'utf8')).map(
        (document) => document.toJS() as KubernetesObject,
      ),
    );
    expect(objects.map(({ kind }) => kind).sort()).toEqual(
      ['CronJob', ...Array(5).fill('Deployment'), 'Service', 'ServiceAccount', 'StatefulSet'].sort(),
    );
    expect(objects.flatMap((object) => schemaErrors(object, NEWEST_VERSION))).toEqual([]);
  });

  test('are those of the page', () => {
    const page = readFileSync(join(example, 'README.md'), 'utf8');
    const charts = readdirSync(join(example, 'tasks')).filter((file) => file.endsWith('.ts') && file !== 'main.ts');
    expect(charts.filter((file) => !page.includes(`](tasks/${file})`))).toEqual([]);
    const app = readFileSync(join(example, 'tasks', 'main.ts'), 'utf8');
    expect(charts.filter((file) => !app.includes(`'./${file.replace('.ts', '.js')}'`))).toEqual([]);
  });
});
