/** The manifests in examples/pipeline/deploy: what the commands of the example make of its app and its settings. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const DIRECTORY = join('examples', 'pipeline');

export function pipelineExample(root: string): [path: string, source: string, content: string][] {
  const tsx = join(root, 'node_modules', 'tsx', 'dist', 'cli.mjs');
  const inExample = (env: NodeJS.ProcessEnv, ...args: string[]) =>
    execFileSync(process.execPath, [tsx, ...args], {
      cwd: join(root, DIRECTORY),
      encoding: 'utf8',
      env: { ...process.env, ...env },
      stdio: 'pipe',
    });
  const synthesised = mkdtempSync(join(tmpdir(), 'logtap-pipeline-'));
  try {
    inExample({ CDK8S_OUTDIR: synthesised }, 'main.ts');
    const logtap = join(root, 'src', 'cli', 'main.ts');
    const manifests = inExample({}, logtap, 'inject', synthesised, '--config', 'logtap.yaml');
    return [[join(DIRECTORY, 'deploy', 'shop.yaml'), `main.ts and logtap.yaml of ${DIRECTORY}`, manifests]];
  } finally {
    rmSync(synthesised, { recursive: true, force: true });
  }
}
