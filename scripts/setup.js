// Installs what is missing, says what it does and how long it took; a second run starts at once.
//
//     node scripts/setup.js demo     the npm packages
//     node scripts/setup.js test     and everything that the suites need
//
// Runs with nothing but Node. Exported for the other scripts: setUp(purpose).
const { execFileSync, spawnSync } = require('node:child_process');
const { capabilities, compiler, isInstalled, npmPackages } = require('./capabilities.js');

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
    return true;
  } catch (error) {
    const { message, stderr, stdout } = /** @type {Error & { stderr?: Buffer, stdout?: Buffer }} */ (error);
    console.log(`failed\n${message}\n${stdout ?? ''}${stderr ?? ''}`);
    return false;
  }
}

/** @param {readonly string[]} packages */
function installDebian(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const lists = spawnSync('apt-get', ['update', '-qq'], { env, stdio: 'pipe' });
  if (lists.error) throw lists.error;
  execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env, stdio: 'pipe' });
}

/**
 * Installs what is missing for a purpose.
 * @param {'demo' | 'test'} purpose
 * @throws if the npm packages or the compiler are missing and cannot be installed: nothing works without them
 */
async function setUp(purpose) {
  const wanted = capabilities(purpose);
  const debian = wanted.filter((capability) => !capability.isPresent()).flatMap(({ debian = [] }) => debian);
  if (debian.length > 0) {
    const isRoot = process.getuid?.() === 0;
    if (isRoot && isInstalled('apt-get') && purpose === 'test') {
      await step(`Debian packages ${debian.join(' ')}`, () => installDebian(debian));
    } else {
      console.log(`set-up: run as root: apt-get install -y --no-install-recommends ${debian.join(' ')}`);
    }
  }
  for (const { name, isPresent, install } of wanted) {
    if (install !== undefined && !isPresent()) await step(name, install);
  }
  for (const { name, isPresent, without } of wanted) {
    if (!isPresent()) console.log(`set-up: without ${name} these are left out: ${without}`);
  }
  const needed = [compiler, npmPackages].find((capability) => !capability.isPresent());
  if (needed !== undefined) throw new Error(`nothing works without ${needed.name}: install them, then run it again`);
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
