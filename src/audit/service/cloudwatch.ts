/** Events of log streams of CloudWatch Logs, from the oldest on, with the official client and the shipper's own settings. */
import { CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { messageOf } from '../../shipper/errors.js';
import { withNames } from '../../shipper/labels/names.js';
import type { Secrets } from '../../shipper/secrets.js';
import { parseSettings } from '../../shipper/settings.js';
import { AwsCredentials } from '../../shipper/sinks/aws/credentials.js';
import { roleToAssume } from '../../shipper/sinks/aws/role.js';
import { Network } from '../../shipper/sinks/http/network.js';
import type { StoredEvent, Window } from './stored.js';
import { unreadableEvents } from './unreadable-events.js';

export interface CloudWatchAuditOptions {
  readonly group: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly secrets: Secrets;
}

export interface EventPage {
  readonly events: readonly StoredEvent[];
  /** Where the next page begins. */
  readonly token: string | undefined;
}

const MINUTE_MS = 60_000;
/** The service allows few requests per second and answers others with an error: the client then waits, and slows down. */
const ATTEMPTS = 12;

export class CloudWatchReader {
  readonly target: string;
  readonly #client: CloudWatchLogsClient;
  readonly #group: string;
  readonly #absent = new Set<string>();

  /** Throws a ConfigError when a setting is wrong. */
  constructor({ group, env, secrets }: CloudWatchAuditOptions) {
    // The package says which Node it needs; the advice of one of its parts is noise between findings.
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
    const given = { ...env, LOGTAP_SINK: 'cloudwatch', LOGTAP_CLOUDWATCH_LOG_GROUP: group };
    const settings = withNames(parseSettings(given, () => {}));
    const { cloudwatchEndpoint, awsRegion, awsUseFips, awsUseDualstack } = settings;
    const network = new Network(settings, secrets);
    const role = roleToAssume(settings.cloudwatchRoleArn, settings.cloudwatchExternalId, settings);
    this.#client = new CloudWatchLogsClient({
      ...(awsRegion !== undefined && { region: awsRegion }),
      ...(cloudwatchEndpoint === undefined
        ? { useFipsEndpoint: awsUseFips === true, useDualstackEndpoint: awsUseDualstack === true }
        : { endpoint: cloudwatchEndpoint.href }),
      requestHandler: network.awsHandler,
      ...(role !== undefined && {
        // The rules of the settings demand a region.
        credentials: new AwsCredentials({ region: awsRegion!, network, role }).provider,
      }),
      ...{ retryMode: 'adaptive', maxAttempts: ATTEMPTS },
    });
    // With its placeholders filled.
    this.#group = settings.cloudwatchLogGroup ?? group;
    this.target = this.#group;
  }

  /** Nothing where the stream, or its group, does not exist. Throws an UnreadableError when the service does not answer. */
  async *pages(stream: string, { from, to }: Window, token?: string): AsyncGenerator<EventPage> {
    for (let nextToken = token; ; ) {
      const page = await this.#page(stream, { from, to }, nextToken);
      if (page === undefined) return;
      const { events = [], nextForwardToken } = page;
      yield {
        events: events.map(({ timestamp = 0, message = '' }) => ({ timeMs: timestamp, message: Buffer.from(message) })),
        token: nextForwardToken,
      };
      // The end is reached when the token repeats; pages before it may be empty.
      if (nextForwardToken === undefined || nextForwardToken === nextToken) return;
      nextToken = nextForwardToken;
    }
  }

  /** What was looked for and does not exist, in the words of the service. */
  get absent(): readonly string[] {
    return [...this.#absent];
  }

  close(): void {
    this.#client.destroy();
  }

  async #page(logStreamName: string, { from, to }: Window, nextToken: string | undefined) {
    try {
      return await this.#client.send(
        new GetLogEventsCommand({
          ...{ logGroupName: this.#group, logStreamName, startFromHead: true },
          ...{ startTime: from * MINUTE_MS, endTime: to * MINUTE_MS },
          ...(nextToken !== undefined && { nextToken }),
        }),
      );
    } catch (error) {
      if ((error as Error).name === 'ResourceNotFoundException') {
        const words = messageOf(error);
        // Its words do not name the group.
        this.#absent.add(
          /log group/i.test(words) ? `log group ${this.#group}: ${words}` : `${logStreamName}: ${words}`,
        );
        return undefined;
      }
      throw unreadableEvents(error, `GetLogEvents of ${this.#group}`);
    }
  }
}
