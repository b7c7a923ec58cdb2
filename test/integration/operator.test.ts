/**
 * Logs do not arrive: for each fault, the words that an operator finds have its cause, its place and its remedy, and name the section of
 * docs/guides/runbook.md. The table of services is run against a real engine and the referee of CloudWatch Logs.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthority } from '../../scripts/certificates.js';
import { SYMPTOMS, type Symptom } from '../../src/catalog/runbook.js';
import { describeWith } from '../support/capability.js';
import { Workshop } from '../support/doctor.js';
import { type Scene, useStage } from '../support/fault-scene.js';
import type { Exchange } from '../support/opensearch-front.js';
import { answer, CLOUDWATCH, OPENSEARCH, type Row, type Told } from '../support/operator-faults.js';
import { logtap, run, temporaryDirectory, until } from '../support/run.js';
import { StsFake } from '../support/sts-fake.js';

// The engine starts within the first test.
jest.setTimeout(600_000);

function expectTold(text: string, { cause, place, remedy, symptom }: Told): void {
  expect(text).toMatch(cause);
  expect(text).toMatch(place);
  expect(text).toMatch(remedy);
  expect(text).toContain(`docs/guides/runbook.md#${symptom}`);
}

/** The messages of a log of JSON lines. A line that is not whole yet is none. */
const messagesOf = (log: string): string[] =>
  log
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line).message);

const stage = useStage();

/** Waits until a message of the shipper has this cause, and gives it. */
async function saidOf(scene: Scene, cause: RegExp): Promise<string> {
  let said: string | undefined;
  await until(
    `the shipper says ${cause}: ${scene.shipper.stderr()}`,
    () => {
      said = messagesOf(scene.shipper.stderr()).find((message) => cause.test(message));
      return said !== undefined;
    },
    300_000,
  );
  return said ?? '';
}

/** In a scene with one line to deliver. */
async function inScene(row: Row): Promise<string> {
  const service = await stage.open(row.sink, 'ring', 'memory', { LOGTAP_GRACE_SECONDS: '3', ...row.settings });
  await row.happen?.(service);
  service.fault = row.fault;
  await stage.scene.ship();
  await stage.scene.write({ lines: 1 }).ended;
  return saidOf(stage.scene, row.cause);
}

describeWith(['opensearch'], 'OpenSearch', () => {
  test.each(OPENSEARCH)('$name', async (row) => expectTold(await inScene(row), row));

  test('a certificate of an authority that is not trusted', async () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'another-ca.crt');
    writeFileSync(file, createAuthority(directory).ca);
    const service = await stage.service('opensearch');
    const settings = { LOGTAP_OPENSEARCH_CA_FILE: file, LOGTAP_GRACE_SECONDS: '3' };
    const scene = stage.set(service, { transport: 'ring', holding: 'memory', route: 'TLS', settings });
    await scene.ship();
    await scene.write({ lines: 1 }).ended;
    expectTold(await saidOf(scene, /certificate/), {
      ...{ cause: /certificate/, place: /bulk request to https:\/\/[\w.]+:\d+/ },
      ...{ remedy: /not signed by an authority that is trusted here/, symptom: 'the-certificate-is-not-trusted' },
    });
  });

  test('slow: nothing fails, and the state shows what waits and for how long', async () => {
    const service = await stage.open('opensearch', 'ring', 'memory');
    let release = () => {};
    const held = new Promise<void>((settle) => {
      release = settle;
    });
    service.fault = ({ path }: Exchange) => (path.includes('_bulk') ? held : undefined);
    await stage.scene.ship();
    await stage.scene.write({ lines: 5 }).ended;
    const state = async () =>
      (await (await fetch(`http://127.0.0.1:${stage.scene.statusPort}/status`)).json()) as {
        held: number;
        oldestHeldSeconds: number;
        problems: string[];
        sinks: { failures: number }[];
      };
    await until('the lines wait', async () => {
      const { held: count, oldestHeldSeconds } = await state();
      return count === 5 && oldestHeldSeconds > 0;
    });
    expect(await state()).toMatchObject({ problems: [], sinks: [{ failures: 0 }] });
    release();
    service.fault = undefined;
    await until('none waits', async () => (await state()).held === 0);
  });
});

describe('CloudWatch Logs', () => {
  test.each(CLOUDWATCH)('$name', async (row) => expectTold(await inScene(row), row));

  test('a role of another account that does not trust the shipper', async () => {
    const sts = await StsFake.start();
    try {
      await stage.open('cloudwatch', 'ring', 'memory', {
        LOGTAP_GRACE_SECONDS: '3',
        LOGTAP_CLOUDWATCH_ROLE_ARN: 'arn:aws:iam::444455556666:role/logs',
        LOGTAP_CLOUDWATCH_EXTERNAL_ID: 'unknown',
        AWS_ENDPOINT_URL_STS: sts.url,
      });
      await stage.scene.ship();
      await stage.scene.write({ lines: 1 }).ended;
      expectTold(await saidOf(stage.scene, /is not assumed/), {
        ...{ cause: /not assumed with the credentials of AWS_ACCESS_KEY_ID: AccessDenied/, place: /role\/logs/ },
        ...{ remedy: /its trust policy has to grant both to them/, symptom: 'the-role-is-not-assumed' },
      });
    } finally {
      sts.close();
    }
  });

  test('no answer: said when the time for it is up', async () => {
    const service = await stage.open('cloudwatch', 'ring', 'memory', { LOGTAP_GRACE_SECONDS: '4' });
    await service.door.set('silent');
    await stage.scene.ship();
    await stage.scene.write({ lines: 1 }).ended;
    // A connection is silent from its first bytes on.
    await until('the service is asked', () => service.door.hits > 0);
    stage.scene.shipper.child.kill('SIGTERM');
    expectTold(await saidOf(stage.scene, /no answer within/), {
      ...{ cause: /no answer within \d+ ms/, place: /PutLogEvents to http:\/\/127\.0\.0\.1:\d+/ },
      ...{ remedy: /does a network policy or firewall drop packets/, symptom: 'the-service-does-not-answer' },
    });
  });

  test('every event is refused: the last line of the shipper, too, is about the loss', async () => {
    const service = await stage.open('cloudwatch', 'ring', 'memory', { LOGTAP_GRACE_SECONDS: '20' });
    const isTooOld = { rejectedLogEventsInfo: { tooOldLogEventEndIndex: 1 } };
    service.fault = (exchange) =>
      String(exchange.headers['x-amz-target']).endsWith('PutLogEvents')
        ? answer(200, JSON.stringify(isTooOld))(exchange)
        : undefined;
    await stage.scene.ship();
    await stage.scene.write({ lines: 1 }).ended;
    await saidOf(stage.scene, /the sink permanently refuses them/);
    await stage.scene.end();
    const last = messagesOf(stage.scene.shipper.stderr()).at(-1) ?? '';
    expectTold(last, {
      ...{ cause: /1 dropped \(too_old\)/, place: /cloudwatch: / },
      ...{ remedy: /set LOGTAP_DEAD_LETTER_FILE to keep such records/, symptom: 'every-record-is-refused' },
    });
  });

  test('the buffer was full: the last line of the shipper names the policy and what may be raised', async () => {
    const service = await stage.open('cloudwatch', 'socket', 'memory', {
      ...{ LOGTAP_GRACE_SECONDS: '20', LOGTAP_MEMORY_MAX_BYTES: '1048576', LOGTAP_ON_FULL: 'drop-oldest' },
    });
    service.fault = ({ cut }) => cut();
    await stage.scene.ship();
    // A writer that waits for the shipper: when it ends, at most the last ones are not read yet.
    await stage.scene.write({ lines: 40_000, onFull: 'block:120000' }).ended;
    service.fault = undefined;
    await stage.scene.end();
    const last = messagesOf(stage.scene.shipper.stderr()).at(-1) ?? '';
    expectTold(last, {
      ...{ cause: /\d+ dropped \(full_drop_oldest\)/, place: /hold: |cloudwatch: / },
      ...{ remedy: /LOGTAP_MEMORY_MAX_BYTES|LOGTAP_SPOOL_DIR/, symptom: 'the-buffer-is-full' },
    });
  });

  test('the shipper was killed while a sink failed, with lines from a socket', async () => {
    const service = await stage.open('cloudwatch', 'socket', 'memory', { LOGTAP_GRACE_SECONDS: '20' });
    service.fault = ({ cut }) => cut();
    await stage.scene.ship();
    await stage.scene.write({ lines: 3 }).ended;
    await stage.scene.untilAllRead();
    await stage.scene.kill();
    service.fault = undefined;
    await stage.scene.ship();
    await stage.scene.end();
    const last = messagesOf(stage.scene.shipper.stderr()).at(-1) ?? '';
    expectTold(last, {
      ...{ cause: /3 dropped \(shipper_killed\)/, place: /application: |hold: |cloudwatch: / },
      ...{ remedy: /set LOGTAP_SPOOL_DIR to keep records on disk/, symptom: 'the-shipper-was-killed' },
    });
  });
});

describe('a shipper that cannot work', () => {
  const directory = () => {
    const path = join(temporaryDirectory(), 'file');
    writeFileSync(path, '');
    return path;
  };
  test.each<[string, string, (file: string) => string, Symptom]>([
    ['socket', 'LOGTAP_SOCKET', (file) => join(file, 'logtap.sock'), 'the-shipper-does-not-start'],
    ['ring', 'LOGTAP_RING_DIR', (file) => join(file, 'rings'), 'the-shipper-does-not-start'],
    ['spool', 'LOGTAP_SPOOL_DIR', (file) => join(file, 'spool'), 'the-spool-is-full'],
  ])('%s: its path lies below a file', async (_, name, below, symptom) => {
    const env = { LOGTAP_SINK: 'stdout', LOGTAP_STATUS_PORT: 'off', LOGTAP_SOCKET: join(temporaryDirectory(), 's') };
    const path = below(directory());
    const { code, stderr } = await run(process.execPath, [logtap, 'ship'], { env: { ...env, [name]: path } });
    expect(code).toBe(78);
    expectTold(messagesOf(stderr).join('\n'), {
      ...{
        cause: /ENOTDIR|EEXIST/,
        place: new RegExp(`${name}.*${path}|${path}`),
        remedy: /choose another path|Mount a writable directory/,
      },
      symptom,
    });
  });
});

describeWith(['root'], 'a full spool', () => {
  let volume: string;
  beforeEach(() => {
    volume = mkdtempSync('/tmp/lt-full-');
    mkdirSync(join(volume, 'spool'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', join(volume, 'spool')]);
  });
  afterEach(() => {
    execFileSync('umount', ['--lazy', join(volume, 'spool')]);
    rmSync(volume, { recursive: true, force: true });
  });

  test('ENOSPC, with the path', async () => {
    const service = await stage.service('cloudwatch');
    const scene = stage.set(service, { transport: 'ring', holding: 'disk', spool: join(volume, 'spool') });
    service.fault = ({ cut }) => cut();
    await scene.ship();
    await scene.write({ lines: 2000 }).ended;
    expectTold(await saidOf(scene, /ENOSPC/), {
      ...{ cause: /ENOSPC/, place: /disk buffer|spool/, remedy: /see docs/, symptom: 'the-spool-is-full' },
    });
  });
});

test('a static program: said before it runs', async () => {
  const workshop = new Workshop();
  const { stdout } = await workshop.run([workshop.compile('static', 'gcc', '-static')]);
  expect(stdout).toMatch(/^blocks the tap: statically linked/m);
  expect(stdout).toMatch(/^ {2}remedy: Link it dynamically\. Or: /m);
  expect(stdout).toContain('docs/guides/runbook.md#the-program-is-not-tapped');
});

test('the table has every symptom of a service', () => {
  const said = new Set<Symptom>([...OPENSEARCH, ...CLOUDWATCH].map(({ symptom }) => symptom));
  const elsewhere: readonly Symptom[] = [
    // test/integration/doctor-rings.test.ts
    ...(<const>['nothing-is-read', 'no-shipper-reads', 'the-ring-is-full', 'the-ring-is-damaged']),
    // Above, in tests of their own.
    ...(<const>['the-program-is-not-tapped', 'the-shipper-does-not-start', 'the-shipper-was-killed']),
    ...(<const>[
      'the-service-does-not-answer',
      'the-role-is-not-assumed',
      'the-spool-is-full',
      'the-certificate-is-not-trusted',
      'the-buffer-is-full',
    ]),
  ];
  expect(SYMPTOMS.filter((symptom) => !said.has(symptom) && !elsewhere.includes(symptom))).toEqual([]);
});
