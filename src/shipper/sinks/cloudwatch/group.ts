/** Makes the log stream, and its group where that is allowed, with the official client. Never on the hot path. */
import {
  CloudWatchLogsClient,
  type CloudWatchLogsClientConfig,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DescribeLogGroupsCommand,
  type LogGroupClass,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { CONFIGURATION_RETRY_MS } from '../../delivery/backoff.js';
import { messageOf, NoAnswerError } from '../../errors.js';
import { THROTTLING } from '../aws/error-names.js';
import { hintText } from '../hints.js';
import { THROTTLED_RETRY_MS } from './answer.js';

export interface LogGroupOptions {
  readonly logGroup: string;
  readonly createGroup: boolean;
  /** Properties of a new group. An existing one keeps its own. */
  readonly retentionDays: number | undefined;
  readonly groupClass: string | undefined;
  readonly kmsKeyArn: string | undefined;
  readonly tags: Readonly<Record<string, string>> | undefined;
}

export interface CreateOptions extends LogGroupOptions {
  readonly logStream: string;
  readonly region: string;
  readonly url: URL;
  readonly handler: NonNullable<CloudWatchLogsClientConfig['requestHandler']>;
  readonly credentials: NonNullable<CloudWatchLogsClientConfig['credentials']>;
  readonly systemClockOffset: number;
  readonly onNotice: (message: string) => void;
}

/** How a right, or a tag, is refused. */
const REFUSED: ReadonlySet<string> = new Set(['AccessDeniedException', 'InvalidParameterException']);

/** Throws a NoAnswerError saying why it could not. */
export async function createLogStream(options: CreateOptions, signal: AbortSignal): Promise<void> {
  const { region, url, handler, credentials, systemClockOffset, logGroup, logStream, createGroup } = options;
  // The caller repeats: one call of the service for each of ours.
  const client = new CloudWatchLogsClient({
    region,
    endpoint: url.href,
    credentials,
    requestHandler: handler,
    maxAttempts: 1,
    systemClockOffset,
  });
  const names = { logGroupName: logGroup, logStreamName: logStream };
  const at = `${logGroup} at ${url.origin}`;
  /** Whether the group is there. */
  const createStream = () =>
    attempt(`CreateLogStream in ${at}`, () => client.send(new CreateLogStreamCommand(names), { abortSignal: signal }));
  try {
    if (await createStream()) {
      await compareClass(client, options, at, signal);
      return;
    }
    if (!createGroup) {
      const detail = `the log group ${at} does not exist${hintText({ text: 'make it, or set LOGTAP_CLOUDWATCH_CREATE_GROUP=true', symptom: 'no-such-service' })}`;
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
  const create = (more: object) => {
    const group = new CreateLogGroupCommand({
      logGroupName: logGroup,
      ...(groupClass !== undefined && { logGroupClass: groupClass as LogGroupClass }),
      ...(kmsKeyArn !== undefined && { kmsKeyId: kmsKeyArn }),
      ...more,
    });
    return attempt(`CreateLogGroup ${at}`, () => client.send(group, { abortSignal }));
  };
  try {
    await create(tags === undefined ? {} : { tags: { ...tags } });
  } catch (error) {
    if (tags === undefined || !(error instanceof NoAnswerError) || !REFUSED.has(error.code)) throw error;
    await create({});
    // Logs come first: a group without them can be tagged later.
    onNotice(`${error.detail}: it was made without tags (do they need the right logs:TagResource?)`);
  }
  if (retentionDays === undefined) return;
  const retention = new PutRetentionPolicyCommand({ logGroupName: logGroup, retentionInDays: retentionDays });
  try {
    await client.send(retention, { abortSignal });
  } catch (error) {
    // Logs come first; without it they are only kept for longer.
    onNotice(`PutRetentionPolicy ${at}: ${describe(error)}: logs never expire`);
  }
}

/** The class of a group cannot be changed: one that was made with another is worth a word, as its bill and queries differ. */
async function compareClass(
  client: CloudWatchLogsClient,
  { logGroup, groupClass, onNotice }: CreateOptions,
  at: string,
  abortSignal: AbortSignal,
): Promise<void> {
  if (groupClass === undefined) return;
  try {
    const command = new DescribeLogGroupsCommand({ logGroupNamePrefix: logGroup });
    const { logGroups } = await client.send(command, { abortSignal });
    const present = logGroups?.find(({ logGroupName }) => logGroupName === logGroup)?.logGroupClass;
    if (present !== undefined && present !== groupClass) {
      onNotice(
        `the log group ${at} is of the class ${present}, not ${groupClass} as LOGTAP_CLOUDWATCH_GROUP_CLASS says: a class cannot be changed. Correct the setting, or make a new group.`,
      );
    }
  } catch {
    // Only for the notice; the right to describe groups is not required.
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
    throw new NoAnswerError(
      { code: name, detail: `${operation}: ${describe(error)}`, ...pause(name) },
      { cause: error },
    );
  }
}

/** Errors of the official client. */
interface ClientError {
  readonly name?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

function describe(error: unknown): string {
  const { name = 'unknown', $metadata: { httpStatusCode, requestId } = {} } = error as ClientError;
  const id = requestId === undefined ? '' : ` [request ${requestId}]`;
  return `${httpStatusCode === undefined ? '' : `${httpStatusCode} `}${name}: ${messageOf(error)}${id}`;
}

function pause(name: string): { readonly retryAfterMs?: number } {
  if (THROTTLING.has(name)) return { retryAfterMs: THROTTLED_RETRY_MS };
  return name === 'AccessDeniedException' ? { retryAfterMs: CONFIGURATION_RETRY_MS } : {};
}
