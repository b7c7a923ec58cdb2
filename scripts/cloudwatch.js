// A CloudWatch Logs emulator for tests: moto in server mode, from PyPI, loopback only. It speaks the protocol and reads
// back; it enforces hardly any of the documented limits.
//
//     node scripts/cloudwatch.js            runs one in the foreground
//
// Needs python3. Exported for set-up and tests: ensureCloudWatch(), isCloudWatchPresent(), startCloudWatch().
const { join } = require('node:path');
const { ensureVenv, isVenvPresent } = require('./python-venv.js');
const { foreground, startService } = require('./service.js');

/** @typedef {import('./service.js').Service} CloudWatchServer */

const PACKAGES = ['moto[server,logs]==5.2.5'];

/** The server does not watch its standard input; this does. Its first argument is the directory to remove then. */
const MAIN = `
import os, shutil, sys, threading
directory = sys.argv.pop(1)
def watch():
    while sys.stdin.buffer.read(1):
        pass
    shutil.rmtree(directory, ignore_errors=True)
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
from moto.server import main
main(sys.argv[1:])
`;

const isCloudWatchPresent = () => isVenvPresent('moto', PACKAGES);
const ensureCloudWatch = () => ensureVenv('moto', PACKAGES);

/**
 * Starts an emulator on a free port. It stores in memory: a restart begins empty.
 * @returns {Promise<CloudWatchServer>}
 */
async function startCloudWatch() {
  const programs = ensureCloudWatch();
  return startService({
    name: 'moto',
    isReady: async (url, signal) => {
      const response = await fetch(url, {
        signal,
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': 'Logs_20140328.DescribeLogGroups',
          // Routes the request to the right service; the signature itself is not checked.
          authorization:
            'AWS4-HMAC-SHA256 Credential=a/20260101/eu-central-1/logs/aws4_request, SignedHeaders=host, Signature=0',
        },
        body: '{}',
      });
      return response.status === 200;
    },
    command: (port, directory) => ({
      command: join(programs, 'python'),
      args: ['-c', MAIN, directory, '-H', '127.0.0.1', '-p', String(port)],
      // It asks the instance metadata service for credentials unless it is given some.
      env: { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_DEFAULT_REGION: 'eu-central-1' },
    }),
  });
}

module.exports = { ensureCloudWatch, isCloudWatchPresent, startCloudWatch };

if (require.main === module) {
  foreground(startCloudWatch()).catch((error) => {
    console.error(`cloudwatch: ${error.message}`);
    process.exit(1);
  });
}
