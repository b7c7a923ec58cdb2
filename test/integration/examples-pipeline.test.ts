/** examples/pipeline: its page, and each command of both pipelines, in a copy with the package installed. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { runPage, stepsOf } from '../support/page.js';
import { logtap, root, run } from '../support/run.js';

const example = join(root, 'examples', 'pipeline');
// Inside the package, whose npm packages are those of the app.
const app = join(root, 'dist', 'examples', 'pipeline');
const env = { CDK8S_CHECK_UPGRADE: 'false', LC_ALL: 'C' };

const shell = (command: string) => run('sh', ['-c', command], { cwd: app, env });
const yaml = (file: string) => parse(readFileSync(join(example, file), 'utf8'));

/** The commands of a pipeline, without the installation. */
function commandsOf(file: 'github-actions.yml' | 'gitlab-ci.yml'): string[] {
  const { jobs, logs } = yaml(file);
  const commands: (string | undefined)[] = logs?.script ?? jobs.logs.steps.map((step: { run?: string }) => step.run);
  return commands.filter((command) => command !== undefined).filter((command) => command !== 'npm ci');
}

/** The command of the pipeline that begins so. */
const commandOf = (beginning: string) => commandsOf('gitlab-ci.yml').find((each) => each.startsWith(beginning)) ?? '';

beforeAll(() => {
  rmSync(app, { recursive: true, force: true });
  cpSync(example, app, { recursive: true });
  const bin = join(app, 'node_modules', '.bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'logtap'), `#!/bin/sh\nexec '${process.execPath}' '${logtap}' "$@"\n`, { mode: 0o755 });
});
afterAll(() => rmSync(app, { recursive: true, force: true }));

test('the commands of both pipelines print what the page shows, and none of them fails', async () => {
  const commands = commandsOf('gitlab-ci.yml');
  expect(commandsOf('github-actions.yml')).toEqual(commands);
  const steps = stepsOf('examples/pipeline/README.md');
  const ofPage = steps.flatMap((step) => ('command' in step ? [step.command] : []));
  expect(ofPage.slice(0, commands.length)).toEqual(commands);
  await runPage(steps, { cwd: app, env });
  for (const command of commands.filter((each) => each.startsWith('npx logtap'))) {
    expect({ command, ...(await shell(command)) }).toMatchObject({ command, code: 0 });
  }
});

describe('the pipeline fails', () => {
  const change = (file: string, from: string, to: string) => {
    const text = readFileSync(join(example, file), 'utf8');
    expect(text).toContain(from);
    writeFileSync(join(app, file), text.replace(from, to));
  };
  afterEach(() => cpSync(example, app, { recursive: true }));

  test('at the check, if a workload cannot be tapped', async () => {
    await shell(commandOf('npx cdk8s'));
    change('logtap.yaml', 'sink:', 'containers: [web]\nsink:');
    const { code, stdout } = await shell(commandOf('npx logtap check'));
    expect([code, stdout]).toEqual([1, expect.stringContaining('LT002 Deployment/shop-orders')]);
  });

  test('at the first diff, if a setting has changed and `deploy` has not', async () => {
    change('logtap.yaml', 'logGroup: /shop', 'logGroup: /other');
    const { code, stdout } = await shell(commandOf('npx logtap diff'));
    expect([code, stdout]).toEqual([1, expect.stringContaining('+              value: /other')]);
  });

  test('at the second, if the app has changed and `deploy` has not', async () => {
    change('main.ts', 'web:3.1', 'web:3.2');
    await shell(commandOf('npx cdk8s'));
    const { code, stdout } = await shell(commandOf('npx logtap inject'));
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^\+ +- image: .*web:3\.2$|^\+ +image: .*web:3\.2$/m)]);
  });
});
