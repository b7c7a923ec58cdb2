/** A cluster with the product's image and one of a legacy application, and the services that pods send to. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { busyBox } from '../../scripts/busybox.js';
import { type CloudWatchServer, startCloudWatch } from '../../scripts/cloudwatch.js';
import { type Cluster as Node, startCluster } from '../../scripts/cluster.js';
import { type OpenSearchServer, startOpenSearch } from '../../scripts/opensearch.js';
import { SHIPPER } from '../../src/constructs/injection/shipper.js';
import { podTemplate } from '../../src/constructs/injection/workload.js';
import type { LogTapProps } from '../../src/constructs/props/log-tap-props.js';
import { ImagePullPolicy } from '../../src/constructs/props/shipper-options.js';
import { Sink } from '../../src/constructs/sinks/sink.js';
import { ShipperLogs } from './cluster-logs.js';
import { buildImage, IMAGE } from './image.js';
import { Podman } from './podman.js';
import { writeProgramImage } from './program-image.js';
import { type Ended, logtap, type Running, root, run, start, temporaryDirectory, until } from './run.js';
import { AWS_ENV, readOpenSearch } from './sinks-read-back.js';
import { inject } from './tap.js';

/** An image with a shell and common programs. */
const LEGACY = 'localhost/legacy:1';
/** BusyBox with musl, as in images of Alpine. */
const ALPINE = 'localhost/alpine:1';
/** Another name of the image under test. */
export const NEXT_IMAGE = 'localhost/cdk8s-logtap:next';
/** Under the names that the examples give them, too. */
const IMAGES = [
  [IMAGE, 'docker.io/library/cdk8s-logtap:0.1.0', 'registry.example/cdk8s-logtap:0.1.0', NEXT_IMAGE],
  [
    LEGACY,
    'docker.io/library/debian:bookworm-slim',
    ...['docker.io/shop/web:3.1', 'docker.io/shop/report:1.7', 'docker.io/billing/invoices:4.2'],
  ],
  [ALPINE],
];
const PROGRAMS = [
  'sh',
  'bash',
  'cat',
  'date',
  'env',
  'head',
  'ls',
  'mkdir',
  'rm',
  'seq',
  'setpriv',
  'sha256sum',
  'sleep',
  'stat',
  'tail',
  'tar',
  'tty',
  'wc',
];

/** Of any call of kubectl. */
const PATIENCE_MS = 300_000;
/** The same, for kubectl. */
export const PATIENCE = `--timeout=${PATIENCE_MS / 1000}s`;

/** For an application that ends when it is told to: its pod ends once all is drained, also on a busy machine. */
export const LONG_DRAIN = { drainSeconds: 240 };

export type Answer = Pick<Ended, 'code' | 'stdout' | 'stderr'>;

/** In a service of the cluster. */
export type Target = { readonly index: string } | { readonly logGroup: string };

export interface Shipped {
  readonly target: Target;
  /** Names of the workloads that send there, with which the names of their pods begin. */
  readonly workloads: string[];
}

interface Parts {
  readonly directory: string;
  readonly node: Node;
  readonly search: OpenSearchServer;
  readonly cloud: CloudWatchServer;
  readonly logs: ShipperLogs;
}

export class TestCluster {
  static #names = 0;
  readonly #parts: Parts;
  readonly #node: Node;
  readonly search: OpenSearchServer;
  readonly cloud: CloudWatchServer;
  /** Logs of every shipper so far, also of pods that are gone. */
  readonly logs: ShipperLogs;
  /** What tapped workloads send to services of the cluster. */
  readonly shipped: Shipped[] = [];

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.#node = parts.node;
    this.search = parts.search;
    this.cloud = parts.cloud;
    this.logs = parts.logs;
  }

  /** The same cluster, with no tapped workloads so far. */
  apart(): TestCluster {
    return new TestCluster(this.#parts);
  }

  static async start(): Promise<TestCluster> {
    const directory = mkdtempSync(join(tmpdir(), 'lt-cluster-'));
    const podman = new Podman();
    const archives: string[] = [];
    try {
      await buildImage(podman);
      const entryPoint = join(directory, 'entrypoint');
      execFileSync('gcc', ['-static', '-o', entryPoint, join(root, 'test/cluster/programs/entrypoint.c')]);
      const programs = [...PROGRAMS.map((name) => `/usr/bin/${name}`), entryPoint];
      await podman.import(LEGACY, (archive) => writeProgramImage(programs, archive), 'ENV PATH=/usr/bin');
      await podman.import(ALPINE, (archive) => writeProgramImage([busyBox('musl')], archive), 'ENV PATH=/usr/bin');
      for (const names of IMAGES) {
        const archive = join(directory, `${archives.length}.tar`);
        await podman.podman('save', '--format=docker-archive', `--output=${archive}`, ...names);
        archives.push(archive);
      }
    } finally {
      podman.close();
    }
    const [node, search, cloud] = await Promise.all([
      startCluster(join(directory, 'node')),
      startOpenSearch(),
      startCloudWatch(),
    ]);
    for (const archive of archives) node.importImage(archive);
    for (const { url } of [search, cloud]) await node.expose(Number(new URL(url).port));
    const logs = new ShipperLogs(node.podLogs, join(directory, 'node', 'kept-logs'));
    return new TestCluster({ directory, node, search, cloud, logs });
  }

  async stop(): Promise<void> {
    await Promise.all([this.#node.stop(), this.search.stop(), this.cloud.stop()]);
    rmSync(this.#parts.directory, { recursive: true, force: true });
  }

  /** A name that no other object has. */
  name(prefix: string): string {
    TestCluster.#names += 1;
    return `${prefix}-${TestCluster.#names}`;
  }

  /** The address at which pods reach a service of this machine. */
  within(url: string): string {
    const { protocol, port } = new URL(url);
    return `${protocol}//${this.#node.address}:${port}`;
  }

  get address(): string {
    return this.#node.address;
  }

  /** Makes a server of this machine reachable for pods, and gives its URL there. */
  async expose(url: string): Promise<string> {
    await this.#node.expose(Number(new URL(url).port));
    return this.within(url);
  }

  /** A search path on which `kubectl`, `curl` and `logtap` are in the cluster's network. */
  path(): string {
    const bin = temporaryDirectory();
    const own = ['env', `KUBECONFIG=${this.#node.kubeconfig}`, process.execPath, logtap];
    const programs = {
      kubectl: this.#node.kubectl([]),
      curl: this.#node.within(['curl']),
      logtap: this.#node.within(own),
    };
    for (const [name, words] of Object.entries(programs)) {
      const quoted = [`PATH=${process.env.PATH}`, ...words].map((word) => `'${word}'`).join(' ');
      writeFileSync(join(bin, name), `#!/bin/sh\nexec env ${quoted} "$@"\n`, { mode: 0o755 });
    }
    return `${bin}:${process.env.PATH}`;
  }

  toOpenSearch(index: string): Sink {
    return Sink.openSearch({ url: this.within(this.search.url), index });
  }

  toCloudWatch(logGroup: string, logStream: string): Sink {
    return Sink.cloudWatch({ logGroup, logStream, region: AWS_ENV.AWS_REGION });
  }

  /** Runs kubectl to its end. */
  async kubectl(args: readonly string[], input?: string): Promise<Answer> {
    const [command, ...all] = this.#node.kubectl(args);
    // It may end pods.
    this.logs.keep();
    const { code, stdout, stderr } = await run(command, all, input === undefined ? {} : { input });
    return { code, stdout, stderr };
  }

  /** The same, for what has to work. */
  async tell(args: readonly string[], input?: string): Promise<string> {
    const { code, stdout, stderr } = await this.kubectl(args, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}: ${stderr}`);
    return stdout;
  }

  /** Runs the product's own command with the rights of an administrator, or of another kubeconfig. */
  async logtap(args: readonly string[], kubeconfig = this.#node.kubeconfig): Promise<Answer> {
    const [command, ...all] = this.#node.within([process.execPath, logtap, ...args]);
    const { code, stdout, stderr } = await run(command, all, { env: { KUBECONFIG: kubeconfig } });
    return { code, stdout, stderr };
  }

  /** Of an administrator. */
  get kubeconfig(): string {
    return this.#node.kubeconfig;
  }

  /** Starts such a command that goes on until it is ended. */
  startLogtap(args: readonly string[], kubeconfig = this.#node.kubeconfig): Running {
    const [command, ...all] = this.#node.within([process.execPath, logtap, ...args]);
    return start(command, all, { env: { KUBECONFIG: kubeconfig } });
  }

  /** Runs `logtap audit` with the ledgers that are in logs of shippers. */
  async audit(target: Target, logs: string): Promise<Answer> {
    const service =
      'index' in target
        ? ['--opensearch', this.search.url, '--index', target.index]
        : ['--cloudwatch', target.logGroup];
    const env = { ...AWS_ENV, AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: this.cloud.url };
    const args = ['audit', ...service, '--ledger', '-', '--quiet', '-o', 'json'];
    const { code, stdout, stderr } = await run(process.execPath, [logtap, ...args], { env, input: logs });
    return { code, stdout, stderr };
  }

  /** The command that runs kubectl. */
  command(args: readonly string[]): readonly string[] {
    return this.#node.kubectl(args);
  }

  /** Runs a command on a terminal of its own and gives what it shows. */
  async onTerminal(command: readonly string[]): Promise<string> {
    const words = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    const { stdout } = await run('script', ['--quiet', '--return', '--command', `${words} < /dev/tty`, '/dev/null'], {
      env: { TERM: 'dumb' },
    });
    // What `script` itself sends at the end of its own input, echoed at any moment.
    return stdout.replaceAll('^@', '');
  }

  /** Starts kubectl, such as one that follows a log. */
  start(args: readonly string[]): Running {
    const [command, ...all] = this.#node.kubectl(args);
    return start(command, all);
  }

  async apply(...manifests: readonly object[]): Promise<void> {
    const items = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests });
    await this.tell(['apply', '-f', '-'], items);
  }

  /** The manifest with tap and shipper, of the image under test, connected. */
  // biome-ignore lint/suspicious/noExplicitAny: objects of any kind
  tapped(manifest: object, props: LogTapProps): any {
    const shipper = { image: IMAGE, imagePullPolicy: ImagePullPolicy.NEVER, ...props.shipper };
    const injected = inject(manifest, { ...props, shipper });
    return this.connected(injected);
  }

  /** A tapped manifest whose shippers find the emulator of AWS, and have keys for it. */
  // biome-ignore lint/suspicious/noExplicitAny: objects of any kind
  connected(manifest: any): any {
    const { spec } = podTemplate(manifest);
    const variables = { ...AWS_ENV, AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: this.within(this.cloud.url) };
    for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
      if (container.name !== SHIPPER) continue;
      container.env ??= [];
      this.#note(manifest.metadata.name, container.env);
      container.env.push(...Object.entries(variables).map(([name, value]) => ({ name, value })));
    }
    return manifest;
  }

  /** Notes what an audit compares: nothing where a shipper sends elsewhere. */
  #note(workload: string, env: readonly { readonly name: string; readonly value?: string }[]): void {
    const setting = (name: string) => env.find((each) => each.name === `LOGTAP_${name}`)?.value;
    const index = setting('OPENSEARCH_INDEX')?.replaceAll(/\{.*?\}/g, '*');
    const logGroup = setting('CLOUDWATCH_LOG_GROUP');
    if (setting('OPENSEARCH_URL') === this.within(this.search.url) && index !== undefined)
      this.ships(workload, { index });
    if (logGroup !== undefined) this.ships(workload, { logGroup });
  }

  /** Notes that shippers of this workload send there. */
  ships(workload: string, target: Target): void {
    const known = this.shipped.find((each) => isDeepStrictEqual(each.target, target));
    if (known === undefined) this.shipped.push({ target, workloads: [workload] });
    else known.workloads.push(workload);
  }

  // biome-ignore lint/suspicious/noExplicitAny: objects of any kind
  async get(kind: string, name: string): Promise<any> {
    return JSON.parse(await this.tell(['get', kind, name, '-o', 'json']));
  }

  // biome-ignore lint/suspicious/noExplicitAny: objects of any kind
  async pods(selector: string): Promise<any[]> {
    return JSON.parse(await this.tell(['get', 'pods', '-l', selector, '-o', 'json'])).items;
  }

  /** Waits until a pod that is not restarted has ended. */
  ended(name: string): Promise<void> {
    return this.until(`pod ${name} has ended`, async () => {
      return ['Succeeded', 'Failed'].includes((await this.get('pod', name)).status.phase);
    });
  }

  /** The messages of an index, in the order in which each process wrote them. */
  async stored(index: string): Promise<string[]> {
    return (await readOpenSearch(this.search.url, index)).map(({ body }) => body);
  }

  until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    return until(what, condition, PATIENCE_MS);
  }
}

/** A container of the legacy image that runs a script. */
export const legacy = (script: string, more: object = {}) => ({
  name: 'app',
  image: LEGACY,
  imagePullPolicy: 'Never',
  command: ['sh', '-c', script],
  ...more,
});

/** The same of an image with musl. */
export const alpine = (script: string, more: object = {}) => ({
  ...legacy(script, more),
  image: ALPINE,
  command: ['busybox', 'sh', '-c', script],
});

export const podOf = (name: string, containers: readonly object[], spec: object = {}) => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: name } } },
  spec: { containers, ...spec },
});

export const linesOf = (text: string): string[] => text.split('\n').slice(0, -1);
