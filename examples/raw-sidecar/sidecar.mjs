// A sidecar as many have written one: listens on a unix socket and prints each line that it is sent, with the pod's name.
// It knows nothing of frames.
//
//     node sidecar.mjs SOCKET
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

createServer((connection) => {
  createInterface({ input: connection }).on('line', (log) => {
    console.log(JSON.stringify({ pod: process.env.POD_NAME ?? 'local', log }));
  });
}).listen(process.argv[2]);
