/**
 * How much longer a pod takes to start with the tap, under a real kubelet: from its creation to the first line of its application, and
 * to Ready. One pod at a time, the forms in turn. Needs root and the cluster of `npm run test:cluster`.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Cluster, isClusterPresent, startCluster, writeImageArchive } from '../scripts/cluster.js';
import { writeImage } from '../scripts/image.js';
import { inject } from '../src/constructs/injection/inject.js';
import { FailurePolicy, LibraryVolume, type LogTapProps } from '../src/constructs/props/log-tap-props.js';
import { resolve } from '../src/constructs/props/resolve.js';
import { ImagePullPolicy } from '../src/constructs/props/shipper-options.js';
import { Sink } from '../src/constructs/sinks/sink.js';
import { median } from './median.js';
import { compile, print } from './workshop.js';

const APPLICATION = 'localhost/first-line:1';
const PRODUCT = 'localhost/cdk8s-logtap:bench';
const PATIENCE_MS = 120_000;

type Form = Partial<LogTapProps> | undefined;
const isClassic = { nativeSidecar: false } as const;
const isOpen = { failurePolicy: FailurePolicy.FAIL_OPEN } as const;
const image = { library: LibraryVolume.IMAGE } as const;
const FORMS: Readonly<Record<string, Form>> = {
  untapped: undefined,
  'native, init container': {},
  'native, image volume': image,
  'classic, init container': isClassic,
  'classic, image volume': { ...image, ...isClassic },
  'classic, init container, fail-open': { ...isClassic, ...isOpen },
  'classic, image volume, fail-open': { ...image, ...isClassic, ...isOpen },
};

/** A program with the libraries that it is linked with. */
function writeApplication(archive: string): void {
  const files = mkdtempSync(join(tmpdir(), 'logtap-application-'));
  const program = compile('first-line');
  const libraries = execFileSync('ldd', [program], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g);
  for (const [from, to] of [[program, '/first-line'], ...[...libraries].map(([, path = '']) => [path, path])]) {
    mkdirSync(dirname(join(files, to!)), { recursive: true });
    copyFileSync(from!, join(files, to!));
  }
  writeImageArchive(files, { name: APPLICATION, entryPoint: ['/first-line'] }, archive);
  rmSync(files, { recursive: true });
}

function podOf(name: string, form: Form): object {
  const container = { name: 'app', image: APPLICATION, imagePullPolicy: 'Never' };
  const pod = {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name } },
    spec: { containers: [container], terminationGracePeriodSeconds: 1 },
  };
  if (form === undefined) return pod;
  const shipper = { image: PRODUCT, imagePullPolicy: ImagePullPolicy.NEVER, drainSeconds: 1 };
  return inject(pod, resolve({ sink: Sink.stdout(), shipper, ...form }));
}

/** When the API server told of a pod, and when it told that the pod is ready, in milliseconds since 1970. */
class Watch {
  readonly #kubectl: ChildProcess;
  readonly #seen = new Map<string, { createdMs: number; readyMs?: number }>();

  constructor(cluster: Cluster) {
    const ready = '{.metadata.name}{" "}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}';
    const [command, ...args] = cluster.kubectl(['get', 'pods', '--watch', '-o', `jsonpath=${ready}`]);
    this.#kubectl = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface(this.#kubectl.stdout!).on('line', (line) => {
      const [name = '', isReady] = line.split(' ');
      const known = this.#seen.get(name) ?? { createdMs: Date.now() };
      if (isReady === 'True') known.readyMs ??= Date.now();
      this.#seen.set(name, known);
    });
  }

  async ready(name: string): Promise<{ readonly createdMs: number; readonly readyMs: number }> {
    for (const endMs = Date.now() + PATIENCE_MS; Date.now() < endMs; await sleep(20)) {
      const { createdMs, readyMs } = this.#seen.get(name) ?? {};
      if (createdMs !== undefined && readyMs !== undefined) return { createdMs, readyMs };
    }
    throw new Error(`the pod ${name} was not ready within ${PATIENCE_MS / 1000} s`);
  }

  end(): void {
    this.#kubectl.kill();
  }
}

/** When the runtime read the first line of the application, in milliseconds since 1970. */
async function firstLineMs({ podLogs }: Cluster, name: string): Promise<number> {
  for (const endMs = Date.now() + PATIENCE_MS; Date.now() < endMs; await sleep(20)) {
    const directory = readdirSync(podLogs).find((each) => each.startsWith(`default_${name}_`));
    const text = directory === undefined ? '' : readFileSync(join(podLogs, directory, 'app', '0.log'), 'utf8');
    const [time] = text.split(' ');
    if (time) return Date.parse(time);
  }
  throw new Error(`the pod ${name} wrote nothing within ${PATIENCE_MS / 1000} s`);
}

function run(cluster: Cluster, args: readonly string[], input?: object): void {
  const [command, ...all] = cluster.kubectl(args);
  execFileSync(command, all, { input: JSON.stringify(input ?? {}), stdio: ['pipe', 'ignore', 'inherit'] });
}

interface Times {
  readonly line: number[];
  readonly ready: number[];
}

export async function podStart(options: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...options], options: { rounds: { type: 'string', default: '9' } } });
  if (!isClusterPresent() || process.getuid?.() !== 0) {
    console.log('\nstart of a pod: left out, because it needs root and the cluster (node scripts/cluster.js)');
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), 'logtap-start-'));
  const cluster = await startCluster(join(directory, 'node'));
  const watch = new Watch(cluster);
  try {
    const archives = ['application.tar', 'product.tar'].map((name) => join(directory, name)) as [string, string];
    writeApplication(archives[0]);
    const platform = `linux/${process.arch === 'arm64' ? 'arm64' : 'amd64'}`;
    writeImage({ platforms: [platform], tag: PRODUCT, output: archives[1] });
    for (const archive of archives) cluster.importImage(archive);
    const times = new Map(Object.keys(FORMS).map((form): [string, Times] => [form, { line: [], ready: [] }]));
    // The first round reads the files of images from the disk, and is not counted.
    for (let round = 0; round <= Number(values.rounds); round += 1) {
      for (const [index, [form, props]] of Object.entries(FORMS).entries()) {
        const name = `start-${round}-${index}`;
        run(cluster, ['create', '-f', '-'], podOf(name, props));
        const { createdMs, readyMs } = await watch.ready(name);
        const lineMs = await firstLineMs(cluster, name);
        run(cluster, ['delete', 'pod', name]);
        if (round === 0) continue;
        times.get(form)!.line.push(lineMs - createdMs);
        times.get(form)!.ready.push(readyMs - createdMs);
      }
    }
    report(times);
  } finally {
    watch.end();
    await cluster.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

function report(times: ReadonlyMap<string, Times>): void {
  const untapped = times.get('untapped')!;
  const more = (values: readonly number[], base: readonly number[]) => {
    const difference = median(values) - median(base);
    return base === values ? '' : `${difference < 0 ? '-' : '+'}${Math.abs(difference).toFixed(0)}`;
  };
  const rows = [...times].map(([form, { line, ready }]) => [
    ...[form, median(line).toFixed(0), more(line, untapped.line)],
    ...[`${Math.min(...line).toFixed(0)}-${Math.max(...line).toFixed(0)}`],
    ...[median(ready).toFixed(0), more(ready, untapped.ready)],
  ]);
  print(
    `start of a pod, ms, medians of ${untapped.line.length}; ${cpus().length} cores, load ${loadavg()[0]!.toFixed(1)}`,
    [['', 'first line', '', 'range', 'Ready', ''], ...rows],
  );
}
