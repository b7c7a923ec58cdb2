/**
 * Podman with settings of its own, so that it works on a plain machine as root, without systemd, and next to whatever
 * else is installed there. Containers get no network unless a test says so.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheDir } from '../../scripts/cache.js';
import { type Running, run, start } from './run.js';

/** What the manifests ask of Kubernetes for the containers they add: the pod security standard "restricted". */
export const RESTRICTED = [
  '--read-only',
  // Podman would give a writable /tmp and /run; Kubernetes does not.
  '--read-only-tmpfs=false',
  '--cap-drop=ALL',
  '--security-opt=no-new-privileges',
] as const;

export class Podman {
  private readonly env: Record<string, string>;
  private readonly directory = mkdtempSync(join(tmpdir(), 'logtap-podman-'));
  private readonly mounts: string[] = [];

  constructor() {
    const storage = cacheDir('podman');
    const containersConf = join(this.directory, 'containers.conf');
    const storageConf = join(this.directory, 'storage.conf');
    writeFileSync(
      containersConf,
      `[containers]
default_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
`,
    );
    writeFileSync(
      storageConf,
      `[storage]
driver = "overlay"
graphroot = "${join(storage, 'graph')}"
runroot = "${join(this.directory, 'run')}"
`,
    );
    this.env = { CONTAINERS_CONF: containersConf, CONTAINERS_STORAGE_CONF: storageConf };
  }

  /** Runs a podman command to its end; throws with what it printed when it fails. */
  async podman(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await run('podman', args, { env: this.env });
    if (code !== 0) throw new Error(`podman ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  /** Starts a container in the foreground. `limitSeconds` ends it in any case. */
  container(image: string, args: readonly string[], options: readonly string[], limitSeconds = 60): Running {
    const all = [
      'run',
      '--rm',
      '--pull=never',
      '--network=none',
      `--timeout=${limitSeconds}`,
      ...options,
      image,
      ...args,
    ];
    return start('podman', all, { env: this.env });
  }

  /** A memory volume as Kubernetes makes it for an emptyDir: a tmpfs of this size that everybody may write. */
  memoryVolume(sizeBytes: number): string {
    const path = join(this.directory, `volume-${this.mounts.length}`);
    mkdirSync(path);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes},mode=0777`, 'tmpfs', path]);
    this.mounts.push(path);
    return path;
  }

  close(): void {
    for (const path of this.mounts) execFileSync('umount', [path]);
    rmSync(this.directory, { recursive: true, force: true });
  }
}
