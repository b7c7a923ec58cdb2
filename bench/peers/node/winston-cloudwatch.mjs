// A winston logger with winston-cloudwatch as its transport: a line is a message.
//
//     node winston-cloudwatch.mjs SOCKET URL cloudwatch      LOGTAP_BENCH_PACKAGES has node_modules with both
import { createRequire } from 'node:module';
import { linesOf } from './lines-of.mjs';

const load = createRequire(`${process.env.LOGTAP_BENCH_PACKAGES}/package.json`);
const winston = load('winston');
const WinstonCloudWatch = load('winston-cloudwatch');

const [path = '', endpoint = ''] = process.argv.slice(2);
/** More waiting messages than this stop the reading: the transport has no bound of its own. */
const WAITING = 50_000;

const transport = new WinstonCloudWatch({
  logGroupName: '/bench',
  logStreamName: 'bench',
  awsRegion: 'eu-central-1',
  awsOptions: { endpoint, region: 'eu-central-1' },
  uploadRate: 200,
  messageFormatter: (/** @type {{ message: string }} */ { message }) => message,
});
const logger = winston.createLogger({ transports: [transport] });

for await (const line of linesOf(path)) {
  logger.info(line);
  while (transport.logEvents.length > WAITING) await new Promise((resolve) => setTimeout(resolve, 20));
}
