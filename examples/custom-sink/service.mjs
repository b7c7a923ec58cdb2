// A log service of one's own: takes lines by POST, prints each, gives all of them back by GET.
//
//     node service.mjs PORT
import { createServer } from 'node:http';

/** @type {string[]} */
const lines = [];

createServer(async (request, response) => {
  if (request.method === 'GET') {
    response.end(lines.map((line) => `${line}\n`).join(''));
    return;
  }
  let body = '';
  for await (const chunk of request) body += chunk;
  for (const { host, stream, text } of JSON.parse(body)) lines.push(`${host} ${stream} ${text}`);
  response.writeHead(204).end();
}).listen(Number(process.argv[2]), '127.0.0.1');
