/** CloudWatch Logs: settings to a sink. */
import type { CLOUDWATCH_SETTINGS } from '../../../catalog/sinks/cloudwatch.js';
import { cloudWatchLogsHost } from '../../../catalog/values/service-names.js';
import type { Sink } from '../../parts.js';
import { BilledBytes } from '../aws/billed.js';
import { roleToAssume } from '../aws/role.js';
import { Network } from '../http/network.js';
import type { SettingsOf, SinkContext } from '../sink-context.js';
import { SentNote } from '../unsettled/sent-note.js';
import { createCloudWatchApi } from './api.js';
import { type Entity, PutEncoder } from './events.js';
import { EventFormat } from './format.js';
import { LostAnswers } from './lost-answers.js';
import { CloudWatchSink } from './sink.js';
import { LogStreams } from './streams.js';

export type CloudWatchSettings = SettingsOf<keyof typeof CLOUDWATCH_SETTINGS, 'cloudwatchLogGroup' | 'awsRegion'>;

/** Throws a ConfigError where names or files that settings name cannot be used. */
export function openCloudWatch(context: SinkContext<CloudWatchSettings>): Sink {
  const {
    settings,
    secrets,
    onRequest,
    onNotice,
    onPossibleDuplicates = () => {},
    isContinued,
    replacedTimes,
    notesDirectory: directory,
    name: sink = 'cloudwatch',
    audit,
  } = context;
  const logGroup = settings.cloudwatchLogGroup;
  const region = settings.awsRegion;
  const { awsUseFips: isFips, awsUseDualstack: isDualstack } = settings;
  const streams = new LogStreams(settings.cloudwatchLogStream, settings);
  const api = createCloudWatchApi({
    region,
    endpoint: settings.cloudwatchEndpoint ?? new URL(`https://${cloudWatchLogsHost(region, { isFips, isDualstack })}`),
    network: new Network(settings, secrets),
    role: roleToAssume(settings.cloudwatchRoleArn, settings.cloudwatchExternalId, settings),
    gzip: settings.cloudwatchGzip,
    group: {
      logGroup,
      createGroup: settings.cloudwatchCreateGroup,
      retentionDays: settings.cloudwatchRetentionDays,
      groupClass: settings.cloudwatchGroupClass,
      kmsKeyArn: settings.cloudwatchKmsKeyArn,
      tags: settings.cloudwatchTags,
    },
    onRequest,
    onNotice,
  });
  const lost = new LostAnswers({
    ...{ api, isShared: !streams.isOwn, onPossibleDuplicates, onNotice },
    now: () => performance.now(),
    previousUntilMs: isContinued ? Date.now() : undefined,
    replacedTimes,
    note: directory === undefined ? undefined : new SentNote({ directory, sink, isContinued: isContinued === true }),
  });
  const encoder = new PutEncoder(logGroup, entityOf(settings));
  const billed = BilledBytes.of(context, settings.cloudwatchExpectedBytesPerDay);
  return new CloudWatchSink(api, streams, encoder, lost, onNotice, new EventFormat(settings), audit, billed);
}

/** Whose logs these are, for "Explore related"; a service without a name has none. */
function entityOf({ cloudwatchService, cloudwatchEnvironment }: CloudWatchSettings): Entity | undefined {
  if (cloudwatchService === undefined) return undefined;
  const environment = cloudwatchEnvironment === undefined ? {} : { Environment: cloudwatchEnvironment };
  return { keyAttributes: { Type: 'Service', Name: cloudwatchService, ...environment } };
}
