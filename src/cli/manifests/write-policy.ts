/** `logtap inject --as-policy`: writes a policy that taps pods as the API server admits them. */
import { formatFinding, warningsOf } from '../../constructs/findings/finding.js';
import { objectName } from '../../constructs/injection/workload.js';
import { type TapPolicy, tapPolicy } from '../../constructs/policy/policy.js';
import type { ResolvedProps } from '../../constructs/props/resolve.js';
import { type CommandStreams, write } from '../streams.js';
import { UsageError } from '../usage.js';
import { formatManifests } from './manifests.js';

/** @throws UsageError if the name or a property is none that a policy can have; then nothing was written */
export async function writePolicy(
  name: string,
  props: ResolvedProps,
  format: 'yaml' | 'json',
  io: CommandStreams,
): Promise<void> {
  const { objects, findings } = policyOf(name, props);
  await write(io.stdout, formatManifests(objects, format));
  const report = [
    ...objects.map((object) => `+ written ${objectName(object)}`),
    ...warningsOf(findings).map((each) => `! ${formatFinding(each)}`),
  ];
  await write(io.stderr, report.map((line) => `${line}\n`).join(''));
}

function policyOf(name: string, props: ResolvedProps): TapPolicy {
  try {
    return tapPolicy(name, props);
  } catch (error) {
    throw new UsageError(`--as-policy ${name}: ${(error as Error).message}`);
  }
}
