/** What the constructs cost: `cdk8s synth` of a chart with 100 Deployments, tapped and not, one after the other. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { median } from './median.js';
import { directory, print, root } from './workshop.js';

const ROUNDS = 7;
/** What 100 tapped Deployments may add to a synthesis, in seconds. */
const LIMIT_SECONDS = 1;

interface Synthesis {
  readonly seconds: number;
  readonly manifests: string;
}

function synthesise(kind: 'plain' | 'tapped'): Synthesis {
  const output = join(directory, kind);
  const program = join(root, 'bench', 'programs', 'hundred-deployments.js');
  const app = `"${process.execPath}" "${program}" ${kind}`;
  const begin = performance.now();
  execFileSync(join(root, 'node_modules', '.bin', 'cdk8s'), ['synth', '--app', app, '--output', output], {
    // Away from the example's cdk8s.yaml.
    cwd: directory,
    env: { ...process.env, CDK8S_CHECK_UPGRADE: 'false' },
    stdio: 'pipe',
  });
  const seconds = (performance.now() - begin) / 1000;
  const manifests = readFileSync(join(output, 'shop.k8s.yaml'), 'utf8');
  const installers = manifests.split('name: logtap-install').length - 1;
  if (installers !== (kind === 'tapped' ? 100 : 0)) throw new Error(`${installers} Deployments are tapped in ${kind}`);
  return { seconds, manifests };
}

export async function synth(): Promise<void> {
  const rounds = Array.from({ length: ROUNDS }, () => ({ plain: synthesise('plain'), tapped: synthesise('tapped') }));
  const seconds = (kind: 'plain' | 'tapped') => median(rounds.map((round) => round[kind].seconds));
  const kilobytes = (kind: 'plain' | 'tapped') => (rounds[0]![kind].manifests.length / 1024).toFixed(0);
  const share = median(rounds.map(({ plain, tapped }) => tapped.seconds - plain.seconds));
  print(`cdk8s synth of 100 Deployments, median of ${ROUNDS} rounds`, [
    ['', 'seconds', 'KiB of YAML'],
    ['as they are', seconds('plain').toFixed(2), kilobytes('plain')],
    ['tapped', seconds('tapped').toFixed(2), kilobytes('tapped')],
    ['difference within a round', share.toFixed(2), ''],
  ]);
  if (share >= LIMIT_SECONDS) {
    throw new Error(`tapping 100 Deployments takes ${share.toFixed(2)} s, more than the ${LIMIT_SECONDS} s it may`);
  }
}
