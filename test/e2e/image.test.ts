/**
 * The image, built from the project's own Dockerfile on a base that has Node and no shell, and run as the manifests run
 * it: the installer, the shipper and a legacy container share a memory volume and nothing else.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LibraryVolume } from '../../src/constructs/props/log-tap-props.js';
import { Sink } from '../../src/constructs/sinks/sink.js';
import { LIBRARY_MOUNT_PATH, MOUNT_PATH, RUN_DIR, SOCKET_NAME } from '../../src/contract.js';
import { describeWith } from '../support/capability.js';
import { buildImage, IMAGE } from '../support/image.js';
import { Podman, RESTRICTED } from '../support/podman.js';
import { type Ended, temporaryDirectory, until } from '../support/run.js';
import { inject } from '../support/tap.js';

const LINES = 2000;
const PROGRAM = `
#include <stdio.h>
int main(void) {
    for (int i = 0; i < ${LINES}; i++) printf("line %d \\"\\t\\303\\251\\n", i);
    fprintf(stderr, "done\\n");
    return 3;
}`;

interface Container {
  readonly name: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly lifecycle?: { readonly postStart: { readonly exec: { readonly command: readonly string[] } } };
}

/** What injection adds to a pod with one container, `app`: the test runs exactly this. */
function injectedPod(library: LibraryVolume): { install: Container | undefined; ship: Container; app: Container } {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'legacy' },
    spec: { containers: [{ name: 'app', image: 'legacy' }] },
  };
  const { spec } = inject(pod, { sink: Sink.stdout(), suppressStreams: true, library });
  const named = (name: string) => spec.initContainers.find((each: Container) => each.name === name);
  return { install: named('logtap-install'), ship: named('logtap'), app: spec.containers[0] };
}

const environment = ({ env = [] }: Container) =>
  env.filter(({ value }) => value !== undefined).flatMap(({ name, value }) => ['--env', `${name}=${value}`]);

/** An image with a C program, its libc and nothing else. */
function writeLegacyImage(archive: string): void {
  const directory = temporaryDirectory();
  const program = join(directory, 'app');
  writeFileSync(`${program}.c`, PROGRAM);
  execFileSync('gcc', ['-o', program, `${program}.c`]);
  const files = join(directory, 'root');
  mkdirSync(join(files, 'tmp'), { recursive: true });
  copyFileSync(program, join(files, 'app'));
  const libraries = execFileSync('ldd', [program], { encoding: 'utf8' });
  for (const [, library] of libraries.matchAll(/(\/\S+) \(0x/g)) {
    if (library === undefined) continue;
    mkdirSync(join(files, library, '..'), { recursive: true });
    copyFileSync(library, join(files, library));
  }
  execFileSync('tar', ['-C', files, '-cf', archive, '.']);
  rmSync(directory, { recursive: true });
}

describeWith(['podman', 'image parts', 'aarch64'], 'the image', () => {
  let podman: Podman;
  beforeAll(async () => {
    podman = new Podman();
    await buildImage(podman);
  });
  afterAll(() => podman?.close());

  test('runs as a user other than root, and contains both libraries, the licences, the bill of materials and no shell', async () => {
    const [inspected] = JSON.parse(await podman.podman('image', 'inspect', IMAGE));
    expect(inspected.Config.User).toBe('65532:65532');
    const { code } = await podman.container(IMAGE, ['-c', 'true'], ['--entrypoint', '/bin/sh']).ended;
    expect([126, 127]).toContain(code);
    const listing = `const { readdirSync } = require('fs');
      console.log([...readdirSync('/opt/logtap/dist/native'), ...readdirSync('/opt/logtap/dist')].sort().join());`;
    const listed = await podman.container(IMAGE, ['-e', listing], ['--entrypoint', '/nodejs/bin/node']).ended;
    expect(listed.stdout).toBe('THIRD-PARTY-LICENSES,aarch64,cli,native,prove,sbom.cdx.json,shipper,x86_64\n');
  });

  test('has the files of an image volume for its own platform, also where a runtime mounts the whole image', async () => {
    const native = `/opt/logtap/dist/native/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}`;
    const script = `const { readFileSync, statSync } = require('fs');
      const same = (a, b) => readFileSync(a).equals(readFileSync(b)) && (statSync(a).mode & 0o777) === 0o755;
      for (const directory of ['/opt/logtap/volume', '']) for (const name of ['liblogtap.so', 'logtap-probe'])
        console.log(same(directory + '/' + name, '${native}/' + name));`;
    const { stdout } = await podman.container(IMAGE, ['-e', script], ['--entrypoint', '/nodejs/bin/node']).ended;
    expect(stdout).toBe('true\n'.repeat(4));
  });

  /** The library by the init container: the option of a container that mounts it. */
  async function installed(install: Container, mount: readonly string[]): Promise<readonly string[]> {
    const libraries = podman.memoryVolume(2 << 20);
    const libraryMount = (mode: string) => ['--volume', `${libraries}:${LIBRARY_MOUNT_PATH}:${mode}`];
    const options = [...RESTRICTED, ...mount, ...libraryMount('rw')];
    expect(await podman.container(IMAGE, install.args ?? [], options).ended).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(libraries).sort()).toEqual(['liblogtap.so', 'logtap-probe']);
    return libraryMount('ro');
  }

  // This podman mounts a whole image, as runtimes do that do not know the subPath.
  const imageMount = ['--mount', `type=image,source=${IMAGE},destination=${LIBRARY_MOUNT_PATH}`];

  test.each([LibraryVolume.INIT_CONTAINER, LibraryVolume.IMAGE])(
    'taps a restricted legacy container and ships every line, with the library by: %s',
    async (library) => {
      const { install, ship, app } = injectedPod(library);
      const volume = podman.memoryVolume(16 << 20);
      const mount = ['--volume', `${volume}:${MOUNT_PATH}`];
      expect(install === undefined).toBe(library === LibraryVolume.IMAGE);
      const libraryMount = install === undefined ? imageMount : await installed(install, mount);

      const shipper = podman.container(IMAGE, ship.args ?? [], [
        ...RESTRICTED,
        ...mount,
        ...libraryMount,
        ...environment(ship),
        '--env=POD_NAME=legacy-0',
      ]);
      const socket = join(volume, RUN_DIR, SOCKET_NAME);
      let early: Ended | undefined;
      shipper.ended.then((ended) => {
        early = ended;
      });
      await until('the shipper listens', () => {
        if (early !== undefined) throw new Error(`the shipper ended with ${early.code}: ${early.stderr}`);
        return shipper.stderr().includes('"message":"listening"');
      });
      // An application of another user must be able to connect.
      expect(statSync(socket).mode & 0o777).toBe(0o666);
      const [probe = '', ...args] = ship.lifecycle?.postStart.exec.command ?? [];
      await podman.podman('exec', shipper.name, probe, ...args);

      await podman.import('localhost/legacy:test', writeLegacyImage);
      const legacy = await podman.container(
        'localhost/legacy:test',
        ['/app'],
        [...RESTRICTED, ...mount, ...libraryMount, ...environment(app), '--user=1001:1001'],
      ).ended;
      expect(legacy).toMatchObject({ code: 3, stdout: '', stderr: '' });

      await podman.podman('kill', '--signal=TERM', shipper.name);
      const { code, stdout } = await shipper.ended;
      expect(code).toBe(0);
      const records = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      const of = (stream: string) => records.filter((record) => record.stream === stream).map(({ message }) => message);
      expect(of('stdout')).toEqual(Array.from({ length: LINES }, (_, i) => `line ${i} "\té`));
      expect(of('stderr')).toEqual(['done']);
      expect(records[0]).toMatchObject({ pod_name: 'legacy-0', container_name: 'app', process: 'app' });
    },
  );
});
