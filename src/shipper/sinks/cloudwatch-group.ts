/** Makes the log stream, and its group where that is allowed, with the official client. Never on the hot path. */
import {
  CloudWatchLogsClient,
  type CloudWatchLogsClientConfig,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  type LogGroupClass,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { messageOf, NoAnswerError } from '../errors.js';

export interface LogGroupOptions {
  readonly logGroup: string;
  readonly logStream: string;
  readonly createGroup: boolean;
  /** What a group is made with; an existing one keeps what it has. */
  readonly retentionDays: number | undefined;
  readonly groupClass: string | undefined;
  readonly kmsKeyArn: string | undefined;
  readonly tags: Readonly<Record<string, string>> | undefined;
}

export interface CreateOptions extends LogGroupOptions {
  readonly region: string;
  readonly url: URL;
  readonly credentials: NonNullable<CloudWatchLogsClientConfig['credentials']>;
  readonly systemClockOffset: number;
  readonly onNotice: (message: string) => void;
}

/** Throws a NoAnswerError saying why it could not. */
export async function createLogStream(options: CreateOptions, signal: AbortSignal): Promise<void> {
  const { region, url, credentials, systemClockOffset, logGroup, logStream, createGroup } = options;
  // Whoever calls repeats: one call of the service for each of ours.
  const client = new CloudWatchLogsClient({
    region,
    endpoint: url.href,
    credentials,
    maxAttempts: 1,
    systemClockOffset,
  });
  const names = { logGroupName: logGroup, logStreamName: logStream };
  const at = `${logGroup} at ${url.origin}`;
  /** Whether the group is there. */
  const createStream = () =>
    attempt(`CreateLogStream in ${at}`, () => client.send(new CreateLogStreamCommand(names), { abortSignal: signal }));
  try {
    if (await createStream()) return;
    if (!createGroup) {
      const detail = `the log group ${at} does not exist: make it, or set LOGTAP_CLOUDWATCH_CREATE_GROUP=true`;
      throw new NoAnswerError({ code: 'ResourceNotFoundException', detail });
    }
    await createLogGroup(client, options, at, signal);
    if (!(await createStream())) {
      const detail = `the log group ${at} was made but is not there yet`;
      throw new NoAnswerError({ code: 'ResourceNotFoundException', detail });
    }
  } finally {
    client.destroy();
  }
}

async function createLogGroup(
  client: CloudWatchLogsClient,
  { logGroup, groupClass, kmsKeyArn, tags, retentionDays, onNotice }: CreateOptions,
  at: string,
  abortSignal: AbortSignal,
): Promise<void> {
  const group = new CreateLogGroupCommand({
    logGroupName: logGroup,
    ...(groupClass !== undefined && { logGroupClass: groupClass as LogGroupClass }),
    ...(kmsKeyArn !== undefined && { kmsKeyId: kmsKeyArn }),
    ...(tags !== undefined && { tags: { ...tags } }),
  });
  await attempt(`CreateLogGroup ${at}`, () => client.send(group, { abortSignal }));
  if (retentionDays === undefined) return;
  const retention = new PutRetentionPolicyCommand({ logGroupName: logGroup, retentionInDays: retentionDays });
  try {
    await client.send(retention, { abortSignal });
  } catch (error) {
    // Logs come first; without it they are only kept for longer.
    onNotice(`PutRetentionPolicy ${at}: ${(error as Error).name}: ${messageOf(error)}: logs are kept for ever`);
  }
}

/** False where the group is missing. */
async function attempt(operation: string, send: () => Promise<unknown>): Promise<boolean> {
  try {
    await send();
    return true;
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown';
    if (name === 'ResourceAlreadyExistsException') return true;
    if (name === 'ResourceNotFoundException') return false;
    throw new NoAnswerError({ code: name, detail: `${operation}: ${name}: ${messageOf(error)}` }, { cause: error });
  }
}
