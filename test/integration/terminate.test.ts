/** `logtap terminate`, the preStop hook: it finds the shipper of its container, signals no other process, and never fails. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { logtap, type Running, run, start, temporaryDirectory, until } from '../support/run.js';

const node = process.execPath;

/** A program that says when it gets the signal, in the place of the shipper: at `PATH`, with these arguments. */
function standIn(path: string, args: readonly string[], env: NodeJS.ProcessEnv, script = ANSWERING): Running {
  writeFileSync(path, script);
  return start(node, [path, ...args], { env });
}
const ANSWERING = "process.on('SIGUSR2', () => console.log('told')); setInterval(() => {}, 1000); console.log('up');";

const terminate = (env: NodeJS.ProcessEnv) => run(node, [logtap, 'terminate'], { env });
const isUp = (program: Running) => until('it is up', () => program.stdout().includes('up'));

/** Settings that no other test on this machine has. */
function settings(): NodeJS.ProcessEnv {
  const directory = temporaryDirectory();
  return { LOGTAP_SOCKET: join(directory, 'a.sock'), LOGTAP_RING_DIR: join(directory, 'rings') };
}

test('tells the shipper of the same settings, and no other process', async () => {
  const env = settings();
  const directory = temporaryDirectory();
  const shipper = standIn(join(directory, 'logtap.js'), ['ship'], env);
  const others = [
    standIn(join(directory, 'logtap.js'), ['run', '--', 'ship'], env),
    standIn(join(directory, 'application.js'), ['ship'], env),
    standIn(join(temporaryDirectory(), 'logtap.js'), ['ship'], { ...env, ...settings() }),
    standIn(join(temporaryDirectory(), 'logtap.js'), ['ship'], {}),
  ];
  await Promise.all([shipper, ...others].map(isUp));
  expect(await terminate(env)).toMatchObject({ code: 0, stdout: '', stderr: '' });
  await until('the shipper is told', () => shipper.stdout().includes('told'));
  for (const program of [shipper, ...others]) {
    expect(program.child.exitCode).toBe(null);
    program.child.kill('SIGKILL');
  }
  expect((await Promise.all(others.map(({ ended }) => ended))).map(({ stdout }) => stdout)).toEqual(
    others.map(() => 'up\n'),
  );
});

test('does not signal one in another tree of mounts, as in another container of a pod that shares its processes', async () => {
  const env = settings();
  const path = join(temporaryDirectory(), 'logtap.js');
  writeFileSync(path, ANSWERING);
  const elsewhere = start('unshare', ['--mount', node, path, 'ship'], { env });
  await isUp(elsewhere);
  expect(await terminate(env)).toMatchObject({ code: 0, stderr: expect.stringContaining('there is none') });
  elsewhere.child.kill('SIGKILL');
  expect((await elsewhere.ended).stdout).toBe('up\n');
});

test('waits for a shipper that starts, which the signal would end', async () => {
  const env = settings();
  const script = `console.log('up'); setTimeout(() => { ${ANSWERING} }, 700);`;
  const shipper = standIn(join(temporaryDirectory(), 'logtap.js'), ['ship'], env, script);
  await isUp(shipper);
  expect(await terminate(env)).toMatchObject({ code: 0, stderr: '' });
  await until('the shipper is told', () => shipper.stdout().includes('told'));
  expect(shipper.child.exitCode).toBe(null);
});

test('does not end a shipper that never waits for the signal, and ends itself', async () => {
  const env = settings();
  const script = "console.log('up'); setInterval(() => {}, 1000);";
  const shipper = standIn(join(temporaryDirectory(), 'logtap.js'), ['ship'], env, script);
  await isUp(shipper);
  const { code, stderr } = await terminate(env);
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: 'logtap: no shipper in this container was notified that the pod ends: it does not wait for the signal\n',
  });
  expect(shipper.child.exitCode).toBe(null);
  expect(shipper.child.signalCode).toBe(null);
});

test('with no shipper it is 0, too: a hook must not fail', async () => {
  expect(await terminate(settings())).toMatchObject({ code: 0, stdout: '' });
});

test('arguments are wrong use', async () => {
  expect(await run(node, [logtap, 'terminate', 'now'])).toMatchObject({ code: 64 });
});
