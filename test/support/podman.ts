/**
 * Podman with settings and storage of its own, so that it works on a plain machine as root, without systemd, and beside
 * any other podman there: its locks are files, as every podman with a new storage frees all locks in the shared memory. Containers
 * get no network.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Running, run, start } from './run.js';

/** What the manifests ask of Kubernetes for the containers they add: the pod security standard "restricted". */
export const RESTRICTED = [
  '--read-only',
  // Podman would give a writable /tmp and /run; Kubernetes does not.
  '--read-only-tmpfs=false',
  '--cap-drop=ALL',
  '--security-opt=no-new-privileges',
] as const;

export interface Container extends Running {
  readonly name: string;
}

/** Mount points below a directory, the innermost first. */
function mountsBelow(directory: string): string[] {
  const points = readFileSync('/proc/self/mountinfo', 'latin1')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');
  return points.filter((point) => point.startsWith(`${directory}/`)).reverse();
}

export class Podman {
  /** What makes podman use these settings and this storage. */
  readonly env: Readonly<Record<string, string>>;
  private readonly directory = mkdtempSync(join(tmpdir(), 'logtap-podman-'));
  private volumes = 0;
  private readonly containers: string[] = [];
  private readonly played: string[] = [];

  constructor() {
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
lock_type = "file"
runtime = "runc"
tmp_dir = "${join(this.directory, 'tmp')}"
`,
    );
    writeFileSync(
      storageConf,
      `[storage]
driver = "overlay"
graphroot = "${join(this.directory, 'graph')}"
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

  /** Makes an image of the archive of a root file system that `write` leaves in a file. */
  async import(name: string, write: (file: string) => void, ...changes: readonly string[]): Promise<void> {
    const archive = join(this.directory, 'root.tar');
    write(archive);
    await this.podman('import', ...changes.map((change) => `--change=${change}`), archive, name);
    rmSync(archive);
  }

  /**
   * The command that runs a container in the foreground.
   * @param image an image's name, or `--rootfs` and a directory
   * @param limitSeconds ends it in any case
   */
  command(image: readonly string[], args: readonly string[], options: readonly string[], limitSeconds = 60) {
    const name = `logtap-test-${process.pid}-${this.containers.length}`;
    this.containers.push(name);
    const run = ['podman', '--log-level=error', 'run', '--rm', `--name=${name}`, '--pull=never', '--network=none'];
    return { name, command: [...run, `--timeout=${limitSeconds}`, ...options, ...image, ...args] };
  }

  /** Starts a container in the foreground. */
  container(image: string, args: readonly string[], options: readonly string[], limitSeconds?: number): Container {
    const { name, command } = this.command([image], args, options, limitSeconds);
    const [program = '', ...all] = command;
    return { name, ...start(program, all, { env: this.env }) };
  }

  /** A memory volume as Kubernetes makes it for an emptyDir: a tmpfs of this size that every user may write. */
  memoryVolume(sizeBytes: number): string {
    const path = join(this.directory, `volume-${this.volumes++}`);
    mkdirSync(path);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes},mode=0777`, 'tmpfs', path]);
    return path;
  }

  /**
   * Runs a pod as its manifest says, with podman's own reading of it, and without a network. Its containers are called
   * POD-CONTAINER; they stay when they have ended.
   */
  async play(manifest: object): Promise<void> {
    const file = join(this.directory, `pod-${this.played.length}.yaml`);
    writeFileSync(file, JSON.stringify(manifest));
    this.played.push(file);
    await this.podman('kube', 'play', '--network=none', file);
  }

  /** What a container has printed. */
  async logs(name: string): Promise<{ readonly stdout: string; readonly stderr: string }> {
    const { stdout, stderr } = await run('podman', ['logs', name], { env: this.env });
    return { stdout, stderr };
  }

  /** Ends what still runs, also after a failed test, and removes everything. */
  close(): void {
    for (const file of this.played) {
      spawnSync('podman', ['kube', 'down', file], { env: { ...process.env, ...this.env } });
    }
    spawnSync('podman', ['rm', '--force', '--all', '--time=0'], { env: { ...process.env, ...this.env } });
    // Its storage is mounted onto itself; the clean-up that podman leaves to a background process may come after this.
    for (const path of mountsBelow(this.directory)) spawnSync('umount', ['--lazy', path]);
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 300 });
  }
}
