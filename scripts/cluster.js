// A real Kubernetes of one node for tests: etcd, the control plane, the kubelet and containerd, built from their Go modules,
// with Debian's runc and CNI plugins, in namespaces of their own. It ends with the process that started it.
//
//     node scripts/cluster.js      builds the missing parts of the cache: about 10 minutes of CPU time, 250 MB at the end
//
// Needs root, Go 1.26, gcc, runc, openssl, iproute2, and cgroups of the older interface. Exported for set-up and tests:
// ensureCluster(), hasOlderCgroups(), isClusterPresent(), startCluster(directory), writeImageArchive(files, image, archive).
const { execFileSync, spawn, spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} = require('node:fs');
const { join } = require('node:path');
const { cacheDir } = require('./cache.js');

const KUBERNETES = '1.36.3';
const CONTAINERD = '2.3.7';
/** Of the node, in the network of the pods. */
const ADDRESS = '10.87.0.1';
/** Bound on the memory of all pods together. */
const MEMORY = '4G';
const START_MS = 600_000;

const GROUP = 'logtap-cluster-';
const source = join(__dirname, 'cluster');
const CNI_PLUGINS = ['bridge', 'host-local', 'loopback'];

/** Holds the programs; complete if it exists. */
function target() {
  const hash = createHash('sha256').update(`${KUBERNETES} ${CONTAINERD}`);
  for (const part of ['kube', 'containerd']) {
    for (const file of readdirSync(join(source, part)).sort()) hash.update(readFileSync(join(source, part, file)));
  }
  return join(cacheDir(), `cluster-${hash.digest('hex').slice(0, 8)}`);
}

const isClusterPresent = () => existsSync(target());

/** Whether the controllers of pods are in hierarchies of the older interface, where node.sh makes the groups. */
const hasOlderCgroups = () => ['memory', 'cpuset'].every((name) => existsSync(`/sys/fs/cgroup/${name}/cgroup.procs`));

/** @param {string} part @param {string} output @param {string} work @param {string[]} args */
function buildGo(part, output, work, ...args) {
  const env = {
    ...process.env,
    CGO_ENABLED: '0',
    // Gigabytes that nothing needs afterwards.
    GOCACHE: join(work, 'go-build'),
    GOMODCACHE: join(work, 'go-modules'),
    // Two compilers at once take up to 5 GB of memory.
    GOFLAGS: '-mod=readonly -modcacherw -p=2',
  };
  const command = ['-n', '19', 'go', 'build', '-trimpath', '-o', output, ...args];
  execFileSync('nice', command, { cwd: join(source, part), env, stdio: 'pipe', maxBuffer: 1 << 26 });
}

/** The version that the programs report: without it the API server does not start. */
function versionFlags() {
  const [major, minor] = KUBERNETES.split('.');
  const values = {
    gitVersion: `v${KUBERNETES}`,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: 'clean',
    gitCommit: 'module',
    buildDate: '1970-01-01T00:00:00Z',
  };
  return ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((of) => {
    return Object.entries(values).map(([name, value]) => `-X ${of}.${name}=${value}`);
  });
}

/** Builds the programs unless they are there. */
function ensureCluster() {
  if (isClusterPresent()) return;
  const work = mkdtempSync(join(cacheDir(), 'cluster-building-'));
  try {
    const bin = join(work, 'bin');
    mkdirSync(bin);
    buildGo('kube', join(bin, 'kube'), work, '-ldflags', ['-s -w', ...versionFlags()].join(' '), '.');
    const containerd = 'github.com/containerd/containerd/v2';
    const flags = `-s -w -X ${containerd}/version.Version=v${CONTAINERD}`;
    const programs = ['containerd', 'containerd-shim-runc-v2', 'ctr'].map((name) => `${containerd}/cmd/${name}`);
    const tags = 'no_btrfs,no_zfs,no_devmapper,no_tracing';
    buildGo('containerd', `${bin}/`, work, '-tags', tags, '-ldflags', flags, ...programs);
    execFileSync('apt-get', ['download', '-qq', 'containernetworking-plugins'], { cwd: work, stdio: 'pipe' });
    const archive = readdirSync(work).find((name) => name.endsWith('.deb')) ?? '';
    execFileSync('dpkg', ['-x', archive, 'plugins'], { cwd: work, stdio: 'pipe' });
    for (const plugin of CNI_PLUGINS) copyFileSync(join(work, 'plugins/usr/lib/cni', plugin), join(bin, plugin));
    // One rename, so that a file that exists is complete.
    renameSync(bin, target());
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Writes an image of one program, as `ctr images import` reads it. @param {string} archive */
function writePauseImage(archive) {
  const work = mkdtempSync(join(cacheDir(), 'pause-'));
  try {
    execFileSync('gcc', ['-static', '-Os', '-o', join(work, 'pause'), join(source, 'pause.c')]);
    writeImageArchive(work, { name: 'localhost/pause:1', entryPoint: ['/pause'] }, archive);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Writes an image with the files of a directory, as `ctr images import` reads it.
 * @param {string} files @param {{ name: string, entryPoint: readonly string[] }} image @param {string} archive
 */
function writeImageArchive(files, { name, entryPoint }, archive) {
  const work = mkdtempSync(join(cacheDir(), 'image-archive-'));
  try {
    execFileSync('tar', ['-C', files, '--owner=0', '--group=0', '-cf', join(work, 'layer.tar'), '.']);
    const layer = createHash('sha256')
      .update(readFileSync(join(work, 'layer.tar')))
      .digest('hex');
    const image = {
      ...{ architecture: process.arch === 'arm64' ? 'arm64' : 'amd64', os: 'linux' },
      config: { Entrypoint: entryPoint },
      rootfs: { type: 'layers', diff_ids: [`sha256:${layer}`] },
    };
    writeFileSync(join(work, 'config.json'), JSON.stringify(image));
    const manifest = [{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }];
    writeFileSync(join(work, 'manifest.json'), JSON.stringify(manifest));
    execFileSync('tar', ['-C', work, '-cf', archive, 'manifest.json', 'config.json', 'layer.tar']);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** cgroups outlive their processes: deepest first. @param {string} group */
function removeGroups(group) {
  for (const controller of readdirSync('/sys/fs/cgroup')) {
    const path = join('/sys/fs/cgroup', controller, group);
    if (existsSync(path))
      spawnSync('find', [path, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';'], { stdio: 'ignore' });
  }
}

/** Those of processes that were killed before they could remove them. */
function leftGroups() {
  const names = readdirSync('/sys/fs/cgroup/memory').filter((name) => name.startsWith(GROUP));
  return names.filter((name) => !existsSync(`/proc/${name.slice(GROUP.length)}`));
}

/**
 * @typedef {object} Cluster
 * @property {string} address of the node; what `expose` exposes is there
 * @property {string} kubeconfig the file of an administrator
 * @property {string} podLogs the kubelet's directory of logs, as it is on this machine
 * @property {(args: readonly string[]) => [string, ...string[]]} kubectl the command that runs kubectl
 * @property {(command: readonly string[]) => [string, ...string[]]} within the command that runs another in the network of
 *   the pods
 * @property {(archive: string) => void} importImage makes an image of a docker archive known to the node
 * @property {(port: number) => Promise<void>} expose makes a server on this machine's loopback reachable for pods, at the
 *   node's address and the same port
 * @property {() => Promise<void>} stop
 */

/**
 * Starts a cluster and resolves when the node is ready: about ten seconds.
 * @param {string} state a directory for all that it writes; not a memory file system
 * @returns {Promise<Cluster>}
 */
async function startCluster(state) {
  const bin = target();
  for (const left of leftGroups()) removeGroups(left);
  const group = `${GROUP}${process.pid}`;
  const log = join(state, 'log');
  mkdirSync(log, { recursive: true });
  const namespaces = [
    'unshare',
    '--net',
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    '--propagation',
    'slave',
  ];
  // Two guards: the kernel ends unshare with this process, and the first process inside, so all of them, with unshare.
  const node = spawn('setpriv', ['--pdeathsig', 'KILL', ...namespaces, 'sh', join(source, 'node.sh'), state], {
    env: { ...process.env, BIN: bin, GROUP: group, MEMORY },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  node.stderr.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-4000);
  });
  const ended = new Promise((resolve) => node.once('exit', resolve));
  /** @type {(() => void)[]} */
  const relays = [];
  const stop = async () => {
    for (const end of relays) end();
    node.kill('SIGKILL');
    await ended;
    for (let i = 0; i < 20; i++) {
      removeGroups(group);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  try {
    await new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no node was ready after ${START_MS / 1000} s: ${said}`)),
        START_MS,
      );
      node.stdout.once('data', () => {
        clearTimeout(timer);
        resolve(undefined);
      });
      node.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`the node ended with ${code}: ${said}`));
      });
    });
  } catch (error) {
    await stop();
    throw error;
  }
  const inside = readFileSync(`/proc/${node.pid}/task/${node.pid}/children`, 'utf8').trim();
  /** @param {string[]} kinds */
  const enter = (...kinds) => ['nsenter', `--target=${inside}`, ...kinds];
  /** @param {string} archive */
  const importImage = (archive) => {
    const ctr = [join(bin, 'ctr'), '--address', '/run/containerd/containerd.sock', '-n', 'k8s.io'];
    const [command = '', ...args] = [...enter('--net', '--mount'), ...ctr, 'images', 'import', '--local', archive];
    execFileSync(command, args, { stdio: 'pipe' });
  };
  const kubeconfig = join(state, 'admin.kubeconfig');
  const client = [join(bin, 'kube'), 'kubectl', '--kubeconfig', kubeconfig];
  const pause = join(state, 'pause.tar');
  writePauseImage(pause);
  importImage(pause);
  return {
    address: ADDRESS,
    kubeconfig,
    podLogs: join(state, 'var-log', 'pods'),
    kubectl: (args) => ['nsenter', `--target=${inside}`, '--net', ...client, ...args],
    within: (command) => ['nsenter', `--target=${inside}`, '--net', ...command],
    importImage,
    expose: async (port) => {
      relays.push(await expose(port, state, enter('--net')));
    },
    stop,
  };
}

/**
 * Sockets of the file system belong to no network: one relay listens in the cluster's, one connects in this one. Both are
 * processes, so that a caller that waits for kubectl delays nobody.
 * @param {number} port @param {string} state @param {string[]} enter
 * @returns {Promise<() => void>} ends it
 */
async function expose(port, state, enter) {
  const path = join(state, `${port}.sock`);
  const outer = await startRelay([], [path], [port, '127.0.0.1']);
  const inner = await startRelay(enter, [port, ADDRESS], [path]);
  return () => {
    for (const relay of [outer, inner]) relay.kill('SIGKILL');
  };
}

/**
 * Hands on every connection to the one address to the other.
 * @param {string[]} enter @param {(string | number)[]} from @param {(string | number)[]} to
 */
async function startRelay(enter, from, to) {
  const program = `
    const { createConnection, createServer } = require('node:net');
    createServer((peer) => {
      const service = createConnection(...${JSON.stringify(to)});
      for (const [one, other] of [[peer, service], [service, peer]]) one.on('error', () => other.destroy());
      peer.pipe(service).pipe(peer);
    }).listen(...${JSON.stringify(from)}, () => console.log('listening'));`;
  const [command = '', ...args] = ['setpriv', '--pdeathsig', 'KILL', ...enter, process.execPath, '-e', program];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child;
}

module.exports = { ensureCluster, hasOlderCgroups, isClusterPresent, startCluster, writeImageArchive };

if (require.main === module) {
  try {
    ensureCluster();
  } catch (error) {
    const { message, stderr = '' } = /** @type {Error & { stderr?: Buffer }} */ (error);
    console.error(`cluster: ${message}\n${stderr}`);
    process.exitCode = 1;
  }
}
