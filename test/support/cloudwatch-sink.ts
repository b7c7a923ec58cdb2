/** The CloudWatch Logs sink before the referee of the documented limits, one of each for every test of a file. */
import type { SendResult, Sink } from '../../src/shipper/parts.js';
import { Secrets } from '../../src/shipper/secrets.js';
import { type Environment, parseSettings } from '../../src/shipper/settings.js';
import { type CloudWatchSettings, openCloudWatch } from '../../src/shipper/sinks/cloudwatch/index.js';
import { batchOf, messagesOf, type PlainRecord } from './batches.js';
import { CloudWatchFake } from './cloudwatch-fake.js';
import { AWS_ENV } from './sinks-read-back.js';

export const [GROUP, STREAM] = ['/test/app', 'a/b'];
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const delivered = { retry: [], rejected: [] };
const never = new AbortController().signal;

export class CloudWatchBench {
  fake!: CloudWatchFake;
  sink!: Sink;
  notices: string[] = [];
  /** Messages that were resent although they may be stored. */
  repeated: string[] = [];
  /** Bytes of accepted requests, one by one. */
  billed: number[] = [];
  readonly #sinks: Sink[] = [];

  async begin(): Promise<void> {
    this.fake = await CloudWatchFake.start();
    this.fake.make(GROUP, STREAM);
    this.notices = [];
    this.repeated = [];
    this.billed = [];
    // The AWS client has credentials from the environment of the process, and nowhere else.
    Object.assign(process.env, AWS_ENV);
  }

  async end(): Promise<void> {
    for (const sink of this.#sinks.splice(0)) await sink.close();
    this.fake.close();
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  }

  open(env: Environment = {}): Sink {
    const settings = parseSettings(
      {
        LOGTAP_SINK: 'cloudwatch',
        LOGTAP_CLOUDWATCH_LOG_GROUP: GROUP,
        LOGTAP_CLOUDWATCH_LOG_STREAM: STREAM,
        AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: this.fake.url,
        AWS_REGION: AWS_ENV.AWS_REGION,
        ...env,
      },
      () => {},
    );
    const onNotice = (message: string) => this.notices.push(message);
    this.sink = openCloudWatch({
      settings: settings as CloudWatchSettings,
      secrets: new Secrets(),
      onRequest: () => {},
      onNotice,
      onBilled: (bytes) => this.billed.push(bytes),
      onPossibleDuplicates: (records) => this.repeated.push(...messagesOf(records)),
    });
    this.#sinks.push(this.sink);
    return this.sink;
  }

  /** Texts are of now. */
  send(records: readonly (PlainRecord | string)[], signal = never): Promise<SendResult> {
    const timeMs = Date.now();
    const dated = records.map((record) => (typeof record === 'string' ? { message: record, timeMs } : record));
    return this.sink.send(batchOf(dated), signal);
  }

  stored(): string[] {
    return this.fake.events(GROUP, STREAM).map(({ message }) => message);
  }
}
