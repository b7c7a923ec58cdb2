/** A cluster with the product's image and one of a legacy application, and the services that pods send to. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CloudWatchServer, startCloudWatch } from '../../scripts/cloudwatch.js';
import { type Cluster as Node, startCluster } from '../../scripts/cluster.js';
import { type OpenSearchServer, startOpenSearch } from '../../scripts/opensearch.js';
import { inject } from '../../src/constructs/inject.js';
import type { LogTapProps } from '../../src/constructs/log-tap-props.js';
import { ImagePullPolicy } from '../../src/constructs/shipper-options.js';
import { Sink } from '../../src/constructs/sink.js';
import { buildImage, IMAGE } from './image.js';
import { Podman } from './podman.js';
import { writeProgramImage } from './program-image.js';
import { until } from './run.js';
import { AWS_ENV } from './sinks-read-back.js';

/** An image with a shell and common programs. */
const LEGACY = 'localhost/legacy:1';
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
  'sha256sum',
  'sleep',
  'stat',
  'tar',
  'wc',
];

/** Of whatever kubectl is asked to do. */
const PATIENCE_MS = 180_000;

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class TestCluster {
  readonly #directory: string;
  readonly #node: Node;
  readonly search: OpenSearchServer;
  readonly cloud: CloudWatchServer;
  #names = 0;

  private constructor(directory: string, node: Node, search: OpenSearchServer, cloud: CloudWatchServer) {
    this.#directory = directory;
    this.#node = node;
    this.search = search;
    this.cloud = cloud;
  }

  static async start(): Promise<TestCluster> {
    const directory = mkdtempSync(join(tmpdir(), 'lt-cluster-'));
    const podman = new Podman();
    const archives: string[] = [];
    try {
      await buildImage(podman);
      const programs = PROGRAMS.map((name) => `/usr/bin/${name}`);
      await podman.import(LEGACY, (archive) => writeProgramImage(programs, archive), 'ENV PATH=/usr/bin');
      for (const image of [IMAGE, LEGACY]) {
        const archive = join(directory, `${archives.length}.tar`);
        await podman.podman('save', '--format=docker-archive', `--output=${archive}`, image);
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
    return new TestCluster(directory, node, search, cloud);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#node.stop(), this.search.stop(), this.cloud.stop()]);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** A name that no other object has. */
  name(prefix: string): string {
    this.#names += 1;
    return `${prefix}-${this.#names}`;
  }

  /** The address at which pods reach a service of this machine. */
  #within(url: string): string {
    return `http://${this.#node.address}:${new URL(url).port}`;
  }

  toOpenSearch(index: string): Sink {
    return Sink.openSearch({ url: this.#within(this.search.url), index });
  }

  toCloudWatch(logGroup: string, logStream: string): Sink {
    return Sink.cloudWatch({ logGroup, logStream, region: AWS_ENV.AWS_REGION });
  }

  kubectl(args: readonly string[], input?: string): Ended {
    return this.#node.kubectl(args, input === undefined ? {} : { input });
  }

  /** The same, for what has to work. */
  tell(args: readonly string[], input?: string): string {
    const { status, stdout, stderr } = this.kubectl(args, input);
    if (status !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${status}: ${stderr}`);
    return stdout;
  }

  /** Starts kubectl, such as one that follows a log, and collects what it prints. */
  follow(args: readonly string[]): { readonly ended: Promise<string>; text(): string } {
    const [command = '', ...all] = this.#node.kubectlCommand(args);
    const child = spawn(command, all, { stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    return { text: () => text, ended: new Promise((resolve) => child.once('close', () => resolve(text))) };
  }

  apply(manifest: object): void {
    this.tell(['apply', '-f', '-'], JSON.stringify(manifest));
  }

  /** The manifest with tap and shipper, of the image under test, which finds the emulator of AWS and has keys for it. */
  tapped(manifest: object, props: LogTapProps): object {
    const shipper = { image: IMAGE, imagePullPolicy: ImagePullPolicy.NEVER, ...props.shipper };
    const injected = inject(manifest, { ...props, shipper });
    const template = injected.spec.template?.spec ?? injected.spec;
    const variables = { ...AWS_ENV, AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: this.#within(this.cloud.url) };
    for (const container of template.initContainers) {
      if (container.name !== 'logtap') continue;
      for (const [name, value] of Object.entries(variables)) container.env.push({ name, value });
    }
    return injected;
  }

  // biome-ignore lint/suspicious/noExplicitAny: objects of any kind
  get(kind: string, name: string): any {
    return JSON.parse(this.tell(['get', kind, name, '-o', 'json']));
  }

  // biome-ignore lint/suspicious/noExplicitAny: objects of any kind
  pods(selector: string): any[] {
    return JSON.parse(this.tell(['get', 'pods', '-l', selector, '-o', 'json'])).items;
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
