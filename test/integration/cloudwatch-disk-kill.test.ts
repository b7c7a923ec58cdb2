/** A disk buffer, moto, and a shipper that is killed with a request on its way: each line is stored once, or counted. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type CloudWatchServer, startCloudWatch } from '../../scripts/cloudwatch.js';
import { freePort } from '../../scripts/free-port.js';
import { LIBRARY_ENV } from '../../src/contract.js';
import { describeWith } from '../support/capability.js';
import { type Exchange, type Front, startFront } from '../support/opensearch-front.js';
import { logtap, run, start, until } from '../support/run.js';
import { AWS_ENV, readCloudWatch } from '../support/sinks-read-back.js';
import { drain, type Shipper, startShipper, tapEnvironment } from '../support/tapped.js';

jest.setTimeout(600_000);
const PATIENCE_MS = 240_000;

const LINES = 50;
/** Slowly, so that times differ. */
const WRITER = `
import sys, time
for i in range(${LINES}):
    print(f"{sys.argv[1]} {i:03d}", flush=True)
    time.sleep(0.002)
`;

import { EMPTY } from '../support/empty.js';

const linesOf = (name: string) => Array.from({ length: LINES }, (_, i) => `${name} ${String(i).padStart(3, '0')}`);
/** Whether none of its threads runs. */
function isStopped({ child: { pid } }: Shipper): boolean {
  const threads = readdirSync(`/proc/${pid}/task`);
  const stateOf = (id: string) => /\) (\w)/.exec(readFileSync(`/proc/${pid}/task/${id}/stat`, 'latin1'))?.[1];
  return threads.every((id) => stateOf(id) === 'T');
}

const DENIED = '{"__type":"AccessDeniedException","message":"not authorized to perform logs:GetLogEvents"}';

describeWith(['cloudwatch'], 'a shipper with a disk buffer is killed', () => {
  let cloud: CloudWatchServer;
  let front: Front;
  let directory: string;
  let port: number;
  let deniesReading = false;
  /** What happens to the next request that has lines of the second writer. */
  let fault: ((exchange: Exchange) => Promise<void>) | undefined;

  beforeAll(async () => {
    cloud = await startCloudWatch();
    front = await startFront(cloud.url, async (exchange) => {
      const { headers, body, response } = exchange;
      const operation = String(headers['x-amz-target']).split('.')[1];
      if (operation === 'GetLogEvents' && deniesReading) {
        response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' }).end(DENIED);
      } else if (operation === 'PutLogEvents' && body.includes('second 0')) {
        const happens = fault;
        fault = undefined;
        await happens?.(exchange);
      }
    });
  });
  afterAll(async () => {
    await front?.stop();
    await cloud?.stop();
  });
  beforeEach(async () => {
    directory = mkdtempSync('/dev/shm/logtap-disk-kill-');
    port = await freePort();
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const ship = (group: string, transport: string) =>
    startShipper({
      ...AWS_ENV,
      LOGTAP_SINK: 'cloudwatch',
      LOGTAP_SOCKET: join(directory, 'tap.sock'),
      LOGTAP_SPOOL_DIR: join(directory, 'spool'),
      ...(transport === 'ring' && { LOGTAP_RING_DIR: join(directory, 'rings') }),
      LOGTAP_CLOUDWATCH_LOG_GROUP: group,
      AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: front.url,
      POD_NAMESPACE: 'test',
      POD_NAME: 'pod',
      LOGTAP_STATUS_PORT: String(port),
      LOGTAP_STATUS_HOST: '127.0.0.1',
      LOGTAP_GRACE_SECONDS: '60',
    });

  const write = async (name: string, transport: string) => {
    const target = transport === 'ring' ? `ring:${join(directory, 'rings')}` : `socket:${join(directory, 'tap.sock')}`;
    const env = {
      ...tapEnvironment('', { suppress: true }),
      [LIBRARY_ENV.TARGET.name]: target,
      [LIBRARY_ENV.ON_FULL.name]: 'block:60000',
    };
    expect(await start('python3', ['-c', WRITER, name], { env }).ended).toMatchObject({ code: 0, stdout: '' });
  };

  const stored = (group: string) => readCloudWatch(cloud.url, group, 'test/pod').catch(() => []);

  const held = async (): Promise<number> => {
    const answer = await fetch(`http://127.0.0.1:${port}/ledger`);
    return ((await answer.json()) as { sinks: { cloudwatch: { held: { records: number } } } }).sinks.cloudwatch.held
      .records;
  };

  /** Kills it when the service has stored lines of the second writer, and all of them are on disk. */
  async function killInRequest(group: string, transport: string): Promise<Shipper> {
    const killed = await ship(group, transport);
    await write('first', transport);
    // Makes the log stream: a request that is refused without one is none that is lost.
    await until('the first lines are stored', async () => (await stored(group)).length === LINES, PATIENCE_MS);
    await until('and acknowledged', async () => (await held()) === 0, PATIENCE_MS);
    let isStored = false;
    fault = async ({ forward }) => {
      await forward();
      isStored = true;
      await new Promise(() => {});
    };
    // It reads them at once, in one batch: few lines do not prove that an earlier shipper has sent them.
    killed.child.kill('SIGSTOP');
    await until('it is stopped', () => isStopped(killed), PATIENCE_MS);
    await write('second', transport);
    killed.child.kill('SIGCONT');
    await until(
      'the second lines are in a request and on disk',
      async () => isStored && (await held()) === LINES,
      PATIENCE_MS,
    );
    killed.child.kill('SIGKILL');
    await killed.ended;
    return ship(group, transport);
  }

  const lastLine = ({ stderr }: { stderr: string }) => JSON.parse(stderr.trim().split('\n').at(-1) ?? '');

  async function audit(group: string) {
    const ledger = join(directory, 'spool', 'audit.ndjson');
    const flags = ['--cloudwatch', group, '--ledger', ledger, '-o', 'json', '--quiet'];
    const env = { ...AWS_ENV, AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: cloud.url };
    const { code, stdout, stderr } = await run(process.execPath, [logtap, 'audit', ...flags], { env });
    return { code, stderr, ...(stdout !== '' && { answer: JSON.parse(stdout) }) };
  }

  test.each(['socket', 'ring'])('over a %s, and reads back: each line is stored once', async (transport) => {
    const group = `/disk-kill/${transport}`;
    deniesReading = false;
    const last = lastLine(await drain(await killInRequest(group, transport)));
    expect(await stored(group)).toEqual([...linesOf('first'), ...linesOf('second')]);
    expect(last).toMatchObject({ recovered: { cloudwatch: LINES }, dropped: EMPTY, balanced: true, held: 0 });
    expect(last).not.toHaveProperty('possibleDuplicates');
    expect(await audit(group)).toMatchObject({ code: 0, answer: { verdict: 'proven', unexplained: { records: 0 } } });
  });

  test('over a socket, and may not read back: what may be stored twice is counted', async () => {
    const group = '/disk-kill/denied';
    deniesReading = true;
    const last = lastLine(await drain(await killInRequest(group, 'socket')));
    const lines = await stored(group);
    const second = lines.filter((line) => line.startsWith('second'));
    expect([...new Set(second)].toSorted()).toEqual(linesOf('second'));
    expect(lines.slice(0, LINES)).toEqual(linesOf('first'));
    expect(second.length).toBeGreaterThan(LINES);
    expect(last).toMatchObject({ recovered: { cloudwatch: LINES }, dropped: EMPTY, balanced: true, held: 0 });
    expect(last.possibleDuplicates.cloudwatch).toBeGreaterThanOrEqual(second.length - LINES);
    const { code, answer } = await audit(group);
    expect({ code, answer }).toMatchObject({ code: 0, answer: { verdict: 'proven', unexplained: { records: 0 } } });
    // The killed shipper had noted its request before it left.
    expect(answer.explained.listed.map(({ kind }: { kind: string }) => kind)).toContain('in_flight');
  });
});
