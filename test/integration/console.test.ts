/** The console in a real browser. `npm run pictures` also makes the pictures of its page. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../scripts/free-port.js';
import { LIBRARY_ENV } from '../../src/contract.js';
import type { State } from '../../src/shipper/console/wire.js';
import { describeWith } from '../support/capability.js';
import { ConsolePage, closeBrowser, openBrowser } from '../support/console-page.js';
import { logtap, type Running, root, run, start, temporaryDirectory, until } from '../support/run.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

/** Where the pictures of the documentation go; they are made on request only. */
const PICTURES = process.env.LOGTAP_PICTURES === undefined ? undefined : join(root, 'docs', 'pictures');

interface Scene {
  readonly port: number;
  readonly env: Record<string, string>;
  readonly state: () => Promise<State>;
  /** Writes lines to the tapped standard output. */
  readonly write: (...lines: readonly string[]) => Promise<unknown>;
  /** What the sink stdout has. */
  readonly delivered: () => string;
  readonly end: () => Promise<unknown>;
}

async function openScene(settings: Record<string, string> = {}): Promise<Scene> {
  const [port, rings] = [await freePort(), join(temporaryDirectory(), 'rings')];
  const pod = { POD_NAME: 'orders-7c9f6d-x2kqp', POD_NAMESPACE: 'shop', NODE_NAME: 'node-3' };
  const own = { LOGTAP_STATUS_PORT: String(port), LOGTAP_RING_DIR: rings, LOGTAP_SINK: 'stdout' };
  const shipper = await startShipper({ ...pod, ...own, ...settings });
  const target = { [LIBRARY_ENV.TARGET.name]: `ring:${rings}`, [LIBRARY_ENV.CONTAINER.name]: 'orders' };
  const env = { ...tapEnvironment('', { suppress: true }), ...target };
  const state = async () => (await (await fetch(`http://127.0.0.1:${port}/status`)).json()) as State;
  const write = (...lines: readonly string[]) => run('printf', ['%s\\n', ...lines], { env });
  return { port, env, state, write, delivered: shipper.stdout, end: () => drain(shipper) };
}

/** An application that goes on: it writes its text every 100 ms. */
function startWriter(env: Record<string, string>, text: string): Running {
  const path = join(temporaryDirectory(), 'text');
  writeFileSync(path, text);
  const program = `const text = fs.readFileSync(${JSON.stringify(path)}); setInterval(() => fs.writeSync(1, text), 100);`;
  return start(process.execPath, ['-e', program], { env });
}

/** Lines as a shop writes them, one every 80 ms. */
const SHOP = `
  let order = 4710;
  const shop = [
    () => 'INFO  order ' + (order += 1) + ' accepted, 3 items, 59.70 EUR',
    () => 'INFO  payment of order ' + order + ' authorised in 182 ms',
    () => 'DEBUG cache hit ratio 0.94',
    () => 'INFO  order ' + order + ' shipped by parcel',
    () => 'WARN  stock of item 1127 is low: 4 left',
    () => 'INFO  GET /orders/' + order + ' 200 12 ms',
    () => order % 3 === 0 ? 'ERROR payment of order ' + order + ' refused: card expired' : 'INFO  mail for order ' + order + ' queued',
  ];
  let line = 0;
  setInterval(() => fs.writeSync(1, shop[line++ % shop.length]() + '\\n'), 80);
`;

/** Makes a picture of the page, with half a minute of a shop's life, where pictures are asked for. */
async function picture(console: ConsolePage, { env }: Scene, name: string): Promise<void> {
  if (PICTURES === undefined) return;
  mkdirSync(PICTURES, { recursive: true });
  const shop = start(process.execPath, ['-e', SHOP], { env });
  await sleep(25_000);
  await console.evaluate('scrollTo(0, 0)');
  await console.page.screenshot({ path: `${PICTURES}/console-${name}.png` });
  shop.child.kill('SIGKILL');
}

describeWith(['chromium'], 'the console', () => {
  beforeAll(openBrowser);
  afterAll(closeBrowser);

  test('its numbers are those of the ledger, and it asks its shipper only', async () => {
    const scene = await openScene({ LOGTAP_RULES: 'drop level=debug' });
    const console = await ConsolePage.open(scene.port);
    await console.until('that no process has written', async () =>
      (await console.textOf('#verdict')).includes('No process'),
    );
    await scene.write('INFO one', 'DEBUG two', 'WARN three');
    await run('sh', ['-c', 'echo ERROR four >&2'], { env: scene.env });
    const row = '[data-row="stdout stdout"]';
    await console.until('three lines of stdout', async () => (await console.numbersOf(row))[0] === 3);
    await console.until(
      'the line of stderr',
      async () => (await console.numbersOf('[data-row="stdout stderr"]'))[1] === 1,
    );
    await console.until('that all is delivered', async () => (await console.numbersOf(row))[1] === 2);
    const { sinks } = (await scene.state()).ledger;
    const { read, delivered, held, withheld = 0, deadLettered, dropped } = sinks.stdout!.streams.stdout!;
    expect(await console.numbersOf(row)).toEqual([read, delivered, held, withheld, deadLettered, dropped]);
    expect([read, delivered, withheld]).toEqual([3, 2, 1]);
    expect(await console.textOf('#verdict')).toContain('Working');
    expect(await console.textOf('[data-step=read]')).toContain('4 lines in all');
    expect(await console.textOf('[data-step=delivered]')).toContain('3 lines in all');
    expect(await console.textsOf('#processes ~ section tbody th')).toEqual([
      expect.stringContaining('sh '),
      expect.stringContaining('printf '),
    ]);
    expect(console.requests.filter((url) => !url.startsWith(`http://localhost:${scene.port}/`))).toEqual([]);
    expect(console.complaints).toEqual([]);
    await console.close();
    await scene.end();
  });

  test('nothing but the script and the style of the page may run, and the page is small', async () => {
    const scene = await openScene();
    const response = await fetch(`http://127.0.0.1:${scene.port}/`);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'sha256-\S+'; style-src 'sha256-\S+'; connect-src 'self'; /,
    );
    expect(policy).not.toContain('unsafe');
    expect((await response.text()).length).toBeLessThan(80_000);
    await scene.end();
  });

  test('the tail: a line as soon as the sink has it, a filter, a pause; the shipper is rid of it when the page is closed', async () => {
    const scene = await openScene();
    expect((await scene.state()).tailing).toBe(0);
    const console = await ConsolePage.open(scene.port);
    await until('the page follows the tail', async () => (await scene.state()).tailing === 1);
    // Of the quickest line, after the sink got it: on a busy machine some take longer.
    let lagMs = Number.POSITIVE_INFINITY;
    for (let n = 0; n < 30 && lagMs >= 500; n++) {
      const line = `INFO order ${n} accepted`;
      await scene.write(line);
      await until('the sink has it', () => scene.delivered().includes(line));
      const deliveredMs = performance.now();
      await console.until(line, async () => (await console.messages()).includes(line));
      lagMs = Math.min(lagMs, performance.now() - deliveredMs);
    }
    expect(lagMs).toBeLessThan(500);

    await scene.write('WARN stock is low', 'ERROR payment refused');
    await console.until('the error', async () => (await console.messages()).includes('ERROR payment refused'));
    await console.page.select('select[name=level]', 'warn');
    await console.until('warnings and errors', async () => (await console.messages()).length === 2);
    expect(await console.messages()).toEqual(['WARN stock is low', 'ERROR payment refused']);
    await console.page.type('input[name=match]', 'STOCK');
    await console.until('the match alone', async () => (await console.messages()).length === 1);
    expect(await console.messages()).toEqual(['WARN stock is low']);
    // The choice reaches the shipper, too.
    await console.follows();
    expect(console.requests.filter((url) => url.includes('/tail?')).at(-1)).toContain('?level=warn&match=STOCK&');
    await scene.write('WARN other', 'WARN stock of 7 is low');
    await console.until('the new match', async () => (await console.messages()).length === 2);
    expect(await console.messages()).toEqual(['WARN stock is low', 'WARN stock of 7 is low']);

    await console.page.click('button[name=pause]');
    await console.until('the pause', async () => (await console.textOf('.counts')).includes('Paused'));
    await scene.write('ERROR stock is gone');
    await console.until('that a line waits', async () => (await console.textOf('.counts')).includes('1 line waiting'));
    expect(await console.messages()).toHaveLength(2);
    await console.page.click('button[name=pause]');
    await console.until('the line', async () => (await console.messages()).at(-1) === 'ERROR stock is gone');
    expect(console.complaints).toEqual([]);
    await console.close();
    await until('the shipper has let go of it', async () => (await scene.state()).tailing === 0);
    await scene.end();
  });

  test('an outage: where it is stuck, why, and what to do; and its end', async () => {
    const port = await freePort();
    const scene = await openScene({
      LOGTAP_SINK: 'stdout,tcp',
      LOGTAP_TCP_ADDRESS: `127.0.0.1:${port}`,
    });
    const console = await ConsolePage.open(scene.port);
    await scene.write('INFO one', 'INFO two');
    await console.until('the outage', async () =>
      (await console.textOf('#verdict')).includes('tcp does not take lines'),
    );
    await console.until('what is held', async () => /2 lines wait/.test(await console.textOf('.verdict')));
    expect(await console.textOf('.verdict')).toMatch(/ECONNREFUSED .*nothing is lost/);
    expect(await console.textOf('[data-step=held]')).toContain('2 lines');
    expect(await console.textOf('[data-sink=tcp] .chip')).toBe('failing');
    expect(await console.textOf('[data-sink=stdout] .chip')).toBe('accepting');
    expect(await console.textOf('.step.stuck h2')).toBe('Delivered');
    expect(await console.violations()).toEqual([]);
    await picture(console, scene, 'outage');
    const server = createServer((socket) => socket.resume()).listen(port, '127.0.0.1');
    await console.until('the end of the outage', async () => (await console.textOf('#verdict')).includes('Working'));
    await console.until(
      'that tcp takes lines',
      async () => (await console.textOf('[data-sink=tcp] .chip')) === 'accepting',
    );
    expect(await console.textOf('[data-sink=tcp]')).toContain('Last error, over');
    const { streams } = (await scene.state()).ledger.sinks.tcp!;
    const { read } = streams.stdout!;
    await console.until(
      'that all is delivered',
      async () => (await console.numbersOf('[data-row="tcp stdout"]'))[1] === read,
    );
    expect(await console.numbersOf('[data-row="tcp stdout"]')).toEqual([read, read, 0, 0, 0, 0]);
    await scene.end();
    await console.until('that the shipper is gone', async () =>
      (await console.textOf('#verdict')).includes('does not answer'),
    );
    expect(await console.numbersOf('[data-row="tcp stdout"]')).toEqual([read, read, 0, 0, 0, 0]);
    await console.close();
    server.close();
  });

  test('lost lines are never called a success', async () => {
    const scene = await openScene({ LOGTAP_SINK: `module:${join(root, 'test', 'support', 'refusing-sink.mjs')}` });
    const console = await ConsolePage.open(scene.port);
    await scene.write('one', 'two');
    await console.until('the loss', async () => (await console.textOf('#verdict')).includes('Lines are lost'));
    await console.until('both lines', async () => (await console.textOf('.verdict')).includes('2 dropped (too_old)'));
    expect(await console.textOf('.verdict')).toMatch(/What to do.*set LOGTAP_DEAD_LETTER_FILE/);
    expect(await console.textOf('[data-step=lost]')).toContain('2 lines');
    await console.close();
    await scene.end();
  });

  test('10,000 lines per second: the page stays quick, and says how many it leaves out', async () => {
    const scene = await openScene();
    const console = await ConsolePage.open(scene.port);
    await console.evaluate(FRAMES);
    const line = 'INFO order 4711 of customer 42 accepted, total 19.90 EUR, shipped by tomorrow at noon\n';
    const writer = startWriter(scene.env, line.repeat(1000));
    await console.until('lines that are left out', async () => (await console.textOf('.counts')).includes('not shown'));
    // Of each second its longest frame. A page that cannot keep up has no second without a long one; a busy machine has one.
    await console.until('a second of quick frames', async () =>
      (await console.evaluate<number[]>('worstFrames')).some((ms) => ms < 250),
    );
    expect(await console.evaluate('document.querySelectorAll(".tail li").length')).toBeLessThanOrEqual(500);
    await console.page.click('button[name=pause]');
    await console.until('the pause', async () => (await console.textOf('.counts')).includes('Paused'));
    writer.child.kill('SIGKILL');
    await until('all is delivered', async () => (await scene.state()).held === 0);
    expect((await scene.state()).losses).toEqual([]);
    await console.close();
    await scene.end();
  });

  test.each(['light', 'dark'] as const)('accessible in %s: rules, keyboard, phone', async (scheme) => {
    const scene = await openScene();
    const console = await ConsolePage.open(scene.port);
    await console.scheme(scheme);
    await scene.write('INFO order accepted', 'WARN stock is low', 'ERROR payment refused');
    await console.until('the lines', async () => (await console.messages()).length === 3);
    expect(await console.violations()).toEqual([]);
    await picture(console, scene, scheme);
    await console.page.setViewport({ width: 390, height: 844 });
    expect(await console.violations()).toEqual([]);
    expect(await console.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await picture(console, scene, `phone-${scheme}`);
    const reached: string[] = [];
    for (let n = 0; n < 9; n++) {
      await console.page.keyboard.press('Tab');
      reached.push(
        await console.evaluate(
          '(document.activeElement.name || document.activeElement.ariaLabel || document.activeElement.textContent).trim()',
        ),
      );
    }
    expect(reached.slice(0, 7)).toEqual([
      ...['Skip to live lines', 'Skip to the ledger'],
      ...['match', 'level', 'pause', 'clear', 'Lines as they go to the sinks'],
    ]);
    await console.close();
    await scene.end();
  });
});

test('logtap run --console prints the address of its page, which shows a program that goes on', async () => {
  const shop = join(root, 'examples', 'programs', 'shop.sh');
  const running = start(process.execPath, [logtap, 'run', '--suppress', '--console', '--', 'sh', shop]);
  const address = () => /console at (http:\/\/127\.0\.0\.1:\d+\/)\n/.exec(running.stderr())?.[1];
  await until('the address is printed', () => address() !== undefined);
  expect(await (await fetch(address()!)).text()).toContain('<title>logtap</title>');
  const state = async () => (await (await fetch(`${address()}status`)).json()) as State;
  await until('lines are delivered', async () => (await state()).sinks[0]!.delivered.records > 3);
  running.child.kill('SIGTERM');
  expect((await running.ended).code).toBe(143);
});

/** In the page: the longest frame of each second. */
const FRAMES = `
  var worstFrames = [];
  let [before, began, worst] = [performance.now(), performance.now(), 0];
  requestAnimationFrame(function frame(now) {
    worst = Math.max(worst, now - before);
    before = now;
    if (now - began > 1000) {
      worstFrames.push(worst);
      [began, worst] = [now, 0];
    }
    requestAnimationFrame(frame);
  });
`;
