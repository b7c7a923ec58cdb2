/** What Vault's agent injector makes of a pod, by its documentation and observed output. */
import type { Container } from '../../../src/constructs/injection/workload.js';
import { added, annotated, type Injector, moved } from './pod.js';

const STATUS = 'vault.hashicorp.com/agent-inject-status';
const secrets = { name: 'vault-secrets', mountPath: '/vault/secrets' };

interface VaultOptions {
  /** `agent-init-first`. */
  readonly isFirst: boolean;
  /** `agent-copy-volume-mounts`: the container whose mounts the agents get, too. */
  readonly copiesMountsOf?: string;
}

/** Every container gets the volume of the secrets, init containers included. */
export const vault =
  ({ isFirst, copiesMountsOf }: VaultOptions): Injector =>
  (given) => {
    if (given.metadata?.annotations?.[STATUS] !== undefined) return given;
    const template = annotated(given, { [STATUS]: 'injected' });
    const { spec } = template;
    const theirs = [...spec.containers, ...(spec.initContainers ?? [])];
    const copied = theirs.find(({ name }) => name === copiesMountsOf)?.volumeMounts ?? [];
    for (const container of theirs) container.volumeMounts = [...(container.volumeMounts ?? []), secrets];
    const agent = (name: string, home: string, args: string[]): Container => ({
      ...{ name, image: 'hashicorp/vault', args, env: [{ name: 'VAULT_LOG_LEVEL', value: 'info' }] },
      volumeMounts: [{ name: home, mountPath: '/home/vault' }, secrets, ...copied],
    });
    added(spec, 'initContainers', agent('vault-agent-init', 'home-init', ['vault agent -exit-after-auth']));
    if (isFirst) spec.initContainers = moved(spec.initContainers!, 'vault-agent-init', 'first');
    added(spec, 'containers', agent('vault-agent', 'home-sidecar', ['vault agent']));
    const names = ['home-init', 'home-sidecar', secrets.name];
    added(spec, 'volumes', ...names.map((name) => ({ name, emptyDir: { medium: 'Memory' } })));
    return template;
  };
