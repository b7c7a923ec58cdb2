// A free port for a server that may be killed and started again on it.
const { createServer } = require('node:net');

// Below those that the kernel gives to outgoing connections (32,768 and up on Linux): such a connection could take the
// port while the server is down, or, trying to reach the server from that very port, connect to itself. And above 10,080, the
// last of the ports that fetch() refuses.
const FIRST = 10_100;
const COUNT = 21_900;

/** @returns {Promise<number>} a loopback port that was free a moment ago */
async function freePort() {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    const server = createServer();
    const isFree = await new Promise((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

module.exports = { freePort };
