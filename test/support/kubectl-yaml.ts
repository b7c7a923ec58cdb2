/** What kubectl reads in manifests. Needs the capability `kubectl yaml`. */
import { ensureGoProgram } from '../../scripts/go-program.js';
import type { KubernetesObject } from '../../src/constructs/injection/workload.js';
import { run } from './run.js';

/** The objects of a text as kubectl reads them, the items of Lists one by one. */
export async function asKubectl(text: string): Promise<KubernetesObject[]> {
  const { code, stdout, stderr } = await run(ensureGoProgram('kubectl-yaml'), [], { input: text });
  if (code !== 0) throw new Error(stderr);
  return stdout
    .split('\n')
    .filter((line) => line !== '' && line !== 'null')
    .map((line) => JSON.parse(line))
    .flatMap((object) => (object.kind === 'List' ? object.items : [object]));
}
