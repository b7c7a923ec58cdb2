/** The examples for Docker, run by the commands of their own pages. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ensureGoProgram } from '../../scripts/go-program.js';
import { describeWith } from '../support/capability.js';
import { buildImage } from '../support/image.js';
import { runPage, stepsOf } from '../support/page.js';
import { Podman } from '../support/podman.js';
import { writeProgramImage } from '../support/program-image.js';
import { root, run, temporaryDirectory } from '../support/run.js';

jest.setTimeout(300_000);

describeWith(['podman', 'image parts', 'aarch64', 'OpenTelemetry receiver'], 'docker compose', () => {
  let podman: Podman;
  let env: Record<string, string>;
  beforeAll(async () => {
    podman = new Podman();
    await buildImage(podman);
    await podman.podman('tag', 'localhost/cdk8s-logtap:test', 'cdk8s-logtap:0.1.0');
    await podman.import(
      'docker.io/library/debian:bookworm-slim',
      (archive) => {
        writeProgramImage(['/bin/sh', '/bin/date', '/bin/sleep', '/usr/bin/stat'], archive);
      },
      'ENV PATH=/usr/bin:/bin',
    );
    // The receiver of the collector that the page names, and nothing around it.
    const receiver = ensureGoProgram('otel-receiver');
    await podman.import(
      'docker.io/otel/opentelemetry-collector-contrib:latest',
      (archive) => writeProgramImage([receiver], archive),
      `ENTRYPOINT ["/usr/bin/${basename(receiver)}", "fluentforward", "127.0.0.1:24224"]`,
    );
    const bin = temporaryDirectory();
    const tsx = join(root, 'node_modules', 'tsx', 'dist', 'cli.mjs');
    const program = join(root, 'test', 'support', 'docker-compose.ts');
    writeFileSync(join(bin, 'docker'), `#!/bin/sh\nexec '${process.execPath}' '${tsx}' '${program}' "$@"\n`, {
      mode: 0o755,
    });
    env = { ...podman.env, COMPOSE_STATE: temporaryDirectory(), PATH: `${bin}:${process.env.PATH}` };
  });
  afterAll(() => podman?.close());

  const directoryOf = (example: string) => join(root, 'examples', example);
  const down = async (example: string) => {
    const { code, stderr } = await run('docker', ['compose', 'down'], { cwd: directoryOf(example), env });
    if (code !== 0) throw new Error(stderr);
  };

  test('compose: the lines are where they were, and records of the shipper', async () => {
    try {
      await runPage(stepsOf('examples/compose/README.md'), { cwd: directoryOf('compose'), env });
    } finally {
      await down('compose');
    }
  });

  test('fluent: both receivers have the lines of a file, and no disk has', async () => {
    const steps = stepsOf('examples/fluent/README.md');
    const isDown = (step: (typeof steps)[number]) => 'command' in step && step.command.includes('compose down');
    try {
      await runPage(
        steps.filter((step) => !isDown(step)),
        { cwd: directoryOf('fluent'), env },
      );
      // Every file of the container's own layer and of the volumes that are no memory.
      const [{ GraphDriver }] = JSON.parse(
        await podman.podman(
          'container',
          'inspect',
          `compose-${env.COMPOSE_STATE!.split('/').at(-1)!.toLowerCase()}-app`,
        ),
      );
      const onDisk = [GraphDriver.Data.UpperDir as string, join(env.COMPOSE_STATE!, 'library')].flatMap(filesBelow);
      expect(onDisk.some((file) => file.endsWith('orders.log'))).toBe(true);
      expect(onDisk.filter((file) => readFileSync(file).includes('accepted'))).toEqual([]);
    } finally {
      await down('fluent');
    }
  });
});

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile());
}
