// The main job in one minute: sets up, builds, runs real programs under the tap, shows what arrived, synthesises the
// example chart. Needs Node, gcc and make; Python and nginx join in where they are installed.
const { spawn, spawnSync } = require('node:child_process');
const { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } = require('node:fs');
const http = require('node:http');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { freePort } = require('./free-port.js');
const { setUp } = require('./setup.js');

const root = join(__dirname, '..');
const cli = join(root, 'dist', 'cli', 'logtap.js');
const programs = join(root, 'examples', 'programs');
const FILE_NAME = 'access.log';

/** @typedef {{ timestamp: string, stream: string, source: string, message: string }} Arrived */

/** @param {string} command */
const isInstalled = (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;

/** The records that the default sink, stdout, printed: one JSON object per line. @param {string} text @returns {Arrived[]} */
const parse = (text) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

/**
 * Shows records the way a reader of logs wants them, and the ledger: the last line that the shipper prints.
 * @param {string} title @param {Arrived[]} records @param {string} stderr
 */
function show(title, records, stderr) {
  console.log(`\n${title}`);
  // Each stream arrives in its own order; between streams only the time tells.
  const byTime = [...records].sort((a, b) => a.timestamp.localeCompare(b.timestamp));
  for (const { timestamp, stream, source, message } of byTime) {
    const where = stream === 'file' ? source : stream;
    console.log(`  ${timestamp}  ${where.padEnd(8)}  ${message}`);
  }
  const { read, delivered, held, balanced } = JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '{}');
  if (!balanced || held !== 0) throw new Error(`${title}: the ledger does not balance:\n${stderr}`);
  console.log(`  ledger: ${read} read = ${delivered.stdout} delivered + ${held} held`);
}

/**
 * Runs a program to its end under the tap, its own output suppressed.
 * @param {string} title @param {string[]} command @param {number} expected lines it writes
 */
function runToEnd(title, command, expected) {
  const args = [cli, 'run', '--suppress', '--', ...command];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}:\n${stderr}`);
  const records = parse(stdout);
  if (records.length !== expected) {
    throw new Error(`${title}: ${expected} lines written, ${records.length} arrived:\n${stdout}${stderr}`);
  }
  show(title, records, stderr);
  return records.length;
}

/** @param {string} directory */
function compileOrders(directory) {
  const program = join(directory, 'orders');
  const { status, stderr } = spawnSync('gcc', ['-o', program, join(programs, 'orders.c')], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`gcc failed: ${stderr}`);
  return program;
}

/** @param {number} port @param {string} path @returns {Promise<number>} the status code */
function request(port, path) {
  return new Promise((resolve, reject) => {
    http
      .get({ host: '127.0.0.1', port, path }, (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode ?? 0));
      })
      .once('error', reject);
  });
}

/** nginx with its access log *file* tapped and suppressed. @param {string} directory */
async function runNginx(directory) {
  const port = await freePort();
  const log = join(directory, FILE_NAME);
  const config = join(directory, 'nginx.conf');
  writeFileSync(join(directory, 'hello.txt'), 'hello\n');
  writeFileSync(
    config,
    `daemon off; pid ${directory}/nginx.pid; error_log stderr error; worker_processes 1;
     ${process.getuid?.() === 0 ? 'user root;' : ''}
     events {}
     http {
       access_log ${log};
       ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${directory}/${name};`).join(' ')}
       server { listen 127.0.0.1:${port}; root ${directory}; }
     }`,
  );
  const args = [cli, 'run', '--suppress', '--file', log, '--', 'nginx', '-e', 'stderr', '-c', config];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  let diagnostics = '';
  child.stderr.on('data', (chunk) => {
    diagnostics += chunk;
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const deadline = Date.now() + 15_000;
  while ((await request(port, '/hello.txt').catch(() => 0)) !== 200) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`nginx did not start:\n${diagnostics}`);
    await sleep(50);
  }
  await request(port, '/missing.txt');
  process.kill(Number(readFileSync(join(directory, 'nginx.pid'), 'utf8')), 'SIGQUIT');
  await ended;
  const records = parse(output);
  const fromFile = records.filter(({ stream }) => stream === 'file');
  if (fromFile.length !== 2) throw new Error(`nginx: 2 requests made, ${fromFile.length} access log lines arrived`);
  if (statSync(log).size !== 0) throw new Error(`nginx: ${log} should be empty, the bytes were suppressed`);
  show('nginx, its access log file tapped and left empty on disk', records, diagnostics);
  return records.length;
}

function synthesise() {
  const { status, stdout, stderr } = spawnSync(join(root, 'node_modules', '.bin', 'cdk8s'), ['synth'], {
    cwd: root,
    encoding: 'utf8',
    env: {
      ...process.env,
      CDK8S_CHECK_UPGRADE: 'false',
      PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}`,
    },
  });
  if (status !== 0) throw new Error(`cdk8s synth failed:\n${stdout}${stderr}`);
  const manifests = stdout.split('\n').filter((line) => line.includes('.yaml'));
  console.log(`\nThe same in Kubernetes, synthesised from examples/cdk8s:\n${manifests.join('\n')}`);
}

/** A shop that goes on until Ctrl-C, and the console of its shipper. @returns {Promise<unknown>} */
function showConsole() {
  console.log('\nA shop writes lines. Open its console in a browser; Ctrl-C ends it.\n');
  const args = [cli, 'run', '--suppress', '--console', '--', 'sh', join(programs, 'shop.sh')];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  // The terminal sends it to the program, too.
  process.on('SIGINT', () => {});
  return new Promise((resolve) => child.once('close', resolve));
}

async function main() {
  const started = Date.now();
  await setUp('demo');
  require('./build.js').build();
  const directory = mkdtempSync(join(tmpdir(), 'logtap-demo-'));
  try {
    let lines = runToEnd('C, printf', [compileOrders(directory)], 6);
    if (isInstalled('bash')) lines += runToEnd('bash', ['bash', join(programs, 'nightly.sh')], 3);
    if (isInstalled('python3')) lines += runToEnd('Python', ['python3', join(programs, 'report.py')], 4);
    else console.log('\nPython: skipped, python3 is not installed');
    if (isInstalled('nginx')) lines += await runNginx(directory);
    else console.log('\nnginx: skipped, it is not installed');
    console.log(`\n${lines} lines written by unchanged programs, ${lines} arrived.`);
    synthesise();
    console.log(`
Where to look next
  node dist/cli/logtap.js run --suppress -- YOUR PROGRAM    tap a program of yours
  npm run demo -- --console                                 its live lines and counts, in a browser
  dist/manifests/*.k8s.yaml                                 the manifests: init container, sidecar, environment
  examples/cdk8s/main.ts                                    the chart they come from
  examples/compose                                          the program and the shipper as two services
  examples/kubernetes                                       a Deployment, and the same after logtap inject
  examples/fluent                                           a log file that stays empty, to two receivers
  examples/custom-sink                                      a sink of your own
  docs/reference/settings.md                                          CloudWatch Logs, OpenSearch and every other setting`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  if (process.argv.includes('--console')) await showConsole();
  console.log(`\nDone in ${((Date.now() - started) / 1000).toFixed(0)} s.`);
}

main().catch((error) => {
  console.error(`demo: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
