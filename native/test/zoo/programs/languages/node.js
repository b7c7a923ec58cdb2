// Node in its ways to write; the first argument names one.
const { fork, execFileSync, spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { isMainThread, Worker, workerData } = require('node:worker_threads');

/** @param {number} count */
const range = (count) => Array.from({ length: count }, (_, i) => i);
/** @param {import('node:events').EventEmitter} emitter @param {string} event */
const ended = (emitter, event) => new Promise((settle) => emitter.once(event, settle));

/** @type {Record<string, () => unknown>} */
const ways = {
  console() {
    for (const i of range(500)) {
      console.log('out', i);
      if (i % 10 === 0) console.error('err', i);
    }
  },
  write() {
    process.stdout.write(Buffer.from(range(65_536)));
    process.stdout.write('text é\n', () => process.stdout.write('last\n'));
    process.stderr.write('err\n');
  },
  large() {
    const line = (/** @type {number} */ i) => `line ${String(i).padStart(8, '0')}\n`;
    for (const start of range(32))
      process.stdout.write(
        range(2048)
          .map((i) => line(start * 2048 + i))
          .join(''),
      );
  },
  appendFileSync() {
    for (const i of range(200)) fs.appendFileSync('app.log', `log ${i}\n`);
    fs.writeFileSync('other.txt', 'other\n');
  },
  descriptor() {
    const log = fs.openSync('app.log', 'a');
    for (const i of range(200)) fs.writeSync(log, `log ${i}\n`);
    fs.writevSync(log, [Buffer.from('writev '), Buffer.from('of two\n')]);
    fs.writeSync(1, 'out\n');
    fs.closeSync(log);
  },
  async stream() {
    const log = fs.createWriteStream('app.log', { flags: 'a' });
    for (const i of range(2000)) log.write(`log ${i}\n`);
    log.end();
    await ended(log, 'close');
  },
  async promises() {
    for (const i of range(100)) await fs.promises.appendFile('app.log', `log ${i}\n`);
    const handle = await fs.promises.open('app.log', 'a');
    for (const i of range(100)) await handle.write(`handle ${i}\n`);
    await handle.close();
  },
  async rotate() {
    const open = () => fs.createWriteStream('app.log', { flags: 'a' });
    let log = open();
    for (const part of range(3)) {
      for (const i of range(100)) log.write(`log ${part * 100 + i}\n`);
      log.end();
      await ended(log, 'close');
      if (part === 2) break;
      if (fs.existsSync('app.log.1')) fs.renameSync('app.log.1', 'app.log.2');
      fs.renameSync('app.log', 'app.log.1');
      log = open();
    }
  },
  async copies() {
    fs.writeFileSync(
      'seed',
      range(2000)
        .map((i) => `seed ${i}\n`)
        .join(''),
    );
    fs.copyFileSync('seed', 'app.log');
    await require('node:stream/promises').pipeline(
      fs.createReadStream('seed'),
      fs.createWriteStream('app.log', { flags: 'a' }),
    );
  },
  async children() {
    console.log('before');
    spawnSync('echo', ['inherited'], { stdio: 'inherit' });
    console.log('captured', execFileSync('echo', ['secret']).length);
    spawnSync('echo', ['empty environment'], { stdio: 'inherit', env: {} });
    const log = fs.openSync('app.log', 'a');
    spawnSync('sh', ['-c', 'echo into the log; echo to stderr >&2'], { stdio: ['ignore', log, 'inherit'] });
    await ended(spawn('sh', ['-c', 'echo spawned'], { stdio: 'inherit' }), 'close');
    const piped = spawn('echo', ['piped']);
    piped.stdout.pipe(process.stdout, { end: false });
    await ended(piped, 'close');
    const child = fork(__filename, ['forked']);
    child.send('hello');
    await ended(child, 'close');
  },
  forked() {
    process.once('message', (message) => {
      console.log('forked got', message);
      process.disconnect();
    });
  },
  async workers() {
    const all = range(4).map((n) => new Worker(__filename, { argv: ['work'], workerData: `w${n}` }));
    await Promise.all(all.map((worker) => ended(worker, 'exit')));
  },
  work() {
    if (isMainThread) throw new Error('only in a worker');
    for (const i of range(100)) console.log(workerData, i);
    for (const i of range(100)) fs.appendFileSync('app.log', `${workerData} ${i}\n`);
  },
  exit() {
    for (const i of range(100)) console.log('out', i);
    process.on('exit', () => fs.appendFileSync('app.log', 'at the end\n'));
    process.exit(7);
  },
};

ways[process.argv[2] ?? '']?.();
