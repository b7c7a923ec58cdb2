// Logs by console or a framework, errors with causes included; or dies of an uncaught one, again and again.
const { appendFileSync } = require('node:fs');
const { spawnSync } = require('node:child_process');

const [style, count, load] = process.argv.slice(2);
const mark = () => appendFileSync(process.env.TRUTH, 'e\n');

function fetchOrder(i) {
  throw Object.assign(new TypeError(`order ${i} is not an object`), { code: 'ERR_ORDER' });
}
function handle(i) {
  try {
    fetchOrder(i);
  } catch (cause) {
    throw new Error(`cannot handle order ${i}`, { cause });
  }
}
function failure(i) {
  try {
    if (i % 3 === 0) return new AggregateError([new Error('first'), new RangeError('second')], `batch ${i}`);
    handle(i);
  } catch (error) {
    return error;
  }
}

function logger() {
  if (style === 'pino') {
    const log = require('pino')({}, require('pino').destination({ sync: true }));
    return { info: (text) => log.info(text), error: (error) => log.error(error) };
  }
  if (style === 'bunyan') {
    const log = require('bunyan').createLogger({ name: 'shop' });
    return { info: (text) => log.info(text), error: (error) => log.error(error) };
  }
  if (style === 'winston') {
    const { createLogger, format, transports } = require('winston');
    const line = format.printf(({ level, message, stack, timestamp }) => `${timestamp} ${level}: ${stack ?? message}`);
    const options = {
      format: format.combine(format.errors({ stack: true }), format.timestamp(), line),
      transports: [new transports.Console()],
    };
    const log = createLogger(options);
    return { info: (text) => log.info(text), error: (error) => log.error(error) };
  }
  return { info: (text) => console.error(text), error: (error) => console.error(error) };
}

async function main() {
  const log = logger();
  for (let i = 0; i < Number(count); i++) {
    if (i % 5 === 4) log.error(failure(i));
    else if (i % 7 === 3 && style === 'console')
      log.info({ order: i, items: Array.from({ length: 30 }, (_, n) => `item ${n}`) });
    else log.info(`order ${i} accepted`);
    // Frameworks write in the next turn.
    await new Promise((resolve) => setImmediate(resolve));
    mark();
    if (load === 'low' || load === 'pipe') await new Promise((resolve) => setTimeout(resolve, 4));
  }
}

if (style === 'dies') handle(Number(count));
else if (style === 'uncaught') {
  for (let i = 0; i < Number(count) / 5; i++) {
    console.error(`starting worker ${i}`);
    mark();
    spawnSync(process.execPath, [__filename, 'dies', String(i)], { stdio: 'inherit' });
    mark();
  }
} else main();
