// Installs missing parts and reports each step with its duration. A second run starts at once.
//
//     node scripts/setup.js demo     the npm packages
//     node scripts/setup.js test     and everything that the suites need
//
// Runs with nothing but Node. Exported for the other scripts: setUp(purpose).
const { execFileSync, spawnSync } = require('node:child_process');
const { capabilities, compiler, npmPackages } = require('./capabilities.js');
const { isInstalled } = require('./installed.js');

const INSTALL = ['apt-get', 'install', '-y', '--no-install-recommends'];
/** Lines of a failed step's output that are shown. */
const SHOWN_LINES = 40;

/**
 * Output is shown only when a step fails.
 * @param {string} what @param {() => unknown} step
 */
async function step(what, step) {
  const started = Date.now();
  process.stdout.write(`set-up: ${what} ... `);
  try {
    await step();
    console.log(`${((Date.now() - started) / 1000).toFixed(1)} s`);
  } catch (error) {
    const { message, stderr = '', stdout = '' } = /** @type {Error & { stderr?: Buffer, stdout?: Buffer }} */ (error);
    // A failed command's message repeats its stderr after the first line.
    const [reason] = stderr.length > 0 ? message.split('\n') : [message];
    const output = `${stdout}${stderr}`.trimEnd().split('\n').slice(-SHOWN_LINES).join('\n');
    console.log(`failed\n${reason}\n${output}`);
  }
}

/** @param {readonly string[]} packages */
async function installDebian(packages) {
  if (packages.length === 0) return;
  if (process.getuid?.() !== 0 || !isInstalled('apt-get')) {
    console.log(`set-up: run as root: apt-get update && ${[...INSTALL, ...packages].join(' ')}`);
    return;
  }
  await step(`Debian packages ${packages.join(' ')}`, () => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    // Old lists may still do; if they do not, the installation says so.
    spawnSync('apt-get', ['update', '-qq'], { env, stdio: 'ignore' });
    const [command = '', ...args] = INSTALL;
    execFileSync(command, [...args, '-qq', ...packages], { env, stdio: 'pipe' });
  });
}

/**
 * Installs the missing parts for a purpose.
 * @param {'demo' | 'test'} purpose
 * @throws if the npm packages or the compiler are missing and cannot be installed: nothing works without them
 */
async function setUp(purpose) {
  const wanted = capabilities(purpose);
  const missing = wanted.filter((capability) => !capability.isPresent());
  await installDebian(missing.flatMap(({ debian = [] }) => debian));
  for (const { name, isPresent, install, needs = [] } of missing) {
    const canInstall = wanted.every((other) => !needs.includes(other.name) || other.isPresent());
    if (install !== undefined && canInstall) await step(name, install);
    const isRequired = name === compiler.name || name === npmPackages.name;
    if (isRequired && !isPresent()) throw new Error(`nothing works without ${name}: install them, then run it again`);
  }
  for (const { name, isPresent, without } of missing) {
    if (!isPresent()) console.log(`set-up: without ${name} these are left out: ${without}`);
  }
}

module.exports = { setUp };

if (require.main === module) {
  const purpose = process.argv[2] ?? 'test';
  if (purpose !== 'demo' && purpose !== 'test') {
    console.error(`setup: '${purpose}' must be demo or test`);
    process.exitCode = 64;
  } else {
    setUp(purpose).catch((error) => {
      console.error(`setup: ${error.message}`);
      process.exitCode = 1;
    });
  }
}
