// The pipeline that an afternoon brings: split, JSON.stringify, http. Up to four requests at a time, one per second at low rates.
//
//     node naive.mjs SOCKET URL opensearch|cloudwatch [gzip] [stages]
import http from 'node:http';
import https from 'node:https';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
// @ts-expect-error it has no declarations
import aws4 from 'aws4';
import { readLines } from './lines-of.mjs';

const [path = '', target = '', service = '', ...options] = process.argv.slice(2);
const [isGzip, hasStages] = ['gzip', 'stages'].map((option) => options.includes(option));
const IN_FLIGHT = 4;
const LINGER_MS = 1000;
const BODY_BYTES = service === 'cloudwatch' ? 1_000_000 : 5_000_000;
const EVENTS = service === 'cloudwatch' ? 10_000 : 100_000;
/** Of an event, by the rules of CloudWatch Logs. */
const EVENT_BYTES = 26;

const url = new URL(target);
const client = url.protocol === 'https:' ? https : http;
const agent = new client.Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
const zip = promisify(gzip);

/** @param {Buffer} body @param {Record<string, string>} headers @returns {Promise<void>} */
function attempt(body, headers) {
  return new Promise((resolve, reject) => {
    const at = service === 'cloudwatch' ? '/' : '/_bulk?filter_path=errors';
    const request = client.request(new URL(at, url), { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`${response.statusCode}`))));
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** @param {string} text */
async function post(text) {
  const body = isGzip ? await zip(text, { level: 1 }) : Buffer.from(text);
  /** @type {Record<string, string>} */
  let headers = { 'content-type': 'application/x-ndjson', 'content-length': String(body.length) };
  if (isGzip) headers['content-encoding'] = 'gzip';
  if (service === 'cloudwatch') {
    headers['content-type'] = 'application/x-amz-json-1.1';
    headers['x-amz-target'] = 'Logs_20140328.PutLogEvents';
    const request = {
      host: url.host,
      method: 'POST',
      path: '/',
      service: 'logs',
      region: 'eu-central-1',
      headers,
      body,
    };
    headers = /** @type {Record<string, string>} */ (aws4.sign(request).headers);
  }
  for (let wait = 100; ; wait = Math.min(wait * 2, 5000)) {
    try {
      return await attempt(body, headers);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

const CARD = /\b(?:\d{4}[ -]?){3}\d{4}\b/g;

/** Joins stack traces, hides cards, reads JSON. @param {string[]} lines */
function documentsOf(lines) {
  /** @type {string[]} */
  const records = [];
  for (const line of lines) {
    if (/^\s/.test(line) && records.length > 0) records[records.length - 1] += `\n${line}`;
    else records.push(line);
  }
  return records.map((record) => {
    const message = record.replace(CARD, '[card]');
    return { message, fields: message.startsWith('{') ? JSON.parse(message) : undefined };
  });
}

/** @param {string[]} lines */
function bodyOf(lines) {
  const timestamp = Date.now();
  if (service === 'cloudwatch') {
    const logEvents = lines.map((message) => ({ timestamp, message }));
    return JSON.stringify({ logGroupName: '/bench', logStreamName: 'bench', logEvents });
  }
  const time = new Date(timestamp).toISOString();
  const documents = hasStages ? documentsOf(lines) : lines.map((message) => ({ message }));
  return documents
    .map((document) => `{"index":{"_index":"bench"}}\n${JSON.stringify({ '@timestamp': time, ...document })}\n`)
    .join('');
}

/** @type {string[]} */
let held = [];
let bytes = 0;
/** @type {Set<Promise<void>>} */
const inFlight = new Set();

function flush() {
  if (held.length === 0) return;
  const sending = post(bodyOf(held));
  inFlight.add(sending);
  sending.then(() => inFlight.delete(sending));
  held = [];
  bytes = 0;
}
setInterval(flush, LINGER_MS);

readLines(path, (lines) => {
  for (const line of lines) {
    if (held.length === EVENTS || bytes + line.length + EVENT_BYTES > BODY_BYTES) flush();
    held.push(line);
    bytes += line.length + EVENT_BYTES;
  }
  if (inFlight.size >= IN_FLIGHT) return Promise.race(inFlight);
});
