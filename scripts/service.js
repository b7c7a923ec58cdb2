// A server process for tests: started on a free loopback port, waited for, killed and restarted on the same port, and
// never left behind: it ends itself when its standard input ends, which it does when this process dies.
const { spawn } = require('node:child_process');
const { closeSync, existsSync, openSync, readFileSync } = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');
const { freePort } = require('./free-port.js');

/**
 * @typedef {object} Service
 * @property {string} url base URL, without a slash at its end
 * @property {() => number} pid process id of the present process
 * @property {() => Promise<void>} kill ends it with SIGKILL, in the middle of whatever it does
 * @property {() => Promise<void>} restart starts it again, on the same port and with what it had on disk
 * @property {() => Promise<void>} stop ends it for good
 */

/**
 * @typedef {object} ServiceOptions
 * @property {string} name for error messages
 * @property {(port: number) => { command: string, args: string[], env?: Record<string, string> }} command
 * @property {(url: string) => Promise<boolean>} isReady asked until it says yes; may throw while nobody listens
 * @property {string} log file for what the server prints; its end is shown when the server does not start
 * @property {number} [startMs] patience in milliseconds; default 60,000
 * @property {() => void} [clean] called after stop
 */

/** @param {string} file */
function tail(file) {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(-25).join('\n') : '(it printed nothing)';
}

/**
 * Starts a server and resolves when it answers.
 * @param {ServiceOptions} options
 * @returns {Promise<Service>}
 */
async function startService({ name, command, isReady, log, startMs = 60_000, clean = () => {} }) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let child;
  /** @type {Promise<void>} */
  let ended = Promise.resolve();

  async function start() {
    const { command: file, args, env } = command(port);
    const output = openSync(log, 'a');
    const started = spawn(file, args, { stdio: ['pipe', output, output], env: { ...process.env, ...env } });
    closeSync(output);
    child = started;
    /** @type {Error | undefined} */
    let failure;
    ended = new Promise((resolve) => {
      started.once('exit', () => resolve());
      started.once('error', (error) => {
        failure = error;
        resolve();
      });
    });
    const deadline = Date.now() + startMs;
    while (!(await isReady(url).catch(() => false))) {
      const hasEnded = failure !== undefined || started.exitCode !== null || started.signalCode !== null;
      if (hasEnded || Date.now() > deadline) {
        await kill();
        const what = failure?.message ?? (hasEnded ? 'it ended' : `no answer within ${startMs} ms`);
        throw new Error(`${name} did not start: ${what}. The end of ${log}:\n${tail(log)}`);
      }
      await sleep(50);
    }
  }

  async function kill() {
    child?.kill('SIGKILL');
    await ended;
  }

  await start();
  return {
    url,
    pid: () => child?.pid ?? 0,
    kill,
    restart: start,
    stop: async () => {
      await kill();
      clean();
    },
  };
}

/**
 * Runs a service in the foreground until Ctrl-C.
 * @param {Promise<Service>} starting
 */
async function foreground(starting) {
  const service = await starting;
  console.log(`${service.url} (Ctrl-C ends it)`);
  const end = () => service.stop().then(() => process.exit(0));
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  setInterval(() => {}, 1 << 30);
}

module.exports = { startService, foreground };
