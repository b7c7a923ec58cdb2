// A CloudWatch Logs emulator for tests: moto in server mode, from PyPI, loopback only. It speaks the protocol and reads
// back; it enforces hardly any of the documented limits.
//
//     node scripts/cloudwatch.js            runs one in the foreground
//
// Needs python3. Exported for set-up and tests: ensureCloudWatch(), isCloudWatchPresent(), startCloudWatch().
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { ensureVenv, isVenvPresent } = require('./python-venv.js');
const { foreground, startService } = require('./service.js');

/** @typedef {import('./service.js').Service} CloudWatchServer */

const PACKAGES = ['moto[server,logs]==5.2.5'];

/** The server does not watch its standard input; this does. */
const MAIN = `
import os, sys, threading
def watch():
    while sys.stdin.buffer.read(1):
        pass
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
from moto.server import main
main(sys.argv[1:])
`;

const isCloudWatchPresent = () => isVenvPresent('moto', PACKAGES);
const ensureCloudWatch = () => ensureVenv('moto', PACKAGES);

/**
 * Starts an emulator on a free port. What it stores lives in its memory: a restart begins empty.
 * @returns {Promise<CloudWatchServer>}
 */
async function startCloudWatch() {
  const programs = ensureCloudWatch();
  const directory = mkdtempSync(join(tmpdir(), 'logtap-cloudwatch-'));
  return startService({
    name: 'moto',
    log: join(directory, 'server.log'),
    isReady: async (url) => {
      const response = await fetch(url, {
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
    clean: () => rmSync(directory, { recursive: true, force: true }),
    command: (port) => ({
      command: join(programs, 'python'),
      args: ['-c', MAIN, '-H', '127.0.0.1', '-p', String(port)],
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
