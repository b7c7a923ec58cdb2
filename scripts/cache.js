// Where downloads are kept between runs, outside of the repository: $CDK8S_LOGTAP_CACHE_DIR, or cdk8s-logtap under
// $XDG_CACHE_HOME, or ~/.cache/cdk8s-logtap. Deleting it costs a download and nothing else.
const { mkdirSync } = require('node:fs');
const { homedir } = require('node:os');
const { join } = require('node:path');

/**
 * A directory of the cache; it exists afterwards.
 * @param {...string} parts
 * @returns {string}
 */
function cacheDir(...parts) {
  const home = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const directory = join(process.env.CDK8S_LOGTAP_CACHE_DIR || join(home, 'cdk8s-logtap'), ...parts);
  mkdirSync(directory, { recursive: true });
  return directory;
}

module.exports = { cacheDir };
