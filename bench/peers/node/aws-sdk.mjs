// PutLogEvents by the SDK of AWS: split, arrays of events, one request at a time.
//
//     node aws-sdk.mjs SOCKET URL cloudwatch
import { CloudWatchLogsClient, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { readLines } from './lines-of.mjs';

const [path = '', endpoint = ''] = process.argv.slice(2);
const LINGER_MS = 1000;
const BODY_BYTES = 1_000_000;
const EVENTS = 10_000;
/** Of an event, by the rules of CloudWatch Logs. */
const EVENT_BYTES = 26;

const client = new CloudWatchLogsClient({ endpoint, region: 'eu-central-1', maxAttempts: 100 });

/** @type {{ timestamp: number, message: string }[]} */
let held = [];
let bytes = 0;
/** @type {Promise<unknown>} */
let sending = Promise.resolve();
let waiting = 0;

function flush() {
  if (held.length === 0) return;
  const logEvents = held;
  waiting += 1;
  sending = sending
    .then(() => client.send(new PutLogEventsCommand({ logGroupName: '/bench', logStreamName: 'bench', logEvents })))
    .then(() => {
      waiting -= 1;
    });
  held = [];
  bytes = 0;
}
setInterval(flush, LINGER_MS);

readLines(path, (lines) => {
  const timestamp = Date.now();
  for (const message of lines) {
    if (held.length === EVENTS || bytes + message.length + EVENT_BYTES > BODY_BYTES) flush();
    held.push({ timestamp, message });
    bytes += message.length + EVENT_BYTES;
  }
  // One request is under way, one waits.
  if (waiting > 1) return sending.then(() => {});
});
