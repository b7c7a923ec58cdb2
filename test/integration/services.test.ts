/** The services that other tests rely on: that they are real, survive a kill, and are never left behind. */
import { readdirSync } from 'node:fs';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { startCloudWatch } from '../../scripts/cloudwatch.js';
import { startOpenSearch } from '../../scripts/opensearch.js';
import { describeWith } from '../support/capability.js';
import { root, run, temporaryDirectory, until } from '../support/run.js';
import { AWS_ENV, countInOpenSearch, readCloudWatch } from '../support/sinks-read-back.js';

/** Starts a service in a process of its own that dies without stopping it. */
async function abandon(script: string, start: string): Promise<{ pid: number; directory: string }> {
  const code = `require('${root}/scripts/${script}').${start}().then((s) => { console.log(s.pid()); process.kill(process.pid, 'SIGKILL'); });`;
  const directory = temporaryDirectory();
  const { stdout } = await run(process.execPath, ['-e', code], { env: { TMPDIR: directory } });
  return { pid: Number(stdout), directory };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describeWith(['opensearch'], 'OpenSearch for tests', () => {
  test('keeps an acknowledged document over kill -9 and restart, on the same port', async () => {
    const service = await startOpenSearch();
    try {
      const before = service.pid();
      const put = await fetch(`${service.url}/kept/_create/1`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: '{"body":"x"}',
      });
      expect(put.status).toBe(201);
      await service.kill();
      await expect(fetch(service.url)).rejects.toThrow();
      await service.restart();
      expect(service.pid()).not.toBe(before);
      expect(await countInOpenSearch(service.url, 'kept')).toBe(1);
    } finally {
      await service.stop();
    }
    expect(isAlive(service.pid())).toBe(false);
  });

  test('takes settings of its own', async () => {
    const service = await startOpenSearch({ settings: { 'cluster.name': 'given' } });
    try {
      expect(await (await fetch(service.url)).json()).toMatchObject({ cluster_name: 'given' });
    } finally {
      await service.stop();
    }
  });

  test('says what it printed when it cannot start', async () => {
    await expect(startOpenSearch({ settings: { 'no.such.setting': '1' } })).rejects.toThrow(/no\.such\.setting/);
  });

  test('does not outlive the process that started it', async () => {
    const { pid, directory } = await abandon('opensearch.js', 'startOpenSearch');
    expect(pid).toBeGreaterThan(0);
    await until('the node has ended', () => !isAlive(pid));
    expect(readdirSync(directory)).toEqual([]);
  });
});

describeWith(['cloudwatch'], 'the CloudWatch Logs emulator', () => {
  test('stores events and gives them back, also after a restart that empties it', async () => {
    const service = await startCloudWatch();
    const client = new CloudWatchLogsClient({
      endpoint: service.url,
      region: AWS_ENV.AWS_REGION,
      credentials: { accessKeyId: AWS_ENV.AWS_ACCESS_KEY_ID, secretAccessKey: AWS_ENV.AWS_SECRET_ACCESS_KEY },
    });
    const names = { logGroupName: '/g', logStreamName: 's' };
    const store = async (message: string) => {
      await client.send(new CreateLogGroupCommand(names));
      await client.send(new CreateLogStreamCommand(names));
      await client.send(new PutLogEventsCommand({ ...names, logEvents: [{ timestamp: Date.now(), message }] }));
    };
    try {
      await store('first');
      expect(await readCloudWatch(service.url, '/g', 's')).toEqual(['first']);
      await service.kill();
      await service.restart();
      await store('second');
      expect(await readCloudWatch(service.url, '/g', 's')).toEqual(['second']);
    } finally {
      client.destroy();
      await service.stop();
    }
  });

  test('does not outlive the process that started it', async () => {
    const { pid, directory } = await abandon('cloudwatch.js', 'startCloudWatch');
    expect(pid).toBeGreaterThan(0);
    await until('the server has ended', () => !isAlive(pid));
    expect(readdirSync(directory)).toEqual([]);
  });
});
