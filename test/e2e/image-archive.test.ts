/** `npm run image`: one OCI archive for both architectures, whose image runs, and has what the Dockerfile says. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith } from '../support/capability.js';
import { Podman } from '../support/podman.js';
import { root, run, temporaryDirectory } from '../support/run.js';

jest.setTimeout(600_000);

const TAG = 'registry.example/cdk8s-logtap:0.1.0';
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

interface Descriptor {
  readonly digest: string;
  readonly platform?: { readonly os: string; readonly architecture: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

describeWith(['podman', 'image parts', 'image parts of aarch64', 'aarch64'], 'the image as an archive', () => {
  const directory = temporaryDirectory();
  const archive = join(directory, 'image.tar');
  const layout = join(directory, 'layout');
  const image = (...args: string[]) => run(process.execPath, [join(root, 'scripts/image.js'), ...args]);
  const blob = ({ digest }: Descriptor) => join(layout, 'blobs', ...digest.split(':'));
  const read = (descriptor: Descriptor) => JSON.parse(readFileSync(blob(descriptor), 'utf8'));
  let manifests: readonly Descriptor[] = [];
  beforeAll(async () => {
    const { code, stdout, stderr } = await image('--tag', TAG, '--output', archive);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`skopeo copy --all oci-archive:${archive} docker://${TAG}`);
    mkdirSync(layout);
    execFileSync('tar', ['-xf', archive, '-C', layout]);
    const [top] = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')).manifests;
    expect(top.annotations).toEqual({ 'org.opencontainers.image.ref.name': TAG });
    ({ manifests } = read(top));
  });

  test('has both platforms, each with the user and the commands of the Dockerfile', () => {
    const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
    const said = (instruction: string) =>
      JSON.parse(new RegExp(`^${instruction} (\\[.*\\])$`, 'm').exec(dockerfile)?.[1] ?? 'null');
    expect(manifests.map(({ platform }) => platform)).toEqual([
      { architecture: 'amd64', os: 'linux' },
      { architecture: 'arm64', os: 'linux' },
    ]);
    for (const manifest of manifests) {
      const { architecture, config } = read(read(manifest).config);
      expect({ architecture, ...config }).toMatchObject({
        architecture: manifest.platform?.architecture,
        ...{ User: '65532:65532', Entrypoint: said('ENTRYPOINT'), Cmd: said('CMD') },
        Env: expect.arrayContaining(['MALLOC_ARENA_MAX=1']),
      });
    }
  });

  test('runs where it is loaded', async () => {
    const podman = new Podman();
    try {
      await podman.podman('load', '--input', archive);
      const container = podman.container(TAG, ['version'], ['--read-only']);
      expect(await container.ended).toMatchObject({ code: 0, stdout: `${version}\n` });
    } finally {
      podman.close();
    }
  });

  test('runs on aarch64, with the library for it', async () => {
    const arm = manifests.find(({ platform }) => platform?.architecture === 'arm64')!;
    const files = join(directory, 'aarch64');
    mkdirSync(files);
    for (const layer of read(arm).layers) execFileSync('tar', ['-xzf', blob(layer), '-C', files]);
    const { Entrypoint } = read(read(arm).config).config;
    const [node, ...args] = Entrypoint.map((word: string) => (word.startsWith('/') ? join(files, word) : word));
    const { code, stdout } = await run('qemu-aarch64-static', ['-L', files, node, ...args, 'version'], {});
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${version}\n` });
    const native = join(files, 'opt/logtap/dist/native/aarch64/liblogtap.so');
    expect(execFileSync('readelf', ['-h', native], { encoding: 'utf8' })).toMatch(/Machine: +AArch64/);
    // The files of an image volume, also where a runtime mounts the whole image.
    for (const directory of ['opt/logtap/volume', '.']) {
      expect(readFileSync(join(files, directory, 'liblogtap.so')).equals(readFileSync(native))).toBe(true);
      expect(statSync(join(files, directory, 'logtap-probe')).mode & 0o777).toBe(0o755);
    }
  });

  test('is the same each time', async () => {
    const again = join(directory, 'again.tar');
    expect((await image('--tag', TAG, '--output', again)).code).toBe(0);
    expect(readFileSync(again).equals(readFileSync(archive))).toBe(true);
  });

  test.each([
    [
      ['--platform', 'linux/s390x', '--tag', TAG],
      /--platform \(linux\/s390x\) must be one of linux\/amd64, linux\/arm64/,
    ],
    [[], /--tag is missing/],
  ])('is refused with %j', async (args, says) => {
    const { code, stderr } = await image(...args);
    expect([code, stderr]).toEqual([1, expect.stringMatching(says)]);
  });
});
