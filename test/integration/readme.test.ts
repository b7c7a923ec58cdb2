/** The README's examples, run as they are there. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { firstBlock } from '../support/readme.js';
import { logtap, root, run } from '../support/run.js';

interface Workload {
  readonly kind: string;
  readonly spec: {
    readonly template: { readonly spec: { readonly initContainers: readonly { readonly name: string }[] } };
  };
}

const injected = (workload: Workload) => workload.spec.template.spec.initContainers.map(({ name }) => name);

describe('README', () => {
  test('the cdk8s example synthesises a tapped Deployment, importing the package by its name', async () => {
    // Inside the package, so that its own name resolves to what was built.
    const directory = join(root, 'dist', 'readme');
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'main.ts'), firstBlock('ts'));
    const { code, stderr } = await run(process.execPath, ['--import', 'tsx', join(directory, 'main.ts')], {
      cwd: directory,
      env: { CDK8S_OUTDIR: directory },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [file] = readdirSync(directory).filter((name) => name.endsWith('.yaml'));
    const [deployment] = parseAllDocuments(readFileSync(join(directory, file ?? ''), 'utf8')).map((document) =>
      document.toJS(),
    );
    expect(deployment.kind).toBe('Deployment');
    expect(injected(deployment)).toEqual(['logtap-install', 'logtap']);
  });

  test('the pipe through logtap inject taps what kubectl gives', async () => {
    const line = /\| logtap (inject .*?) \| kubectl apply/s.exec(firstBlock('sh'))?.[1]?.replace('\\\n', '') ?? '';
    const manifest = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'orders' },
      spec: {
        selector: { matchLabels: { app: 'orders' } },
        template: {
          metadata: { labels: { app: 'orders' } },
          spec: { containers: [{ name: 'orders', image: 'orders:1' }] },
        },
      },
    };
    const { code, stdout, stderr } = await run(process.execPath, [logtap, ...line.split(/ +/)], {
      input: JSON.stringify(manifest),
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '+ injected Deployment/orders\n' });
    expect(injected(parseAllDocuments(stdout)[0]?.toJS())).toEqual(['logtap-install', 'logtap']);
  });
});
