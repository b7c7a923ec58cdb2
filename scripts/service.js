// A server process for tests: started on a free loopback port, waited for, killed and restarted on the same port, and
// never left behind: it ends itself, and removes its directory, when its standard input ends, which it does when this
// process dies.
const { spawn } = require('node:child_process');
const { closeSync, mkdtempSync, openSync, readFileSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { freePort } = require('./free-port.js');

/**
 * @typedef {object} Service
 * @property {string} url base URL, without a slash at its end
 * @property {() => number} pid process id of the present process
 * @property {() => Promise<void>} kill ends it with SIGKILL, in the middle of whatever it does
 * @property {() => Promise<void>} restart starts it again, on the same port and with the same data on disk
 * @property {() => Promise<void>} stop ends it for good
 */

/**
 * @typedef {object} ServiceOptions
 * @property {string} name for error messages
 * @property {(port: number, directory: string) => { command: string, args: string[], env?: Record<string, string> }}
 *   command what to run; `directory` is its own, empty at the first start, kept over a restart, gone after stop
 * @property {(url: string, signal: AbortSignal) => Promise<boolean>} isReady asked until it says yes; may throw
 * @property {number} [startMs] patience in milliseconds; default 300,000
 */

/** Patience for one answer to isReady, in milliseconds. */
const ANSWER_MS = 10_000;
/** Lines of its output that are shown when it does not start. */
const LOG_LINES = 25;

/**
 * Starts a server and resolves when it answers.
 * @param {ServiceOptions} options
 * @returns {Promise<Service>}
 */
async function startService({ name, command, isReady, startMs = 300_000 }) {
  const directory = mkdtempSync(join(tmpdir(), 'logtap-service-'));
  const log = join(directory, 'output.log');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let child;
  /** @type {Promise<void>} */
  let ended = Promise.resolve();

  async function start() {
    const { command: file, args, env } = command(port, directory);
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
    while (!(await isReady(url, AbortSignal.timeout(ANSWER_MS)).catch(() => false))) {
      const hasEnded = failure !== undefined || started.exitCode !== null || started.signalCode !== null;
      if (hasEnded || Date.now() > deadline) {
        await kill();
        const what = failure?.message ?? (hasEnded ? 'it ended' : `no answer within ${startMs} ms`);
        const printed = readFileSync(log, 'utf8').split('\n').slice(-LOG_LINES).join('\n');
        throw new Error(`${name} did not start: ${what}. The last it printed:\n${printed}`);
      }
      await sleep(50);
    }
  }

  async function kill() {
    child?.kill('SIGKILL');
    await ended;
  }

  async function stop() {
    await kill();
    rmSync(directory, { recursive: true, force: true });
  }

  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    pid: () => child?.pid ?? 0,
    kill,
    restart: start,
    stop,
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
