// Reads JSON lines over TCP and prints, of each, where it comes from and its message.
//
//     node receiver.mjs PORT
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

createServer((connection) => {
  createInterface({ input: connection }).on('line', (line) => {
    const { pod_name, source, message } = JSON.parse(line);
    console.log(`${pod_name} ${source} ${message}`);
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
